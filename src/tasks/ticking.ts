import { randomUUID } from "node:crypto";
import type { Cron } from "croner";
import { messageOf, NexusError } from "../exceptions.ts";
import type { NewTask, Schedule } from "./engine.ts";
import { writeInput } from "./stored-input.ts";
import { type Task } from "./task.ts";
import { taskSpecError } from "./task-spec.ts";

interface TickInput {
  readonly json: string;
  readonly uniqueKey: string | null;
}

/** When a task ticks, and what it is then given. */
export class Ticking {
  readonly #cron: Cron;
  readonly #pattern: string;
  readonly #input: TickInput;

  private constructor(cron: Cron, pattern: string, input: TickInput) {
    this.#cron = cron;
    this.#pattern = pattern;
    this.#input = input;
  }

  /** @returns nothing for a task without `cron` @throws NX_TASK_SPEC */
  static async of(name: string, task: Task): Promise<Ticking | undefined> {
    const { cron, input: schema } = task.spec;
    if (cron === undefined) return undefined;
    const said = typeof cron === "string" ? { pattern: cron } : cron;
    const { pattern, timezone = "UTC", input = schema && {} } = said;
    const where = `"${name}" (${task.place})`;
    // Loaded only by those who have a schedule.
    const { Cron } = await import("croner");
    let parsed: Cron;
    try {
      // A zone by its name takes Intl, whose first use is a tenth of a start.
      const zone = timezone === "UTC" ? { utcOffset: 0 } : { timezone };
      parsed = new Cron(pattern, { ...zone, mode: "5-part" });
      if (!parsed.nextRun()) throw new Error("there is no such day");
    } catch (error) {
      const why = messageOf(error).replace(/\.$/, "");
      const what = `says cron: "${pattern}" in ${timezone}, which cannot be: ${why}`;
      const cure = 'Write five fields, as in "0 3 * * *", and a time zone as in "Europe/Berlin".';
      throw taskSpecError(where, what, cure, error);
    }
    try {
      return new Ticking(parsed, `${pattern} ${timezone}`, await writeInput(name, task, input));
    } catch (error) {
      if (!(error instanceof NexusError)) throw error;
      const cure = "Give cron: { pattern, input } an input that fits.";
      throw taskSpecError(
        where,
        "has a cron whose ticks give it an input that does not fit",
        cure,
        error,
      );
    }
  }

  schedule(name: string, now: number): Schedule {
    // A pattern that has ended does not tick again in this life.
    const next = this.#cron.nextRun(new Date(now)) ?? new Date(8.64e15);
    return { name, pattern: this.#pattern, next };
  }

  /** The task of a tick. */
  task(name: string, due: Date): NewTask {
    const { json, uniqueKey } = this.#input;
    return {
      id: randomUUID(),
      name,
      input: json,
      owner: null,
      key: null,
      uniqueKey,
      runAt: due,
      requestId: null,
    };
  }
}
