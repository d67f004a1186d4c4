import type { Identity } from "../auth/index.ts";

export const taskStates = ["pending", "running", "completed", "failed", "cancelled"] as const;
export type TaskState = (typeof taskStates)[number];

export function isTaskState(text: string): text is TaskState {
  return (taskStates as readonly string[]).includes(text);
}

/** The last three are final: a task that has come to one of them never changes again. */
export function isFinal(state: TaskState): boolean {
  return state !== "pending" && state !== "running";
}

/** What is known of a task. */
export interface TaskStatus<Result = unknown> {
  readonly id: string;
  /** `plugin.field`, as in `my-plugin.exportData`. */
  readonly name: string;
  /** A delayed one, and one that waits for its next attempt, is pending. */
  readonly status: TaskState;
  /** From 0 to 1; it never goes back, and 1 is only for completed ones. */
  readonly progress: number;
  readonly message: string | null;
  /** Of a completed one, as JSON has it; `null` until then. */
  readonly result: Result | null;
  /** Why it failed, of a failed one. Its owner reads only what a TaskError or an HTTPException says. */
  readonly error: string | null;
  /** How many were begun; one that a shutdown gave back does not count. */
  readonly attempts: number;
  /** When the next attempt may begin, or when the last one might have. */
  readonly run_at: Date;
  readonly created_at: Date;
  /** When the first attempt began. */
  readonly started_at: Date | null;
  /** When it came to a final state, whichever. */
  readonly completed_at: Date | null;
  /** Whose it is, as `createTask` was told. */
  readonly owner: string | null;
}

/** What is left of a value that went through JSON: of a Date a text, of a bigint a number. */
export type AsJSON<T> = unknown extends T
  ? T
  : T extends { toJSON(): infer Text }
    ? Text
    : T extends bigint
      ? number
      : T extends object
        ? { [Name in keyof T]: AsJSON<T[Name]> }
        : T;

/** A task as it is kept. */
export interface TaskRecord extends TaskStatus {
  /** Its error was written for no reader: it may tell of files and queries. */
  readonly isInternal: boolean;
}

/** Who asks: a user of the request. */
export type Viewer = Pick<Identity, "id" | "hasPermission">;

export interface ViewOptions {
  /**
   * Who asks; `undefined` is anybody. A task with an owner is there only for that one and for whoever
   * may `admin:tasks`, one without for everybody who knows its id. Not said, the asker is trusted.
   */
  readonly for?: Viewer | undefined;
}

export interface TaskFilter extends ViewOptions {
  readonly status?: TaskState | readonly TaskState[] | undefined;
  /** `plugin.field`. */
  readonly name?: string | undefined;
  readonly plugin?: string | undefined;
  readonly owner?: string | undefined;
  /** Created then or later. */
  readonly since?: Date | undefined;
  /** Created before. */
  readonly until?: Date | undefined;
  /** Default 20. */
  readonly limit?: number | undefined;
  /** How many of the newest to leave out; default 0. */
  readonly offset?: number | undefined;
}

export interface TaskList {
  /** The newest first. */
  readonly tasks: TaskStatus[];
  /** How many the filter lets through, without `limit` and `offset`. */
  readonly total: number;
}

/** What somebody may see of a task: nothing of one that is somebody else's. */
export function viewOf(record: TaskRecord, options: ViewOptions): TaskStatus | undefined {
  const { isInternal, ...task } = record;
  if (!("for" in options) || options.for?.hasPermission(adminPermission)) return task;
  if (task.owner !== null && task.owner !== options.for?.id) return undefined;
  return isInternal ? { ...task, error: internalError } : task;
}

/** What stands for an error that is for the log. */
export const internalError = "Something went wrong";

export const adminPermission = "admin:tasks";
