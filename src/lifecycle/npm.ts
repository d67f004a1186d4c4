import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isRecord } from "../config/place.ts";
import { messageOf, NexusError } from "../exceptions.ts";

export interface NpmOptions {
  /** The app's: its .npmrc says where packages are to be had, and who asks for them. */
  readonly appFolder: string;
  /** Ends npm. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a command of npm in a folder of its own, as if nothing stood around that.
 * @throws NX_NPM with what it says
 */
export async function npm(
  folder: string,
  [command, ...words]: readonly [string, ...string[]],
  { appFolder, signal }: NpmOptions,
): Promise<void> {
  const link = join(folder, ".npmrc");
  const settings = resolve(appFolder, ".npmrc");
  const isLinked = existsSync(settings);
  if (isLinked) await symlink(settings, link);
  try {
    // Without a prefix it looks for a project further up, and may find the app.
    const args = [command, "--json", "--no-workspaces", `--prefix=${folder}`, ...words];
    const { code, output, errors } = await run(args, folder, signal);
    if (code === 0) return;
    const fault = faultIn(output) ?? { summary: lastIn(errors) ?? `it ended with code ${code}` };
    throw new NexusError("NX_NPM", `npm ${command} failed: ${fault.summary.replace(/\.?$/, ".")}`, {
      cure: cures[fault.code ?? ""] ?? `It was told: npm ${args.join(" ")}`,
    });
  } finally {
    if (isLinked) await rm(link, { force: true });
  }
}

const look = "Look at the name and the range.";
const ask = "npm takes a login from the .npmrc of the app's folder, or of its user.";
const cures: Readonly<Record<string, string>> = {
  E404: look,
  ETARGET: look,
  E401: ask,
  E403: ask,
  ENEEDAUTH: ask,
  EINTEGRITY: "The registry gave something else than it had promised: nothing was installed.",
};

async function run(args: readonly string[], folder: string, signal: AbortSignal | undefined) {
  signal?.throwIfAborted();
  const child = spawn("npm", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (errors += text));
  const end = (): boolean => child.kill();
  signal?.addEventListener("abort", end);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    // Only now does it no longer write there.
    signal?.throwIfAborted();
    return { code, output, errors };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new NexusError("NX_NPM", `npm cannot be run: ${messageOf(cause)}.`, {
      cure: "Put npm on the PATH: it comes with Node. A tarball that needs no packages needs no npm.",
      cause,
    });
  } finally {
    signal?.removeEventListener("abort", end);
  }
}

/** What it says of a failure, behind what scripts may have said. */
function faultIn(output: string): { readonly code?: string; readonly summary: string } | undefined {
  try {
    const found: unknown = JSON.parse(output.slice(output.search(/^\{\s*"error"/m)));
    const error = isRecord(found) && isRecord(found["error"]) ? found["error"] : {};
    const { code, summary } = error;
    if (typeof summary !== "string" || !summary) return undefined;
    return { summary, ...(typeof code === "string" && { code }) };
  } catch {
    return undefined;
  }
}

function lastIn(errors: string): string | undefined {
  const lines = [...errors.matchAll(/^npm error (?!A complete log|code )(\S.*)$/gm)];
  return lines.at(-1)?.[1];
}
