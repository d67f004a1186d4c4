import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The command as an operator runs it, in app folders of a test's own. */

const root = resolve(import.meta.dirname, "..");
const undo: (() => Promise<unknown>)[] = [];

/** For `afterAll`: ends what still runs, and removes the folders. */
export async function cleanUp(): Promise<void> {
  for (const one of undo.splice(0).toReversed()) await one();
}

export async function makeFolder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-app-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await writeFiles(folder, files);
  return folder;
}

export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** What was logged. @throws where a line is no JSON */
  readonly logged: () => Record<string, unknown>[];
  readonly code: Promise<number | null>;
  /** Where it serves, once it is ready. */
  readonly url: () => Promise<string>;
  /** Sends SIGTERM. @returns the exit code */
  readonly stop: () => Promise<number | null>;
}

export function nexus(
  command: string,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Running {
  const main = join(root, "src/cli/main.ts");
  const child = spawn(process.execPath, ["--conditions=source", main, command], {
    cwd: folder,
    // Nothing of the environment that the tests run in, but the transport that they are to test.
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      NEXUS_TRANSPORT: process.env["NEXUS_TRANSPORT"],
      PORT: "0",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => (stdout += text));
  child.stderr.on("data", (text) => (stderr += text));
  const code = once(child, "close").then(([code]) => code as number | null);
  undo.push(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await code;
  });
  const url = async (): Promise<string> => {
    await until(
      () => stdout.includes("\n") || child.exitCode !== null,
      () => `It did not become ready:\n${stdout}${stderr}`,
    );
    const [, found] = /(http:\S+)/.exec(stdout) ?? [];
    if (found === undefined) throw new Error(`It ended instead:\n${stderr}`);
    return found;
  };
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    logged: () =>
      stderr
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    code,
    url,
    stop: () => {
      child.kill("SIGTERM");
      return code;
    },
  };
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that ends by itself, without a terminal. */
export async function run(folder: string, args: readonly string[], input = ""): Promise<Ran> {
  const main = join(root, "src/cli/main.ts");
  const child = spawn(process.execPath, ["--conditions=source", main, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => (stdout += text));
  child.stderr.on("data", (text) => (stderr += text));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

export async function until(
  holds: () => boolean | Promise<boolean>,
  complaint: () => string = () => `It did not come to ${holds.toString()}`,
): Promise<void> {
  const end = performance.now() + 15_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(complaint());
    await sleep(10);
  }
}

/** A plugin in few words. */
export const plugin = (name: string, body = "", imports = ""): string =>
  `import { get, inject, Plugin, Service } from "nexus-platform";\n${imports}\n` +
  `export default class ${name} extends Plugin {\n${body}\n}\n`;
