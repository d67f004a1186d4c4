import { spawn, type ChildProcess } from "node:child_process";
import { type FSWatcher, statSync, watch } from "node:fs";
import { resolve } from "node:path";

/** What is watched of an app's folder: folders to the bottom. */
const watched = ["plugins", "src", "nexus.config.ts", "nexus.config.js", "package.json"];
/** Milliseconds without a further change, and for the process to leave by itself after Ctrl-C. */
const quiet = 100;
const patience = 1000;

/** Serves the app in a process of its own, and starts that again after each change. */
export async function dev(): Promise<void> {
  const folder = process.cwd();
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ending = false;
  let changed = false;

  const begin = (): void => {
    changed = false;
    // This process was begun with the same script. Streams that stay open do not keep a change waiting.
    child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, "start"], {
      cwd: folder,
      stdio: "inherit",
      env: { NEXUS_SHUTDOWN_TIMEOUT: "1", ...process.env },
    });
    child.once("exit", (code) => {
      child = undefined;
      if (ending) process.exit(0);
      else if (changed) begin();
      else if (code) process.stderr.write("Stopped by a fault; waiting for a change.\n");
    });
  };
  const again = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (ending || changed) return;
      if (!child) return begin();
      changed = true;
      child.kill("SIGTERM");
    }, quiet);
  };
  const end = (): void => {
    ending = true;
    if (!child) process.exit(0);
  };
  process.on("SIGTERM", () => {
    end();
    child?.kill("SIGTERM");
  });
  process.on("SIGINT", () => {
    end();
    // A terminal has told it too, and told twice it would not finish what runs.
    setTimeout(() => child?.kill("SIGTERM"), patience);
  });
  watchAll(folder, again);
  begin();
}

function watchAll(folder: string, changed: () => void): void {
  const inner = new Map<string, FSWatcher>();
  const descend = (name: string): void => {
    const path = resolve(folder, name);
    inner.get(name)?.close();
    inner.delete(name);
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    inner.set(
      name,
      watch(path, { recursive: true }, (_, file) => !isNoise(file) && changed()),
    );
  };
  // The folder itself, since editors replace files, and a first plugin makes the folder of all.
  watch(folder, (event, name) => {
    if (name === null || !watched.includes(name)) return;
    if (event === "rename") descend(name);
    changed();
  });
  for (const name of watched) descend(name);
}

function isNoise(file: string | null): boolean {
  return file !== null && /(^|\/)(node_modules|\.git|data)(\/|$)|~$|\.test\.ts$/.test(file);
}
