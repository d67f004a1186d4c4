import type { ChildProcess } from "node:child_process";
import type { ToApp } from "./dev-app.ts";

/** Milliseconds between two questions, and without an answer until something must be wrong. */
const pause = 1000;
const patience = { starting: 20_000, running: 5000 };

/**
 * Whether the process that serves still answers: it is asked now and then, and says of all it is told that
 * it has heard it. A loop without an end cannot be ended from within.
 */
export class Pulse {
  readonly #child: ChildProcess;
  readonly #timer: NodeJS.Timeout;
  /** What has been said and not been heard yet. */
  readonly #unheard: ToApp[] = [];
  #since = 0;
  #isStarting = true;
  #isStuck = false;

  /** @param stuck is called when it has not answered for too long, and again for as long as it does not */
  constructor(child: ChildProcess, stuck: (isFirst: boolean) => void) {
    this.#child = child;
    this.#timer = setInterval(() => {
      if (!this.#unheard.length) return this.say("ping");
      const { starting, running } = patience;
      if (performance.now() - this.#since < (this.#isStarting ? starting : running)) return;
      const isFirst = !this.#isStuck;
      this.#isStuck = true;
      stuck(isFirst);
    }, pause);
  }

  get isStuck(): boolean {
    return this.#isStuck;
  }

  /** Whether it has been told of a change that it has not heard of. */
  get isBehind(): boolean {
    return this.#unheard.some((message) => message !== "ping");
  }

  say(message: ToApp): void {
    if (!this.#unheard.length) this.#since = performance.now();
    this.#unheard.push(message);
    // One that ends hears nothing more.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  heard(): void {
    this.#unheard.shift();
    this.#since = performance.now();
    this.#isStarting = this.#isStuck = false;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
