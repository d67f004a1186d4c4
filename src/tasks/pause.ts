import { longest } from "../waiting.ts";

/** A pause between two looks, which ends early when there is something to see. */
export class Pause {
  #isOver = false;
  #wake = (): void => {};

  /** From now on an end counts for the next pause. */
  begin(): void {
    this.#isOver = false;
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  take(milliseconds: number): Promise<void> {
    if (this.#isOver || milliseconds <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), Math.min(milliseconds, longest)).unref();
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
    });
  }
}
