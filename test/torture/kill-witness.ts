import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "./connection.ts";

/** Rows that a client adds, one after the other. */
export class Rows {
  readonly acknowledged: number[] = [];
  /** Whether some were taken after others were not. */
  isResumed = false;
  readonly #connection: Connection;
  #isRefused = false;
  #last = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async add(): Promise<void> {
    const n = ++this.#last;
    const { status } = await this.#connection.ask(`/ledger/rows/${n}`, { method: "POST" });
    if (status === 200) {
      this.acknowledged.push(n);
      this.isResumed = this.#isRefused;
      return;
    }
    // It is stopped for a moment.
    if (status !== 503) throw new Error(`A row was answered by ${status}`);
    this.#isRefused = true;
  }

  /** Until the process is gone. */
  async keepAdding(): Promise<void> {
    for (;;) {
      try {
        await this.add();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
        return;
      }
      await sleep(1);
    }
  }
}

/** What has become of an upgrade by now. */
export class Outcome {
  isOver = false;
  #refusal: unknown;

  static of(upgrade: Promise<unknown>): Outcome {
    const outcome = new Outcome();
    upgrade
      .catch((error: unknown) => (outcome.#refusal = error))
      .finally(() => (outcome.isOver = true));
    return outcome;
  }

  /** @throws when it was refused */
  isDone(): boolean {
    if (this.#refusal) throw this.#refusal;
    return this.isOver;
  }
}

/** What starts have logged of what was cut short. */
export class Said {
  readonly #lines: readonly string[];
  readonly #isAll: boolean;

  /** @param isAll none of them was killed, perhaps before it could say it */
  constructor(lines: readonly string[], isAll: boolean) {
    this.#lines = lines.filter((line) => line.includes("cut short"));
    this.#isAll = isAll;
  }

  mustName(version: string): void {
    const isSaid = this.#lines.length > 0 || !this.#isAll;
    if (isSaid && this.#lines.every((line) => line.includes(`it runs ${version}`))) return;
    throw new Error(`It runs ${version}, and the log says ${this.#lines.join("\n") || "nothing"}`);
  }

  mustBeSilent(): void {
    if (!this.#lines.length) return;
    throw new Error(`Nothing was cut short, and the log says ${this.#lines.join("\n")}`);
  }
}
