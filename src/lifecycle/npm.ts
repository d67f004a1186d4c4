import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
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
    const args = [command, "--json", `--prefix=${folder}`, ...words];
    const { code, output, errors } = await run(args, folder, signal);
    if (code === 0) return;
    const { cause, summary } = faultIn(output, errors) ?? { summary: `it ended with ${code}` };
    throw new NexusError("NX_NPM", `npm ${command} failed: ${summary.replace(/\.?$/, ".")}`, {
      cure: cures[cause ?? ""] ?? `It was told: npm ${args.join(" ")}`,
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
    const [code, by] = (await once(child, "close")) as [number | null, string | null];
    // Only now does it no longer write there.
    signal?.throwIfAborted();
    return { code: code ?? by, output, errors };
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

interface Fault {
  /** As npm calls it: `E404`. */
  readonly cause?: string;
  readonly summary: string;
}

function faultIn(output: string, errors: string): Fault | undefined {
  const lines = errors.split("\n").filter((line) => line.trim() && !/^npm warn |^> /.test(line));
  const at = output.search(/^\{\s*"error"/m);
  if (at < 0) return lines.length ? { summary: lines.at(-1)! } : undefined;
  const { error } = JSON.parse(output.slice(at)) as { error: { code: unknown; summary: string } };
  if (typeof error.code === "string") return { cause: error.code, summary: error.summary };
  // A script has failed: compilers say why on either stream.
  const said = [...output.slice(0, at).split("\n"), ...lines].filter(
    (line) => line.trim() && !line.startsWith("npm "),
  );
  return { summary: [error.summary, ...said.slice(-20)].join("\n") };
}
