import { NexusError } from "../exceptions.ts";
import { inTime, isThenable, later, longestSeconds, untilAborted } from "../waiting.ts";

/**
 * Waits for something that may never come.
 * @param what the start of a sentence: `start() of the plugin "a"`
 * @param over who fires it waits no longer
 * @throws NX_PLUGIN_HANGS NX_PLUGIN_STOPPED
 */
export async function within<T>(
  seconds: number,
  what: string,
  work: T | PromiseLike<T>,
  over?: AbortSignal,
): Promise<T> {
  if (!isThenable(work)) return work;
  // What is awaited may be no promise of this realm, or none at all.
  const waited = Promise.resolve(work);
  let isDone = false;
  const noted = waited.then(() => void (isDone = true));
  if (!(await inTime(seconds * 1000, over ? untilAborted(over, noted) : noted))) {
    throw new NexusError("NX_PLUGIN_HANGS", `${what} has not ended after ${seconds} s.`, {
      cure: "What it awaits never comes, or takes too long: do it in the background.",
    });
  }
  if (isDone) return waited;
  throw new NexusError("NX_PLUGIN_STOPPED", `${what} was given up: the app is about to end.`, {
    cure: "Start it again, and then the plugin.",
  });
}

/**
 * Undoes something, which gets so many seconds for all of it: what has not ended then is left behind, and
 * nobody waits for what comes after it.
 * @param undo gets what waits for one undo, and throws NX_PLUGIN_HANGS
 * @param over fires when an app that ends has no more time to give away
 */
export async function undoWithin(
  undo: (wait: (undoing: unknown) => Promise<void>) => Promise<void>,
  seconds = stopPatience,
  over?: AbortSignal,
): Promise<void> {
  const begun = performance.now();
  const { promise: isOver, resolve } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const cut = (): void => void (timer = later(lastPatience * 1000, resolve));
  if (over?.aborted) cut();
  else over?.addEventListener("abort", cut, { once: true });
  const wait = async (undoing: unknown): Promise<void> => {
    if (!isThenable(undoing)) return;
    let isDone = false;
    const noted = Promise.resolve(undoing).then(() => void (isDone = true));
    const left = begun + seconds * 1000 - performance.now();
    await inTime(Math.max(left, 0), Promise.race([noted, isOver]));
    if (isDone) return;
    const after = Math.round((performance.now() - begun) / 100) / 10;
    throw new NexusError(
      "NX_PLUGIN_HANGS",
      `Its stop(), or something else that it undoes, has not ended after ${after} s.`,
      { cure: "What it awaits never comes, or takes too long. It was left behind." },
    );
  };
  try {
    await undo(wait);
  } finally {
    clearTimeout(timer);
    over?.removeEventListener("abort", cut);
  }
}

/** Seconds that a module gets to load, a service or a plugin to start, unless the app says another. */
export const startPatience = 60;
/** Seconds that a plugin gets to say whether it is well. */
export const healthPatience = 5;
/** Seconds that what still runs in a plugin gets when it ends. */
export const endPatience = 30;
/** Seconds that a plugin then gets to undo everything, unless the app says another. */
export const stopPatience = 10;
/** Seconds for that once the app's own time is up. */
const lastPatience = 1;
/** Seconds for those who hear of a plugin's fate. */
export const newsPatience = 5;

/** @param name of the option that it was given as. @throws NX_TIMEOUT */
export function checkPatience(seconds: number, name: string): void {
  if (seconds > 0 && seconds <= longestSeconds) return;
  throw new NexusError("NX_TIMEOUT", `${name} is ${seconds}.`, {
    cure: `Give it seconds, more than 0 and at most ${longestSeconds}.`,
  });
}
