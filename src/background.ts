import type { Context } from "./context.ts";
import { perRequest } from "./dependency.ts";
import { endingKey } from "./ending.ts";
import { NexusError } from "./exceptions.ts";
import { currentLog } from "./log.ts";
import { findScope, key } from "./scope.ts";
import { untilAborted } from "./waiting.ts";

/** Seconds after which the log says that a piece still runs. */
const slow = 10;

interface Piece {
  /** Counted from 1. */
  readonly piece: number;
  readonly name: string | undefined;
  readonly work: () => unknown;
}

/** Work for after the answer has left, in the order in which it was added. */
export class BackgroundTasks {
  readonly #pieces: Piece[] = [];
  #added = 0;
  #running: Piece | undefined;
  #isOver = false;

  static [perRequest](context: Context): BackgroundTasks {
    const known = context.find(backgroundKey);
    if (known) return known;
    const made = new BackgroundTasks();
    context.provide(backgroundKey, made);
    return made;
  }

  /**
   * @param work a closure: `() => this.email.send(letter)` keeps its `this`
   * @throws NX_BACKGROUND_OVER once all of the request's work is done
   */
  add(work: () => unknown): void;
  /** @param name what the log calls it */
  add(name: string, work: () => unknown): void;
  add(...[first, second]: [work: () => unknown] | [name: string, work: () => unknown]): void {
    if (this.#isOver)
      throw new NexusError("NX_BACKGROUND_OVER", "Background work was added after the request.", {
        cure: "Nobody would do it: await what adds it in the handler, or create a task.",
      });
    const [name, work] = typeof first === "string" ? [first, second!] : [undefined, first];
    if (typeof work !== "function")
      throw new NexusError(
        "NX_BACKGROUND_WORK",
        "Background work is a function, and this is none.",
        {
          cure: "Write background.add(() => this.email.send(letter)): with the arrow it waits for its turn.",
        },
      );
    this.#pieces.push({ piece: ++this.#added, name, work });
  }

  /** Forgets what was added: the handler failed. */
  clear(): void {
    this.#pieces.length = 0;
  }

  /**
   * Does what was added, one after the other; a failing one is logged, and the next ones are still
   * done. Resolves at the latest when the app gives up what still runs.
   */
  async run(): Promise<void> {
    const over = this.#pieces.length ? findScope()?.find(endingKey)?.over : undefined;
    await (over ? untilAborted(over, this.#runAll(over)) : this.#runAll());
    this.#isOver = true;
    const left = this.#pieces.length + (this.#running ? 1 : 0);
    if (!left) return;
    const names = [this.#running, ...this.#pieces].flatMap((piece) => piece?.name ?? []);
    currentLog().error(
      { pieces: left, begun: this.#running?.piece, ...(names.length && { names }) },
      "Background work was given up: the app has ended",
    );
    this.clear();
  }

  async #runAll(over?: AbortSignal): Promise<void> {
    const next = (): Piece | undefined => (over?.aborted ? undefined : this.#pieces.shift());
    for (this.#running = next(); this.#running; this.#running = next())
      await this.#do(this.#running);
  }

  async #do({ piece, name, work }: Piece): Promise<void> {
    const about = { piece, ...(name !== undefined && { name }) };
    const log = currentLog();
    const begun = performance.now();
    const complain = (): void => log.warn(about, `Background work still runs after ${slow} s`);
    const timer = setTimeout(complain, slow * 1000).unref();
    try {
      await work();
      log.info({ ...about, ms: Math.round(performance.now() - begun) }, "Background work done");
    } catch (error) {
      log.error({ ...about, err: error }, "Background work failed");
    } finally {
      clearTimeout(timer);
    }
  }
}

export const backgroundKey = key<BackgroundTasks>("nexus/BackgroundTasks");
