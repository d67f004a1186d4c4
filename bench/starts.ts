import type { Peer } from "./peers.ts";
import { startServer } from "./process.ts";
import { median } from "./ratios.ts";

/** Milliseconds from a start to the first 200. */
export interface Start {
  readonly cold: number;
  /** With what Node has compiled the time before. */
  readonly warm: number;
}

/** Starts each peer several times, by turns, and takes the medians. */
export async function measureStarts(
  peers: readonly Peer[],
  times: number,
): Promise<Record<string, Start>> {
  const found = peers.map((peer) => ({ peer, cold: [] as number[], warm: [] as number[] }));
  // The first start writes the cache.
  for (const peer of peers) await timeOf(peer, true);
  for (let time = 0; time < times; time++) {
    for (const { peer, cold, warm } of found) {
      cold.push(await timeOf(peer, false));
      warm.push(await timeOf(peer, true));
    }
  }
  return Object.fromEntries(
    found.map(({ peer, cold, warm }) => [peer.name, { cold: median(cold), warm: median(warm) }]),
  );
}

async function timeOf(peer: Peer, compileCache: boolean): Promise<number> {
  const server = await startServer(peer, { compileCache });
  await server.stop();
  return server.started;
}
