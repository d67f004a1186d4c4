import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { bench, type Peer, root } from "./peers.ts";

/** What the numbers depend on: the day, the machine, and the versions of all that was measured. */
export function surroundings(peers: readonly Peer[]): string[] {
  const all = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    new Date().toISOString().slice(0, 10),
    `${all.length} × ${all[0]?.model ?? "unknown"}, ${memory} GiB, Linux ${release()}`,
    `Node ${nodeVersion()}, ${wrkVersion()}`,
    peers.flatMap(versionsOf).join(", "),
  ];
}

export function nodeVersion(): string {
  return versionIn(join(root, "node_modules/node/package.json"));
}

function versionsOf(peer: Peer): string[] {
  if (peer.name === "fastapi") return [fastapiVersions()];
  return peer.packages.map(
    (name) => `${name} ${versionIn(join(bench, "node_modules", name, "package.json"))}`,
  );
}

function fastapiVersions(): string {
  const code =
    "import sys, fastapi, uvicorn; print(f'fastapi {fastapi.__version__}, uvicorn {uvicorn.__version__}, Python {sys.version.split()[0]}')";
  return execFileSync("/usr/bin/python3", ["-c", code], { encoding: "utf8" }).trim();
}

function wrkVersion(): string {
  // It says its version, and then that it has failed.
  const { stdout } = spawnSync("wrk", ["-v"], { encoding: "utf8" });
  return `wrk ${/\d+\.\d+\.\d+/.exec(stdout)?.[0]}`;
}

function versionIn(path: string): string {
  if (!existsSync(path)) return "?";
  return (JSON.parse(readFileSync(path, "utf8")) as { readonly version: string }).version;
}
