import { AsyncLocalStorage } from "node:async_hooks";

// As it is when the server loads: a test that fakes timers would stop it.
const { setImmediate } = globalThis;

/**
 * Requests that begin at the end of the turn of the event loop that brought their heads: their small bodies
 * are there by then, unless their senders take time, and nobody has to wait for them.
 */
export class Beginnings {
  #waiting: (() => void)[] = [];
  readonly #whenBegun: () => void;
  /** Not in the context of the request that came first. */
  readonly #end = AsyncLocalStorage.bind(() => {
    const waiting = this.#waiting;
    this.#waiting = [];
    let begun = 0;
    try {
      while (begun < waiting.length) waiting[begun++]!();
    } finally {
      // One that fails fails alone; the others still come before those that were added meanwhile.
      const late = [...waiting.slice(begun), ...this.#waiting];
      this.#waiting = [];
      for (const begin of late) this.add(begin);
      this.#whenBegun();
    }
  });

  /** @param whenBegun runs when all have begun */
  constructor(whenBegun: () => void) {
    this.#whenBegun = whenBegun;
  }

  add(begin: () => void): void {
    if (this.#waiting.push(begin) === 1) setImmediate(this.#end);
  }
}
