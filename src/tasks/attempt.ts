import { setTimeout as sleep } from "node:timers/promises";
import { isHTTPException, messageOf } from "../exceptions.ts";
import { type Logger, logKey } from "../log.ts";
import { toJSON } from "../message/index.ts";
import type { Claim, Outcome, Report } from "./engine.ts";
import { Progress } from "./progress.ts";
import type { Registered } from "./registry.ts";
import { check, largest, readInput } from "./stored-input.ts";
import { internalError } from "./status.ts";
import { isTaskError, type TaskContext, TaskError } from "./task.ts";
import type { Schema } from "../validation/index.ts";

/** Milliseconds that a handler gets to end once its signal has fired. */
const grace = 500;
/** The longest pause before a retry, in seconds. */
const longestBackoff = 3600;
/** Characters that are kept of an error. */
const longestError = 2000;

export interface AttemptOptions {
  readonly registered: Registered;
  readonly claim: Claim;
  /** Writes how far it has come. */
  readonly report: (report: Report) => Promise<void>;
  readonly now: () => number;
}

/** What becomes of an attempt. */
interface Verdict {
  /** What is to be written; nothing when it is somebody else's matter by now. */
  readonly outcome: Outcome | undefined;
  /** What was thrown, if it was. */
  readonly error?: unknown;
}

/** One claimed task being run once. */
export class Attempt {
  readonly claim: Claim;
  readonly log: Logger;
  /** Resolves when the handler has ended, however late. */
  readonly ended: Promise<unknown>;
  readonly verdict: Promise<Verdict>;
  readonly #registered: Registered;
  readonly #now: () => number;
  readonly #controller = new AbortController();
  readonly #progress: Progress;
  /** Resolves when it was stopped from outside, and the handler has ended or used up its grace. */
  readonly #stopped = Promise.withResolvers<undefined>();
  #stopping: Verdict | undefined;
  #isWarned = false;

  constructor({ registered, claim, report, now }: AttemptOptions) {
    this.claim = claim;
    this.#registered = registered;
    this.#now = now;
    this.#progress = new Progress(claim.progress, report);
    const { id: task_id, name: task, attempt, requestId } = claim;
    const request = requestId === null ? {} : { request_id: requestId };
    this.log = registered.scope.get(logKey).child({ task, task_id, attempt, ...request });
    const work = this.#work();
    this.ended = work;
    this.verdict = this.#judge(work);
  }

  /** It is not this process's any more: cancelled, or taken for lost. */
  drop(why: string): void {
    this.#stop(why, { outcome: undefined });
  }

  /** The plugin ends: the task is given back, for somebody else or for later. */
  giveBack(): void {
    this.#stop("The plugin ends", { outcome: { status: "returned" } });
  }

  /** What the handler does after its grace is its own affair. */
  #stop(why: string, verdict: Verdict): void {
    if (this.#stopping) return;
    this.#stopping = verdict;
    this.#controller.abort(new Error(why));
    void Promise.race([this.ended, sleep(grace)]).then(() => this.#stopped.resolve(undefined));
  }

  async #judge(work: Promise<Verdict>): Promise<Verdict> {
    const own = await Promise.race([work, this.#stopped.promise]);
    await this.#progress.end();
    const isDone = own?.outcome?.status === "completed";
    // Who was to give it back, but has done it all the same, has done it.
    const isReturned = this.#stopping?.outcome?.status === "returned";
    const { outcome, error } = this.#stopping && !(isReturned && isDone) ? this.#stopping : own!;
    return { outcome: outcome && { ...this.#progress.last, ...outcome }, error };
  }

  /** Never throws. */
  async #work(): Promise<Verdict> {
    const { spec } = this.#registered.task;
    let timer: NodeJS.Timeout | undefined;
    try {
      const input = await readInput(spec.input, this.claim.input);
      if ("faults" in input) return failed(`Its input does not fit any more: ${input.faults}`);
      if (this.#stopping) return this.#stopping;
      if (spec.timeout !== undefined) {
        const error = new TaskError(`It took longer than ${spec.timeout} s`, { retry: true });
        const late = (): void => this.#stop(error.message, this.#failure(error));
        timer = setTimeout(late, spec.timeout * 1000).unref();
      }
      const result = await this.#handle(input.value);
      return await completed(spec.output, result);
    } catch (error) {
      return this.#failure(readable(error));
    } finally {
      clearTimeout(timer);
    }
  }

  /** In a scope of its own in the plugin's; what it defers is undone before it counts as ended. */
  async #handle(input: unknown): Promise<unknown> {
    const { task, scope: plugin, name } = this.#registered;
    const scope = plugin.child("call", `task ${name}`);
    scope.provide(logKey, this.log);
    const { claim, log } = this;
    const context: TaskContext<unknown> = {
      id: claim.id,
      input,
      attempt: claim.attempt,
      signal: this.#controller.signal,
      log,
      progress: (fraction, message) => {
        if (this.#progress.say(fraction, message) || this.#isWarned) return;
        this.#isWarned = true;
        log.warn({ fraction }, "progress() was given more than 1, which is all: say a fraction");
      },
    };
    return scope.run(async () => {
      try {
        // The handler's own type of input is what its schema makes.
        return await task.handler(context as TaskContext<never>);
      } finally {
        await scope.dispose().catch((error: unknown) => {
          log.error({ err: error }, "What a task left to undo failed");
        });
      }
    });
  }

  #failure(error: unknown): Verdict {
    const { retries = 0, backoff = 1 } = this.#registered.task.spec;
    const { attempt, lost } = this.claim;
    const failures = attempt - lost;
    const isFinal = isTaskError(error) && !error.retry;
    if (isFinal || failures > retries) return failed(messageOf(error), error, isInternal(error));
    const pause = Math.min(backoff * 2 ** (failures - 1), longestBackoff);
    const runAt = new Date(this.#now() + pause * 1000);
    const reason = isInternal(error) ? internalError : messageOf(error);
    const message = cut(`Attempt ${attempt} failed: ${reason}`);
    return { outcome: { status: "pending", runAt, message }, error };
  }
}

async function completed(output: Schema | undefined, result: unknown): Promise<Verdict> {
  const checked = output ? await check(output, result) : { value: result };
  if ("faults" in checked)
    return failed(`It returned what its output refuses: ${checked.faults}`, undefined, true);
  try {
    const result = toJSON(checked.value);
    if (result.length > largest) return failed(`Its result is longer than ${largest} characters`);
    return { outcome: { status: "completed", result } };
  } catch (error) {
    return failed(`It returned what JSON cannot say: ${messageOf(error)}`, error, true);
  }
}

function failed(reason: string, error?: unknown, isInternal = false): Verdict {
  return { outcome: { status: "failed", error: cut(reason), isInternal }, error };
}

/** Whether an error was written for no reader: anything but what a handler says on purpose. */
function isInternal(error: unknown): boolean {
  return !isTaskError(error) && !isHTTPException(error);
}

/** Anything may be thrown, also what has no text, and what throws when it is looked at. */
function readable(thrown: unknown): unknown {
  try {
    isInternal(thrown);
    if (typeof messageOf(thrown) === "string") return thrown;
  } catch {
    // As below.
  }
  return new Error("It threw what cannot be read");
}

function cut(text: string): string {
  return text.length > longestError ? `${text.slice(0, longestError)}…` : text;
}
