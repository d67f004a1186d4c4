import { AsyncLocalStorage } from "node:async_hooks";

/** What holds answers back until it is told to let them leave. */
export interface Departing {
  leave(): void;
}

/** Milliseconds that an answer may wait for others. */
const patience = 1;
/** The most that wait for each other. */
const most = 64;

/**
 * Answers of one turn of the event loop leave at its end, one after the other. The system's code for it is at
 * hand then, and so was the server's for the requests; a client that the first one wakes finds the others there.
 */
export class Departures {
  #waiting: Departing[] = [];
  #most = most;
  #since = 0;
  #isPlanned = false;
  /** Not in the context of the request that came first. */
  readonly #end = AsyncLocalStorage.bind(() => {
    this.#isPlanned = false;
    const wasAlone = this.#waiting.length === 1;
    this.leave();
    // It has waited for nobody: the next one does not.
    if (wasAlone) this.#most = 1;
  });

  add(one: Departing): void {
    const count = this.#waiting.push(one);
    if (count === 1) this.#since = performance.now();
    if (count >= this.#most) this.leave();
    else if (!this.#isPlanned) {
      this.#isPlanned = true;
      setImmediate(this.#end);
    }
  }

  /** Lets all leave that wait. */
  leave(): void {
    const waiting = this.#waiting;
    if (!waiting.length) return;
    // Where an answer takes long to make, few wait for it.
    const isLate = performance.now() - this.#since > patience;
    this.#most = isLate ? Math.ceil(this.#most / 4) : Math.min(this.#most * 2, most);
    this.#waiting = [];
    for (const one of waiting) one.leave();
  }
}
