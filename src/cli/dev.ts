import { type ChildProcess, spawn } from "node:child_process";
import { watch } from "node:fs";
import { join, sep } from "node:path";
import { watchFolder } from "../plugin/watch.ts";
import type { FromApp, ToApp } from "./dev-app.ts";

/** What of an app's folder is read when it starts. */
const read = ["nexus.config.ts", "nexus.config.js", "nexus.config.mjs", "package.json"];
/** Milliseconds without a further change, until the process begins anew and until plugins are reloaded. */
const quiet = { app: 100, plugins: 15 };
/** Milliseconds for the process to leave by itself after Ctrl-C. */
const patience = 1000;
/** Says to a process that it is the one that serves. */
const mark = "NEXUS_DEV_APP";

/**
 * Serves the app in a process of its own, where plugins are reloaded as they change; after any other
 * change that process begins anew.
 */
export async function dev(): Promise<void> {
  if (process.env[mark] === undefined) return supervise(process.cwd());
  delete process.env[mark];
  await (await import("./dev-app.ts")).serve();
}

function supervise(folder: string): void {
  let child: ChildProcess | undefined;
  let ending = false;
  let changed = false;

  const begin = (): void => {
    changed = false;
    // V8 would keep the sources of what it has compiled. This process was begun with the same script.
    const args = ["--no-compilation-cache", ...process.execArgv, process.argv[1]!, "dev"];
    child = spawn(process.execPath, args, {
      cwd: folder,
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      // Streams that stay open do not keep a change waiting.
      env: { NEXUS_SHUTDOWN_TIMEOUT: "1", ...process.env, [mark]: "1" },
    });
    child.on("message", (message: FromApp) => {
      if (message === "restart") again();
      else plugins.watch(message.plugins);
    });
    child.once("exit", (code) => {
      child = undefined;
      if (ending) process.exit(0);
      else if (changed) begin();
      else if (code) process.stderr.write("Stopped by a fault; waiting for a change.\n");
    });
  };
  const again = (): void => {
    if (ending || changed) return;
    if (!child) return begin();
    changed = true;
    child.kill("SIGTERM");
  };
  const reload = (paths: readonly string[]): void => {
    const message: ToApp = { changed: paths };
    // One that ends is followed by one that reads everything anew.
    if (child?.connected && !changed) child.send(message, () => {});
    else again();
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
  const plugins = watchPlugins(join(folder, "plugins"), gather(quiet.plugins, reload));
  const app = gather(quiet.app, again);
  watchFolder(join(folder, "src"), (path) => {
    // Where plugins stand among the rest, they are watched as plugins.
    if (!plugins.has(path)) app(path);
  });
  // The folder, since editors replace files.
  watch(folder, (_, name) => {
    if (name !== null && read.includes(name)) app(name);
  });
  begin();
}

/** Watches the folder of the plugins, which only the app knows. */
function watchPlugins(folder: string, changed: (path: string) => void) {
  let unwatch = watchFolder(folder, changed);
  return {
    has: (path: string): boolean => path === folder || path.startsWith(folder + sep),
    watch(other: string): void {
      if (other === folder) return;
      unwatch();
      folder = other;
      unwatch = watchFolder(folder, changed);
    },
  };
}

/** Hands on together what comes in one go. */
function gather(milliseconds: number, act: (paths: readonly string[]) => void) {
  const paths = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  return (path: string): void => {
    paths.add(path);
    clearTimeout(timer);
    timer = setTimeout(() => {
      act([...paths]);
      paths.clear();
    }, milliseconds);
  };
}
