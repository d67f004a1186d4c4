import { heartbeat, type TaskEngine } from "./engine.ts";
import type { Logger } from "../log.ts";
import type { TaskStatus } from "./status.ts";

/** Milliseconds that final tasks are kept, and between two clearances. */
const kept = 30 * 24 * 3600_000;
const clearance = 3600_000;

export type Ended = Pick<TaskStatus, "id" | "name" | "owner">;

/** Who is told of what happens to tasks. */
export interface Told {
  readonly log: Logger;
  /** Something about it is different. */
  readonly changed: (id: string) => void;
  /** It has come to its end. */
  readonly ended: (task: Ended, how: "completed" | "failed") => void;
}

/** What a worker does from time to time: takes back what dead ones held, and forgets what is long over. */
export class Upkeep {
  readonly #engine: TaskEngine;
  readonly #now: () => number;
  readonly #told: Told;
  #nextClearance = 0;
  #next = 0;

  constructor(engine: TaskEngine, now: () => number, told: Told) {
    this.#engine = engine;
    this.#now = now;
    this.#told = told;
  }

  /** When it is due again; a clock that was set back does not put it off. */
  get next(): number {
    const now = this.#now();
    return this.#next - now > heartbeat ? now : this.#next;
  }

  /** @param beat gives the worker's own sign of life */
  async run(beat: () => Promise<void>): Promise<void> {
    await beat();
    if (this.#engine.isShared) await this.#recover();
    if (this.#now() >= this.#nextClearance) {
      await this.#engine.purge(new Date(this.#now() - kept));
      this.#nextClearance = this.#now() + clearance;
    }
    this.#next = this.#now() + heartbeat;
  }

  async #recover(): Promise<void> {
    const { pending, failed } = await this.#engine.recover();
    const count = pending.length + failed.length;
    if (count) this.#told.log.warn({ count }, "Tasks were lost with the process that ran them");
    for (const id of pending) this.#told.changed(id);
    for (const task of failed) {
      this.#told.changed(task.id);
      this.#told.ended(task, "failed");
    }
  }
}
