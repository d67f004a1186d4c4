import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Two cores of this machine: one for the server that is asked, one for whoever asks. */
export interface Cores {
  readonly server: string;
  readonly load: string;
}

let found: Cores | undefined;

/** @throws where there are fewer, or where Linux does not say */
export function cores(): Cores {
  return (found ??= choose());
}

/** Keeps this process away from the server's core. */
export function stepAside(): void {
  spawnSync("taskset", ["-a", "-p", "-c", cores().load, String(process.pid)], { stdio: "ignore" });
}

function choose(): Cores {
  const status = process.platform === "linux" ? readFileSync("/proc/self/status", "utf8") : "";
  const [server, load] = listOf(/Cpus_allowed_list:\s+(\S+)/.exec(status)?.[1] ?? "");
  if (server !== undefined && load !== undefined) return { server, load };
  throw new Error(
    "The benchmark needs Linux with two cores: one for the server, one for the load.",
  );
}

/** `0-2,5` as Linux writes it. */
export function listOf(text: string): string[] {
  return text.split(",").flatMap((range) => {
    const [first = "", last = first] = range.split("-");
    if (first === "") return [];
    const count = Number(last) - Number(first) + 1;
    return Array.from({ length: count }, (_, at) => String(Number(first) + at));
  });
}
