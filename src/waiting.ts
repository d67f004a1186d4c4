/** Milliseconds that a timer can wait; Node takes what is longer for 1. */
export const longest = 2 ** 31 - 1;
/** The same in whole seconds. */
export const longestSeconds = Math.floor(longest / 1000);

/**
 * Does something later.
 * @param milliseconds Infinity is for ever, and what else is too long the longest that there is
 * @returns the timer, if there is one
 */
export function later(milliseconds: number, work: () => void): NodeJS.Timeout | undefined {
  if (milliseconds === Infinity) return undefined;
  return setTimeout(work, Math.min(Math.max(0, milliseconds), longest));
}

/** @returns whether the work was done in time; it may fail until then, and is not heard of afterwards */
export async function inTime(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = later(milliseconds, () => resolve(false));
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for work, or for a signal to fire; of work that fails after that nothing is heard. */
export async function untilAborted(signal: AbortSignal, work: Promise<unknown>): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** What `await` waits for: query builders are no promises, but are waited for too. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
