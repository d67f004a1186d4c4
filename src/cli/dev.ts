import { type ChildProcess, spawn } from "node:child_process";
import { watch } from "node:fs";
import { join, relative, sep } from "node:path";
import { watchFolder } from "../plugin/watch.ts";
import type { FromApp } from "./dev-app.ts";
import { Pulse } from "./dev-pulse.ts";

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
  let pulse: Pulse | undefined;
  let ending: number | undefined;
  let changed = false;
  /** The files that changed last. */
  let latest: readonly string[] = [];

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
    pulse = new Pulse(child, stuck);
    child.on("message", (message: FromApp) => {
      if (message === "heard") pulse?.heard();
      else if (message === "restart") again();
      else plugins.watch(message.plugins);
    });
    child.once("exit", (code) => {
      pulse?.stop();
      child = undefined;
      if (ending !== undefined) process.exit(0);
      else if (changed) begin();
      else if (code) process.stderr.write("Stopped by a fault; waiting for a change.\n");
    });
  };
  const again = (): void => {
    if (ending !== undefined || changed) return;
    if (!child) return begin();
    changed = true;
    // Who does not answer hears no signal, either.
    child.kill(pulse?.isStuck ? "SIGKILL" : "SIGTERM");
  };
  const reload = (paths: readonly string[]): void => {
    latest = paths;
    // One that ends is followed by one that reads everything anew.
    if (child?.connected && !changed && !pulse?.isStuck) pulse?.say({ changed: paths });
    else again();
  };
  const stuck = (isFirst: boolean): void => {
    const mustEnd = ending !== undefined || changed;
    if (isFirst && !mustEnd) tellStuck(latest.map((path) => relative(folder, path)));
    if (mustEnd) child?.kill("SIGKILL");
    else if (pulse?.isBehind) again();
  };
  /** @param after milliseconds: a terminal has told it too, and told twice it would not finish what runs */
  const end = (after = 0): void => {
    if (!child) process.exit(0);
    const isAgain = ending !== undefined && performance.now() - ending > patience;
    ending ??= performance.now();
    if (isAgain || pulse?.isStuck) child.kill("SIGKILL");
    else setTimeout(() => child?.kill("SIGTERM"), after);
  };
  process.on("SIGTERM", () => end());
  // Soon enough to be the same one.
  process.on("SIGINT", () => end(patience / 2));
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

function tellStuck(changed: readonly string[]): void {
  const since = changed.length ? ` Last changed: ${changed.join(", ")}.` : "";
  process.stderr.write(
    `The app does not answer: something in it never gives way, such as a loop without an end.${since} ` +
      "It begins anew when a file changes.\n",
  );
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
