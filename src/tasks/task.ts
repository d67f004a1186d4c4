import { callSite, placeOf } from "../call-site.ts";
import type { None } from "../http/index.ts";
import type { Logger } from "../log.ts";
import type { In, Out, Schema } from "../validation/index.ts";
import { checkTaskSpec } from "./task-spec.ts";

/** Work that outlives the request and the process: it is stored, run, and run again when it fails. */
export interface Task<Input = unknown, Result = unknown> {
  readonly kind: "task";
  readonly spec: AnyTaskSpec;
  readonly handler: (context: TaskContext<never>) => unknown;
  /** Where it was declared: `file:line`. */
  readonly place: string;
  /** Only for the compiler. */
  readonly input?: (input: Input) => void;
  readonly result?: Result;
}

/** What a task's handler gets. */
export interface TaskContext<Input> {
  readonly id: string;
  /** What the schema made of the input. */
  readonly input: Input;
  /** 1 for the first one. */
  readonly attempt: number;
  /** Fires when the attempt is over for everybody else: cancelled, out of time, or at shutdown. */
  readonly signal: AbortSignal;
  /** The plugin's, with the task in each line. */
  readonly log: Logger;
  /**
   * Says how far it has come. Cheap: what comes more often than can be written is left out.
   * @param fraction from 0 to 1
   */
  readonly progress: (fraction: number, message?: string) => void;
}

export interface TaskSpec<I extends Schema = Schema, O extends Schema = Schema> {
  /** Checked when the task is created, and once more when it runs. */
  readonly input?: I;
  /** Checks and filters the result. */
  readonly output?: O;
  /** Further attempts after one that failed; default 0. */
  readonly retries?: number;
  /** Seconds before the first retry, twice as many before each next one, at most an hour; default 1. */
  readonly backoff?: number;
  /** Seconds that an attempt may take; default: as many as it wants. */
  readonly timeout?: number;
  /** How many run at a time, over all processes of one database; default 10. */
  readonly concurrency?: number;
  /** Creates one at each tick: five fields, in UTC. */
  readonly cron?: string | CronSpec<I>;
  /** While one of equal input, or of an equal text, is pending or running, no second one is made. */
  readonly unique?: true | ((input: InputOf<I>) => string);
}

export interface CronSpec<I extends Schema = Schema> {
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  readonly pattern: string;
  /** As `Europe/Berlin`; default UTC. */
  readonly timezone?: string;
  /** Default `{}`, or nothing where the task has no input. */
  readonly input?: In<I>;
}

/** A spec with its types forgotten. */
export interface AnyTaskSpec extends Omit<TaskSpec, "unique" | "cron"> {
  readonly cron?: string | (Omit<CronSpec, "input"> & { readonly input?: unknown });
  readonly unique?: true | ((input: never) => string);
}

type InputOf<I extends Schema> = [I] extends [None] ? undefined : Out<I>;
type Given<I extends Schema> = [I] extends [None] ? undefined : In<I>;
type Returned<O extends Schema, R> = [O] extends [None] ? R : In<O>;

/**
 * Declares a task, as a field of a plugin, of its routes, or of one of its services.
 *
 *     exportUsers = task({ input: z.object({ format: z.string() }), retries: 3 }, async ({ input, progress }) => …);
 *
 * It runs at least once: after a crash it begins anew.
 * @throws NX_TASK_SPEC
 */
export function task<I extends Schema = None, O extends Schema = None, R = unknown>(
  spec: TaskSpec<I, O>,
  handler: (context: TaskContext<InputOf<I>>) => Returned<O, R> | Promise<Returned<O, R>>,
): Task<Given<I>, [O] extends [None] ? Awaited<R> : Out<O>> {
  const place = placeOf(callSite(task));
  checkTaskSpec(spec, handler, place);
  return { kind: "task", spec, handler, place };
}

const brand = Symbol.for("nexus.TaskError");

export interface TaskErrorOptions extends ErrorOptions {
  /** Whether another attempt may help; default false. */
  readonly retry?: boolean;
}

/** Fails a task for good: `throw new TaskError("The file is gone")` is not tried again. */
export class TaskError extends Error {
  readonly [brand] = true;
  readonly retry: boolean;

  constructor(message: string, { retry = false, ...options }: TaskErrorOptions = {}) {
    super(message, options);
    this.name = "TaskError";
    this.retry = retry;
  }
}

/** Recognised by brand, so that two copies of this package understand each other's errors. */
export function isTaskError(error: unknown): error is TaskError {
  return typeof error === "object" && error !== null && brand in error;
}

export function isTask(value: unknown): value is Task {
  return (value as Partial<Task> | null | undefined)?.kind === "task";
}
