import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import type { Claim, NewTask, TaskEngine } from "../../src/tasks/engine.ts";

/** A store of tasks under test, empty at first. */
export interface Store {
  /** Another worker on it, open. */
  readonly worker: () => Promise<TaskEngine>;
  /** Milliseconds; all workers go by it. */
  readonly clock: { time: number };
  /** What `work` asks of the engine is kept when it returns, and undone when it throws. */
  readonly transaction: (engine: TaskEngine, work: () => Promise<void>) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A store with two workers, and what tests ask of them often. */
export type Bench = Awaited<ReturnType<typeof createBench>>;

export async function createBench(store: Store) {
  onTestFinished(() => store.close());
  const { clock, transaction } = store;
  const [a, b] = [await store.worker(), await store.worker()];
  const later = (ms: number) => new Date(clock.time + ms);
  const newTask = (more: Partial<NewTask> = {}): NewTask => ({
    id: randomUUID(),
    name: "p.t",
    input: '{"a":1}',
    owner: null,
    key: null,
    uniqueKey: null,
    runAt: later(0),
    requestId: null,
    ...more,
  });
  const both = () => [a, b] as const;
  return {
    a,
    b,
    both,
    clock,
    transaction,
    later,
    newTask,
    add: async (more: Partial<NewTask> = {}) => (await a.enqueue(newTask(more))).id,
    statusOf: async (id: string) => (await b.find(id))!.task,
    /** Both workers are asked many times at once. */
    race: (more: Partial<NewTask>) =>
      Promise.all(Array.from({ length: 20 }, (_, at) => both()[at % 2]!.enqueue(newTask(more)))),
  };
}

export const take = (engine: TaskEngine, most = 100, concurrency = 100): Promise<Claim[]> =>
  engine.claim("p.t", { concurrency, most });

export const takeOne = async (engine: TaskEngine): Promise<Claim> => (await take(engine, 1))[0]!;
