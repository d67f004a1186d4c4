import { existsSync } from "node:fs";
import { join } from "node:path";

/** A server that can be measured. */
export interface Peer {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The packages whose versions say what it is. */
  readonly packages: readonly string[];
}

export const bench: string = import.meta.dirname;
export const root: string = join(bench, "..");
const node = join(root, "node_modules/.bin/node");
const python = "/usr/bin/python3";

/** All of them; `raw` is what they are compared with. */
export const peers: readonly Peer[] = [
  onNode("raw", "raw", []),
  nexus("nexus"),
  nexus("nexus-bare", { BENCH_BARE: "1" }),
  nexus("nexus-direct", { NEXUS_TRANSPORT: "direct" }),
  nexus("nexus-direct-bare", { NEXUS_TRANSPORT: "direct", BENCH_BARE: "1" }),
  onNode("fastify", "fastify", ["fastify", "@fastify/jwt"]),
  onNode("hono", "hono", ["hono", "@hono/node-server"]),
  onNode("h3", "h3", ["h3", "srvx"]),
  onNode("elysia", "elysia", ["elysia", "@elysiajs/node"]),
  onNode("nest", "nest", ["@nestjs/core", "@nestjs/platform-fastify"]),
  onNode("express", "express", ["express"]),
  {
    name: "fastapi",
    command: [python, "-m", "uvicorn", "--app-dir", join(bench, "peers"), "fastapi_app:app"].concat(
      ["--host", "127.0.0.1", "--port", "$PORT", "--no-access-log", "--log-level", "error"],
    ),
    packages: [],
  },
];

/** Why it cannot be measured here. */
export function missing({ name }: Peer): string | undefined {
  if (name !== "fastapi" || existsSync("/usr/lib/python3/dist-packages/fastapi")) return undefined;
  return "fastapi is left out: apt-get install python3-fastapi uvicorn python3-uvloop python3-httptools";
}

/** Whether it is one of this platform's. */
export function ours(name: string): boolean {
  return name.startsWith("nexus");
}

function onNode(name: string, file: string, packages: readonly string[]): Peer {
  return { name, command: [node, join(bench, `dist/${file}.js`)], packages };
}

function nexus(name: string, env: Peer["env"] = {}): Peer {
  return { ...onNode(name, "nexus", []), env: { NEXUS_TRANSPORT: "stock", ...env } };
}
