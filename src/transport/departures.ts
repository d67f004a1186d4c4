import { AsyncLocalStorage } from "node:async_hooks";

/** What holds answers back until it is told to let them leave. */
export interface Departing {
  leave(): void;
}

// As it is when the server loads: a test that fakes timers would stop it.
const { setImmediate } = globalThis;

/** Milliseconds in which those that wait for each other have to be made. */
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
  /** In this turn of the event loop. */
  #count = 0;
  #isPlanned = false;
  /** Not in the context of the request that came first. */
  readonly #end = AsyncLocalStorage.bind(() => {
    this.#isPlanned = false;
    this.leave();
    // It has waited for nobody: the next one does not.
    if (this.#count === 1) this.#most = 1;
    this.#count = 0;
  });

  /**
   * A request begins, and may be answered in this turn of the event loop. Its answer leaves before what its
   * handler leaves for later (`setImmediate`).
   */
  expect(): void {
    if (this.#most > 1) this.#plan();
  }

  add(one: Departing): void {
    this.#count++;
    const waiting = this.#waiting.push(one);
    if (waiting === 1) this.#since = performance.now();
    if (waiting >= this.#most) this.leave();
    this.#plan();
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

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(this.#end);
  }
}

/** Those of this process: it has one event loop. */
export const departures: Departures = new Departures();
// Who ends the process behind an answer does not take that with him.
process.on("exit", () => departures.leave());
