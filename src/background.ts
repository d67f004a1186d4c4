import type { Context } from "./context.ts";
import { perRequest } from "./dependency.ts";
import { currentLog } from "./log.ts";
import { key } from "./scope.ts";

/** Work for after the answer has left, in the order in which it was added. */
export class BackgroundTasks {
  readonly #work: (() => unknown)[] = [];

  static [perRequest](context: Context): BackgroundTasks {
    const known = context.find(backgroundKey);
    if (known) return known;
    const made = new BackgroundTasks();
    context.provide(backgroundKey, made);
    return made;
  }

  /** @param work a closure: `() => this.email.send(letter)` keeps its `this` */
  add(work: () => unknown): void {
    this.#work.push(work);
  }

  /** Forgets what was added: the handler failed. */
  clear(): void {
    this.#work.length = 0;
  }

  /** Runs what was added, one after the other; a failing one is logged, and the next ones still run. */
  async run(): Promise<void> {
    for (let work = this.#work.shift(); work; work = this.#work.shift()) {
      try {
        await work();
      } catch (error) {
        currentLog().error({ err: error }, "Background work failed");
      }
    }
  }
}

export const backgroundKey = key<BackgroundTasks>("nexus/BackgroundTasks");
