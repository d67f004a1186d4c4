import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bench, type Peer, root } from "../peers.ts";
import { type Server, type StartOptions, startServer } from "../process.ts";

export const node: string = join(root, "node_modules/.bin/node");
const files = {
  raw: "raw",
  fastify: "fastify",
  nexus: "nexus",
  "nexus-direct": "nexus",
} as const;

export type Name = keyof typeof files;
export const names = Object.keys(files) as readonly Name[];

/** A server of the scenarios, by the name of its peer. */
export interface Named extends Server {
  readonly name: Name;
}

/** Starts some, lets something be done with them, and ends them. */
export async function withServers<T>(
  asked: readonly Name[],
  env: Readonly<Record<string, string>>,
  work: (servers: readonly Named[]) => Promise<T>,
  options: StartOptions = {},
): Promise<T> {
  const servers: Named[] = [];
  try {
    for (const name of asked)
      servers.push({ name, ...(await startServer(peer(name, env), options)) });
    return await work(servers);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** One figure of each. */
export function byName(
  servers: readonly Named[],
  figure: (server: Named) => number,
): Record<string, number> {
  return Object.fromEntries(servers.map((server) => [server.name, figure(server)]));
}

/** A folder that is there as long as something is done with it. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "nexus-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function peerFile(name: string): string {
  return join(bench, "scenarios/peers", `${name}.ts`);
}

function peer(name: Name, env: Readonly<Record<string, string>>): Peer {
  const transport = name === "nexus-direct" ? "direct" : "stock";
  return {
    name,
    command: [node, peerFile(files[name])],
    env: { ...env, NEXUS_TRANSPORT: transport },
    packages: [],
  };
}
