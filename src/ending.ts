import { key } from "./scope.ts";
import { later } from "./waiting.ts";

/**
 * The end of an app, or of one of its plugins, as those inside see it come: first what would go on for
 * ever is asked to end itself, later what still runs is given up.
 */
export class Ending {
  readonly #begun = new AbortController();
  readonly #over = new AbortController();
  /** Fires when the end begins: streams of events end, no more tasks are begun. */
  readonly begun: AbortSignal;
  /** Fires when the time is up for what still runs. */
  readonly over: AbortSignal;

  /** @param around whose end is also the end of this one: the app's, for a plugin */
  constructor(around?: Ending) {
    this.begun = around ? AbortSignal.any([around.begun, this.#begun.signal]) : this.#begun.signal;
    this.over = around ? AbortSignal.any([around.over, this.#over.signal]) : this.#over.signal;
  }

  /**
   * @param patience seconds until what still runs is given up; Infinity: never
   * @returns what ends the waiting, for when nothing runs any more
   */
  begin(patience: number): () => void {
    this.#begun.abort(new Error("It is about to end"));
    if (patience <= 0) this.giveUp();
    const timer = later(patience * 1000, () => this.giveUp())?.unref();
    return () => clearTimeout(timer);
  }

  /** For who sees before the timer that the time is up. */
  giveUp(): void {
    this.#over.abort(new Error("The time to end was up"));
  }
}

/** Found in every scope of an app: the plugin's ending, else the app's. */
export const endingKey = key<Ending>("nexus/ending");

/** Milliseconds for requests that were given up: who hears of it says what it leaves, and cleans up behind itself. */
export const lastMoment = 100;
