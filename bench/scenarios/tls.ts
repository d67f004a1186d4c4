import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ask, hello } from "./asking.ts";
import type { ScenarioResult } from "./scenario.ts";
import { type Named, names, withFolder, withServers } from "./servers.ts";

/** The shortest answer, encrypted. */
export function tls(): Promise<ScenarioResult> {
  return withFolder((folder) => {
    const env = { BENCH_TLS: JSON.stringify(certificate(folder)) };
    return withServers(names, env, measure, { isSecure: true });
  });
}

async function measure(servers: readonly Named[]): Promise<ScenarioResult> {
  const { rate, cpu, p99 } = await ask("hello", servers, hello);
  const title = "hello over TLS, 64 connections that are kept";
  return { name: "tls", title, rows: [rate, cpu, p99], notes: [] };
}

/** One of its own making, that is good for a day. */
function certificate(folder: string): { readonly key: string; readonly cert: string } {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const about = ["-subj", "/CN=localhost", "-days", "1", "-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", "-x509", ...made, ...about], { stdio: "ignore" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
