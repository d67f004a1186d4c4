import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cores } from "./cores.ts";
import { bench, type Peer, root } from "./peers.ts";
import { cpuOf, memoryOf } from "./proc.ts";

/** A peer that runs, alone on the first core but for its fellows that nobody asks anything. */
export interface Server {
  readonly peer: Peer;
  readonly url: string;
  /** Milliseconds from its start to its first 200. */
  readonly started: number;
  /** CPU time that it has used, in milliseconds. */
  cpu(): number;
  /** Memory that it has now, in MiB. */
  memory(): number;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

export interface StartOptions {
  /** Whether Node keeps what it has compiled, and finds it the next time; default yes. */
  readonly compileCache?: boolean;
  /** Where it runs; default the repository. */
  readonly cwd?: string;
  /** What it is asked first; default `/hello`. */
  readonly path?: string;
  /** Whether it speaks TLS. */
  readonly isSecure?: boolean;
}

export async function startServer(
  peer: Peer,
  { compileCache = true, cwd = root, path = "/hello", isSecure = false }: StartOptions = {},
): Promise<Server> {
  const port = await freePort();
  const url = `${isSecure ? "https" : "http"}://127.0.0.1:${port}`;
  const start = performance.now();
  const child = spawn(
    "taskset",
    ["-c", cores().server, ...peer.command.map((word) => word.replace("$PORT", String(port)))],
    {
      cwd,
      env: {
        ...process.env,
        ...peer.env,
        NODE_ENV: "production",
        PORT: String(port),
        ...(compileCache
          ? { NODE_COMPILE_CACHE: join(bench, ".cache") }
          : { NODE_DISABLE_COMPILE_CACHE: "1" }),
      },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  running.add(child);
  child.once("exit", (code, signal) => {
    const isStopped = !running.delete(child);
    if (!isStopped) console.error(`${peer.name} has ended by itself: ${signal ?? code}`);
  });
  await firstAnswer(peer, child, url + path);
  const { pid } = child;
  return {
    peer,
    url,
    started: performance.now() - start,
    cpu: () => cpuOf(readFileSync(`/proc/${pid}/stat`, "utf8")),
    memory: () => memoryOf(readFileSync(`/proc/${pid}/status`, "utf8")),
    stop: () => stop(child),
  };
}

/** Whatever ends this process ends the servers. */
export function endWithUs(): void {
  process.once("exit", () => {
    for (const child of running) child.kill("SIGKILL");
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(signal, () => process.exit(1));
  }
}

async function firstAnswer(peer: Peer, child: ChildProcess, url: string): Promise<void> {
  const end = performance.now() + 120_000;
  while ((await statusOf(url)) !== 200) {
    if (child.exitCode !== null) throw new Error(`${peer.name} ended with ${child.exitCode}`);
    if (performance.now() > end) throw new Error(`${peer.name} does not answer`);
    await sleep(1);
  }
}

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    // Its certificate is its own.
    const options = { agent: false, rejectUnauthorized: false };
    const get = url.startsWith("https:") ? https.get : http.get;
    get(url, options, (response) => {
      response.resume().once("end", () => resolve(response.statusCode));
    }).once("error", () => resolve(undefined));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

async function stop(child: ChildProcess): Promise<void> {
  if (!running.delete(child)) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const kill = setTimeout(() => child.kill("SIGKILL"), 5000);
  await exit;
  clearTimeout(kill);
}
