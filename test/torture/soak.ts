import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuOf, memoryOf } from "../../bench/proc.ts";
import { type Course, courseOf, type Sample } from "./flatness.ts";
import { Load } from "./load.ts";
import { compare, describe, measure } from "./measuring.ts";
import { steady } from "./steady-load.ts";
import type { Measure } from "./swap-orders.ts";
import { makeApp, Tortured } from "./tortured.ts";
import { Workloads } from "./workloads.ts";

export interface SoakOptions {
  readonly seconds: number;
  /** Seconds from one look at the memory to the next. */
  readonly every: number;
  /** That ask for short answers, each as fast as it is answered. */
  readonly connections: number;
  readonly log?: (line: string) => void;
}

export interface SoakReport {
  readonly requests: number;
  readonly failed: readonly string[];
  readonly samples: readonly Sample[];
  readonly heap: Course;
  readonly rss: Course;
  /** At rest, before and after. */
  readonly before: Measure;
  readonly after: Measure;
  /** What there is more of at the end than at the beginning. */
  readonly grown: readonly string[];
}

/** Part of the time that comes before, in which code is compiled and caches are filled; it does not count. */
const warming = 0.1;

/** Asks a server for all kinds of things as fast as it can answer, and looks at what it holds. */
export async function soak({
  seconds,
  every,
  connections,
  log = () => {},
}: SoakOptions): Promise<SoakReport> {
  await using app = await makeApp();
  const server = new Tortured(app.folder);
  const port = await server.ready;
  if (port === undefined) throw new Error(server.complaints.join("\n"));
  const workloads = new Workloads(port, connections);
  const others = new Load(
    port,
    steady.filter(({ name }) => name !== "JSON"),
  );
  const gone = server.gone.then((): never => {
    throw new Error(`The server has ended: ${server.complaints.slice(-5).join("\n")}`);
  });
  // It does so at the end as well, when nobody waits for it.
  gone.catch(() => {});
  const requests = () => workloads.requests + others.requests;
  const failed = () => [...workloads.failed, ...others.failed, ...others.mixed];
  const go = async (): Promise<void> => {
    others.go();
    await workloads.go();
  };
  const rest = async (): Promise<void> => {
    await Promise.all([workloads.rest(), others.rest()]);
  };
  try {
    await go();
    await sleep(seconds * 1000 * warming);
    await rest();
    const before = await measure(server);
    log(`Before: ${describe(before)}`);
    const samples: Sample[] = [];
    const { pid } = server.child;
    const begin = { requests: requests(), time: performance.now(), cpu: lookAt(pid!).cpu };
    await go();
    for (let look = 1; look * every <= seconds; look++) {
      await sleep(every * 1000);
      const { heap } = await Promise.race([server.measure(), gone]);
      const { rss, cpu } = lookAt(pid!);
      samples.push({ requests: requests() - begin.requests, heap, rss });
      const passed = (performance.now() - begin.time) / 1000;
      const busy = (cpu - begin.cpu) / passed;
      log(tell(samples.at(-1)!, passed, busy, failed().length));
    }
    await rest();
    const after = await measure(server, before);
    log(`After: ${describe(after)}`);
    const complaints = server.complaints.filter((line) => !line.includes("ExperimentalWarning"));
    return {
      requests: requests() - begin.requests,
      failed: [...failed(), ...complaints.map((line) => `logged: ${line.slice(0, 500)}`)],
      samples,
      heap: courseOf(samples, "heap"),
      rss: courseOf(samples, "rss"),
      before,
      after,
      grown: grownOf(samples, before, after),
    };
  } finally {
    await rest();
    await server.stop();
  }
}

function grownOf(samples: readonly Sample[], before: Measure, after: Measure): string[] {
  const memory = (["heap", "rss"] as const).flatMap((what) => {
    const { first, last, isFlat } = courseOf(samples, what);
    return isFlat ? [] : [`${what}: ${megabytes(first)} MB, then ${megabytes(last)} MB`];
  });
  return [...memory, ...compare(before, after)];
}

/** What the system says of a process: bytes, and seconds of CPU time; 0 where it says nothing. */
function lookAt(pid: number): { readonly rss: number; readonly cpu: number } {
  if (process.platform !== "linux") return { rss: 0, cpu: 0 };
  const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, "utf8");
  return { rss: memoryOf(read("status")) * 2 ** 20, cpu: cpuOf(read("stat")) / 1000 };
}

function tell(
  { requests, heap, rss }: Sample,
  seconds: number,
  busy: number,
  failed: number,
): string {
  const rate = Math.round(requests / seconds);
  return (
    `${Math.round(seconds)} s: ${requests} requests, ${rate} a second, ` +
    `server at ${Math.round(busy * 100)} % of a core, ${failed} failed, heap ${megabytes(heap)} MB, rss ${megabytes(rss)} MB`
  );
}

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
