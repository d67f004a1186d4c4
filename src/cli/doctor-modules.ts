import { spawn } from "node:child_process";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { loadPlugin, registerPluginHooks } from "../plugin/index.ts";

/** Milliseconds for the modules of a plugin to be loaded. */
const patience = 30_000;

/**
 * What loading a plugin's modules starts by itself, which nothing can end: that belongs into `start()`.
 * It is tried in a process of its own.
 */
export async function whatStarts(place: string): Promise<string | undefined> {
  const child = spawn(
    process.execPath,
    // This process was begun with the same script.
    [...process.execArgv, process.argv[1]!, "doctor", "--module", place],
    { stdio: ["ignore", "ignore", "ignore", "ipc"], timeout: patience },
  );
  let found: readonly string[] | undefined;
  child.once("message", (message) => (found = message as readonly string[]));
  await once(child, "close");
  if (!found) return "Its modules end the process that loads them, or do not come to an end";
  const names = [...new Set(found)].join(", ");
  return found.length
    ? `Its modules start what is never ended, at their top level: ${names}. Start it in start(), and end it there by defer()`
    : undefined;
}

/** Loads a plugin, and says to the process around what runs since then. What cannot be loaded starts nothing. */
export async function tellWhatStarts(place: string): Promise<void> {
  registerPluginHooks();
  await turn();
  const before = process.getActiveResourcesInfo();
  await loadPlugin(place).catch(() => {});
  // What was only on its way is done by then.
  for (let i = 0; i < 10; i++) await turn();
  const after = process.getActiveResourcesInfo();
  for (const one of before) {
    const at = after.indexOf(one);
    if (at >= 0) after.splice(at, 1);
  }
  process.send!(after, () => process.exit());
}
