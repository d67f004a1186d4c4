import type { TaskFilter, TaskRecord } from "./status.ts";

/**
 * Where tasks are kept, and who may run which: one of them for each process, many on one store.
 * test/task-engine-contract.ts says what each has to hold.
 */
export interface TaskEngine {
  /** Whether other processes may work on the same store: what they do is seen only by looking. */
  readonly isShared: boolean;
  /** Brings the store up to date; before anything else. */
  open(): Promise<void>;
  /** Gives up what makes this one a worker; what it still holds is lost, and found by others. */
  close(): Promise<void>;

  /**
   * Keeps a new task, in the transaction that is open in the caller's scope if there is one.
   * @returns the id of the task that was there already, where `key` or `uniqueKey` say so
   */
  enqueue(task: NewTask): Promise<{ readonly id: string; readonly isNew: boolean }>;
  /** Runs `work` when what the caller's scope has written is there for everybody: at once, or after its transaction. */
  afterCommit(work: () => void): void;
  find(id: string): Promise<StoredTask | undefined>;
  /** The newest first, and how many there are without `limit` and `offset`. */
  list(
    filter: Omit<TaskFilter, "for">,
  ): Promise<{ readonly tasks: TaskRecord[]; readonly total: number }>;
  /** Ends a task that has not ended. @returns what it was, or `undefined` when there is none */
  cancel(id: string): Promise<{ readonly isDone: boolean; readonly task: TaskRecord } | undefined>;
  /** Forgets final ones that ended before. @returns how many */
  purge(before: Date): Promise<number>;
  /** Forgets a plugin's schedules, and its tasks that have not ended. */
  forget(plugin: string): Promise<void>;

  /** When the earliest pending task of each name may run; names without one are left out. */
  nextRuns(names: readonly string[]): Promise<ReadonlyMap<string, Date>>;
  /** Takes up to `most` pending tasks that are due, the earliest first, as long as fewer than `concurrency` run. */
  claim(
    name: string,
    limits: { readonly concurrency: number; readonly most: number },
  ): Promise<Claim[]>;
  /** Says that this worker lives. @returns the turns by id of all that it still holds */
  beat(): Promise<ReadonlyMap<string, number>>;
  /** Writes how far a claimed task has come. @returns false when it is not this claim's any more */
  report(claim: Turn, report: Report): Promise<boolean>;
  /** Ends a claim. @returns false, and changes nothing, when it is not this claim's any more */
  settle(claim: Turn, outcome: Outcome): Promise<boolean>;
  /** Gives back what dead workers held. @returns those given back, and those that were lost too often and have failed */
  recover(): Promise<{
    readonly pending: readonly string[];
    readonly failed: readonly TaskRecord[];
  }>;

  /** Keeps a schedule; a known one of equal pattern stays as it was. @returns when its next tick is due */
  schedule(schedule: Schedule): Promise<Date>;
  /**
   * Creates the task of a tick, for the first of all processes that asks.
   * @param due what `schedule` or the last `tick` returned
   * @returns when the next one is due, whoever made this one
   */
  tick(schedule: Schedule, due: Date, task: NewTask): Promise<Date>;
}

export interface NewTask {
  readonly id: string;
  /** `plugin.field`. */
  readonly name: string;
  /** JSON. */
  readonly input: string;
  readonly owner: string | null;
  /** At most one task of a name has it, as long as that one is kept. */
  readonly key: string | null;
  /** At most one pending or running task of a name has it. */
  readonly uniqueKey: string | null;
  readonly runAt: Date;
  /** The request that created it. */
  readonly requestId: string | null;
}

export interface StoredTask extends Pick<NewTask, "input" | "uniqueKey"> {
  readonly task: TaskRecord;
}

/** Names one claim of a task: a later one has a higher turn, and nobody settles another's. */
export interface Turn {
  readonly id: string;
  readonly turn: number;
}

export interface Claim extends Turn {
  readonly name: string;
  readonly input: string;
  readonly owner: string | null;
  readonly requestId: string | null;
  /** Which attempt it is; 1 for the first. */
  readonly attempt: number;
  /** How many attempts ended with their process. */
  readonly lost: number;
  readonly progress: number;
}

export interface Report {
  /** From 0 to 1; less than what was reported before changes nothing. */
  readonly progress: number;
  readonly message: string | null;
}

export type Outcome =
  /** `result` is JSON. */
  | ({ readonly status: "completed"; readonly result: string } & Partial<Report>)
  /** `isInternal`: the error was written for no reader. */
  | ({
      readonly status: "failed";
      readonly error: string;
      readonly isInternal?: boolean;
    } & Partial<Report>)
  /** To be tried again. */
  | ({ readonly status: "pending"; readonly runAt: Date } & Partial<Report>)
  /** Given back: the attempt does not count. */
  | ({ readonly status: "returned" } & Partial<Report>);

export interface Schedule {
  /** Of the task. */
  readonly name: string;
  /** Told apart by it: another text is another schedule. */
  readonly pattern: string;
  /** The next tick as seen from now. */
  readonly next: Date;
}

/** Attempts that may be lost with their process until the task fails. */
export const mostLost = 10;
export const lostError = `It was lost ${mostLost} times: each time the process that ran it ended.`;
/** Milliseconds after which a worker that says nothing is taken for dead. */
export const lease = 15_000;
/** Milliseconds between two signs of life. */
export const heartbeat = 2000;
