import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { loadPlugin, registerPluginHooks } from "../plugin/index.ts";

/** Milliseconds for the modules of a plugin to be loaded. */
const patience = 30_000;
/** Milliseconds for what they have only begun to end. */
const moment = 500;

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
  await sleep(0);
  const before = process.getActiveResourcesInfo();
  await loadPlugin(place).catch(() => {});
  const end = performance.now() + moment;
  let started = startedSince(before);
  // What was only on its way ends by itself.
  while (started.length && performance.now() < end) {
    await sleep(10);
    started = startedSince(before);
  }
  process.send!(started, () => process.exit());
}

function startedSince(before: readonly string[]): string[] {
  const now = process.getActiveResourcesInfo();
  for (const one of before) {
    const at = now.indexOf(one);
    if (at >= 0) now.splice(at, 1);
  }
  return now;
}
