import { type Load, load } from "./load.ts";
import type { Server } from "./process.ts";
import type { Workload } from "./workloads.ts";

/** One server under load for a moment. */
export interface Slice extends Load {
  /** Milliseconds of CPU time. */
  readonly cpu: number;
}

/** The slices of each peer by name, one a round. */
export type Slices = Readonly<Record<string, readonly Slice[]>>;

export interface RoundsOptions {
  readonly rounds: number;
  /** Seconds that a server is asked at a time. */
  readonly slice: number;
  /** Seconds that each is asked before anything counts. */
  readonly warm: number;
}

/**
 * Asks the servers by turns: a machine that gets slower for a while does so for all of them, and what
 * counts is how a server does against others of its round.
 */
export async function measure(
  servers: readonly Server[],
  workload: Workload,
  { rounds, slice, warm }: RoundsOptions,
): Promise<Slices> {
  const slices: Record<string, Slice[]> = {};
  for (const server of servers) {
    slices[server.peer.name] = [];
    await takeSlice(server, workload, warm);
  }
  for (let round = 0; round < rounds; round++) {
    for (const server of shuffled(servers)) {
      slices[server.peer.name]!.push(await takeSlice(server, workload, slice));
    }
  }
  return slices;
}

async function takeSlice(server: Server, workload: Workload, seconds: number): Promise<Slice> {
  const before = server.cpu();
  try {
    const seen = await load(server.url, workload, seconds);
    return { ...seen, cpu: server.cpu() - before };
  } catch (cause) {
    throw new Error(`${server.peer.name} failed in ${workload.name}`, { cause });
  }
}

/** In another order each time, so that nobody always comes after the same one. */
function shuffled<T>(all: readonly T[]): T[] {
  const left = [...all];
  for (let end = left.length - 1; end > 0; end--) {
    const other = Math.floor(Math.random() * (end + 1));
    [left[end], left[other]] = [left[other]!, left[end]!];
  }
  return left;
}
