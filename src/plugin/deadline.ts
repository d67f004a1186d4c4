import { NexusError } from "../exceptions.ts";

/**
 * Waits for something that may never come.
 * @param what the start of a sentence: `start() of the plugin "a"`
 * @throws NX_PLUGIN_HANGS
 */
export async function within<T>(seconds: number, what: string, work: T | Promise<T>): Promise<T> {
  if (!(work instanceof Promise)) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new NexusError("NX_PLUGIN_HANGS", `${what} has not ended after ${seconds} s.`, {
      cure: "What it awaits never comes, or takes too long: do it in the background.",
    });
    timer = setTimeout(() => reject(error), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Seconds that a module gets to load, a service or a plugin to start, unless the app says another. */
export const patience = 60;
/** Seconds that a plugin gets to say whether it is well. */
export const healthPatience = 5;

/** Longer ones no timer can wait for. */
const longest = 2_147_483;

/** @param name of the option that it was given as. @throws NX_TIMEOUT */
export function checkPatience(seconds: number, name: string): void {
  if (seconds > 0 && seconds <= longest) return;
  throw new NexusError("NX_TIMEOUT", `${name} is ${seconds}.`, {
    cure: `Give it seconds, more than 0 and at most ${longest}.`,
  });
}
