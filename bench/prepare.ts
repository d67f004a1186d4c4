import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { cores } from "./cores.ts";
import { bench, root } from "./peers.ts";

/** Installs and builds what the benchmark needs and is not there, or is older than what it is made of. */
export function prepare({ build }: { readonly build: boolean }): void {
  cores();
  if (!isThere("wrk")) installWrk();
  if (isOlder("node_modules/.package-lock.json", ["package-lock.json"], bench)) {
    console.error("Installing the other frameworks …");
    run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], bench);
  }
  linkPlatform();
  if (build && isOlder("dist/index.js", sources(), root)) {
    console.error("Building the platform …");
    run("npm", ["run", "build"], root);
  }
  if (isOlder("dist/raw.js", [...globSync("peers/*.ts", { cwd: bench }), "tsconfig.json"], bench)) {
    console.error("Building the peers …");
    rmSync(join(bench, "dist"), { recursive: true, force: true });
    // The types are checked by whoever changes them: `npx tsc -p bench --noEmit`.
    run(join(root, "node_modules/.bin/tsc"), ["-p", bench, "--noCheck"], root);
  }
}

function installWrk(): void {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    throw new Error("wrk makes the load, and is not here. Install it: apt-get install wrk");
  }
  console.error("Installing wrk …");
  run("apt-get", ["update"], root);
  run("apt-get", ["install", "-y", "--no-install-recommends", "wrk"], root);
}

/** The peer imports the package by its name, and gets what `npm run build` has made. */
export function linkPlatform(): void {
  const link = join(bench, "node_modules/nexus-platform");
  if (existsSync(link)) return;
  mkdirSync(join(bench, "node_modules"), { recursive: true });
  symlinkSync("../..", link);
}

function sources(): string[] {
  return globSync("src/**/*.ts", { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
}

function isOlder(made: string, of: readonly string[], folder: string): boolean {
  const path = join(folder, made);
  if (!existsSync(path)) return true;
  const time = statSync(path).mtimeMs;
  return of.some((file) => statSync(join(folder, file)).mtimeMs > time);
}

function isThere(command: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, command)));
}

/** Its output is no result: it goes to stderr. */
function run(command: string, args: readonly string[], cwd: string): void {
  const { status } = spawnSync(command, args, {
    cwd,
    stdio: ["ignore", 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (status !== 0) throw new Error(`This failed: ${[command, ...args].join(" ")} (in ${cwd})`);
}
