import { NexusError } from "../exceptions.ts";
import { later } from "../waiting.ts";

/** One at a time, first come first served. */
export class Turns {
  readonly #patience: number;
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  /** @param patience seconds that one waits at most; Infinity: for ever */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** Who has taken the turn gives it back. */
  async take(): Promise<void> {
    if (this.#taken) return this.#wait();
    this.#taken = true;
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken = false;
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = later(this.#patience * 1000, () => {
        this.#waiting.splice(this.#waiting.indexOf(next), 1);
        reject(this.#busy());
      });
      this.#waiting.push(next);
    });
  }

  #busy(): NexusError {
    return new NexusError(
      "NX_DATABASE_BUSY",
      `A query waited ${this.#patience} s for another request's transaction.`,
      { cure: "Do not wait for the network, or for another transaction, while one is open." },
    );
  }
}
