import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { cores } from "./cores.ts";
import type { Workload } from "./workloads.ts";

/** What wrk has seen. */
export interface Load {
  readonly requests: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Asks a server from the second core. */
export async function load(
  url: string,
  workload: Workload,
  seconds: number,
  connections = 64,
): Promise<Load> {
  const { name, path } = workload;
  const script = join(tmpdir(), `nexus-bench-${process.pid}-${name}.lua`);
  writeFileSync(script, scriptOf(workload));
  const args = [
    "-t1",
    `-c${connections}`,
    "-d1h",
    "--timeout",
    "30s",
    "--latency",
    "-s",
    script,
    url + path,
  ];
  const wrk = spawn("taskset", ["-c", cores().load, "wrk", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  // It counts whole seconds only, but says what it has when it is interrupted.
  const timer = setTimeout(() => wrk.kill("SIGINT"), seconds * 1000);
  const [output] = await Promise.all([text(wrk.stdout), once(wrk, "exit")]);
  clearTimeout(timer);
  return parseWrk(output);
}

function scriptOf({ method, headers, body }: Workload): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `wrk.headers["${name}"] = "${value}"`,
  );
  if (body !== undefined) lines.push(`wrk.body = [=[${body}]=]`);
  return [`wrk.method = "${method}"`, ...lines].join("\n");
}

/** @throws for answers that are no success, and for broken connections: what is measured then is nothing. */
export function parseWrk(output: string): Load {
  const fault = /Non-2xx.*|Socket errors:.*/.exec(output)?.[0];
  if (fault) throw new Error(`wrk: ${fault}`);
  const load = {
    requests: Number(/(\d+) requests in/.exec(output)?.[1]),
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]),
    p50: millisecondsOf(/50%\s+([\d.]+)(us|ms|s|m)\b/.exec(output)),
    p99: millisecondsOf(/99%\s+([\d.]+)(us|ms|s|m)\b/.exec(output)),
  };
  if (!(load.requests > 0)) throw new Error(`wrk saw no answer:\n${output}`);
  return load;
}

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function millisecondsOf(found: RegExpExecArray | null): number {
  return Number(found?.[1]) * units[found?.[2] ?? ""]!;
}
