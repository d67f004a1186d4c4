import { NexusError } from "../exceptions.ts";
import { inTime, longestSeconds } from "../waiting.ts";

/**
 * Waits for something that may never come.
 * @param what the start of a sentence: `start() of the plugin "a"`
 * @throws NX_PLUGIN_HANGS
 */
export async function within<T>(seconds: number, what: string, work: T | Promise<T>): Promise<T> {
  if (!(work instanceof Promise)) return work;
  if (await inTime(seconds * 1000, work)) return work;
  throw new NexusError("NX_PLUGIN_HANGS", `${what} has not ended after ${seconds} s.`, {
    cure: "What it awaits never comes, or takes too long: do it in the background.",
  });
}

/** Seconds that a module gets to load, a service or a plugin to start, unless the app says another. */
export const startPatience = 60;
/** Seconds that a plugin gets to say whether it is well. */
export const healthPatience = 5;
/** Seconds that what still runs in a plugin gets when it ends. */
export const endPatience = 30;

/** @param name of the option that it was given as. @throws NX_TIMEOUT */
export function checkPatience(seconds: number, name: string): void {
  if (seconds > 0 && seconds <= longestSeconds) return;
  throw new NexusError("NX_TIMEOUT", `${name} is ${seconds}.`, {
    cure: `Give it seconds, more than 0 and at most ${longestSeconds}.`,
  });
}
