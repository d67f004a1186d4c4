import { setTimeout as sleep } from "node:timers/promises";
import { check } from "./check.ts";
import type { Peer } from "./peers.ts";
import { type Server, startServer } from "./process.ts";

/** Servers that run at the same time, and do the same work. */
export interface Servers {
  readonly all: readonly Server[];
  /** Memory of each by name, before anybody has asked it anything but its first question; in MiB. */
  readonly idle: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** @throws where one of them does other work than the reference does */
export async function openServers(peers: readonly Peer[]): Promise<Servers> {
  const all: Server[] = [];
  for (const peer of peers) all.push(await startServer(peer));
  await sleep(500);
  const idle = memoryOf(all);
  const faults = await check(all);
  if (faults.length) throw new Error(`These do not the same work:\n${faults.join("\n")}`);
  console.error(`All ${all.length} do the same work`);
  return {
    all,
    idle,
    stop: async () => {
      await Promise.all(all.map((server) => server.stop()));
    },
  };
}

export function memoryOf(servers: readonly Server[]): Record<string, number> {
  return Object.fromEntries(servers.map((server) => [server.peer.name, server.memory()]));
}
