import { type Load, load } from "../load.ts";
import type { Server } from "../process.ts";
import { median } from "../ratios.ts";
import type { Workload } from "../workloads.ts";
import type { Row } from "./scenario.ts";

/** The shortest answer. */
export const hello: Workload = {
  name: "hello",
  title: "hello",
  method: "GET",
  path: "/hello",
  headers: {},
};

export interface AskOptions {
  /** How often each is asked, besides a first time that does not count; default 5. */
  readonly times?: number;
  /** Seconds of each time; default 1. */
  readonly seconds?: number;
  /** Default 64. */
  readonly connections?: number;
}

/** What asking has found, of each server. */
export interface Answers {
  readonly rate: Row;
  /** CPU time of an answer. */
  readonly cpu: Row;
  readonly p99: Row;
}

/** Asks servers by turns. @returns the medians of each */
export async function ask(
  title: string,
  servers: readonly (Server & { readonly name: string })[],
  workload: Workload,
  { times = 5, seconds = 1, connections = 64 }: AskOptions = {},
): Promise<Answers> {
  const slices: Record<string, Slice[]> = {};
  for (let time = -1; time < times; time++)
    for (const server of servers) {
      const cpu = server.cpu();
      const seen = await load(server.url, workload, seconds, connections);
      const slice = { ...seen, cpu: server.cpu() - cpu };
      if (time >= 0) (slices[server.name] ??= []).push(slice);
    }
  const medians = (of: (slice: Slice) => number): Record<string, number> =>
    Object.fromEntries(Object.entries(slices).map(([name, own]) => [name, median(own.map(of))]));
  return {
    rate: {
      name: title,
      unit: "req/s",
      better: "more",
      values: medians(({ perSecond }) => perSecond),
    },
    cpu: {
      name: `${title}, each`,
      unit: "CPU µs",
      better: "less",
      values: medians(({ cpu, requests }) => (cpu * 1000) / requests),
    },
    p99: { name: `${title}, p99`, unit: "ms", better: "less", values: medians(({ p99 }) => p99) },
  };
}

interface Slice extends Load {
  /** Milliseconds. */
  readonly cpu: number;
}
