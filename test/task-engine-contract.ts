import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Claim,
  lease,
  lostError,
  mostLost,
  type NewTask,
  type TaskEngine,
} from "../src/tasks/engine.ts";

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

/** What every engine has to hold. */
export function describeEngine(name: string, open: () => Promise<Store>): void {
  let store: Store;
  let a: TaskEngine;
  let b: TaskEngine;
  beforeEach(async () => {
    store = await open();
    [a, b] = [await store.worker(), await store.worker()];
  });
  afterEach(() => store.close());

  const later = (ms: number) => new Date(store.clock.time + ms);
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
  const add = async (more: Partial<NewTask> = {}) => (await a.enqueue(newTask(more))).id;

  const statusOf = async (id: string) => (await b.find(id))!.task;
  const both = () => [a, b] as const;
  /** Both workers are asked many times at once. */
  const race = (more: Partial<NewTask>) =>
    Promise.all(Array.from({ length: 20 }, (_, at) => both()[at % 2]!.enqueue(newTask(more))));

  describe(name, () => {
    test("keeps a task as it was created", async () => {
      const id = await add({ owner: "ann", uniqueKey: "u", input: '"\\u0000"' });
      expect(await b.find(id)).toEqual({
        input: '"\\u0000"',
        uniqueKey: "u",
        task: {
          id,
          name: "p.t",
          status: "pending",
          progress: 0,
          message: null,
          result: null,
          error: null,
          attempts: 0,
          run_at: later(0),
          created_at: later(0),
          started_at: null,
          completed_at: null,
          owner: "ann",
        },
      });
      expect(await b.find(randomUUID())).toBeUndefined();
      expect(await b.find("no id at all")).toBeUndefined();
    });

    test("hands out what is due, the earliest first, and of equal ones the first that was created", async () => {
      const ids = [];
      for (const ms of [0, 0, -5, 5, 0]) ids.push(await add({ runAt: later(ms) }));
      const claims = await take(b);
      expect(claims.map(({ id }) => id)).toEqual([ids[2], ids[0], ids[1], ids[4]]);
      expect(claims[0]).toMatchObject({ name: "p.t", input: '{"a":1}', attempt: 1, lost: 0 });
    });

    test("hands out a delayed one when its time has come, and not before", async () => {
      await add({ runAt: later(1000) });
      expect(await a.nextRuns(["p.t", "p.other"])).toEqual(new Map([["p.t", later(1000)]]));
      store.clock.time += 999;
      expect(await take(b)).toEqual([]);
      store.clock.time += 1;
      expect(await take(b)).toHaveLength(1);
      expect(await a.nextRuns(["p.t"])).toEqual(new Map());
      expect(await a.nextRuns([])).toEqual(new Map());
    });

    test("hands out each task once, whoever asks at the same time", async () => {
      for (let count = 0; count < 60; count++) await add();
      const asked = Array.from({ length: 30 }, (_, at) => take(both()[at % 2]!, 3));
      const ids = (await Promise.all(asked)).flat().map(({ id }) => id);
      expect(ids).toHaveLength(60);
      expect(new Set(ids).size).toBe(60);
    });

    test("lets no more run at a time than it may, over all workers", async () => {
      for (let count = 0; count < 20; count++) await add();
      await add({ name: "p.other" });
      const asked = Array.from({ length: 10 }, (_, at) => take(both()[at % 2]!, 2, 5));
      const claims = (await Promise.all(asked)).flat();
      expect(claims).toHaveLength(5);
      expect(await b.claim("p.other", { concurrency: 1, most: 5 })).toHaveLength(1);
      await Promise.all(
        both().map((one) => one.settle(claims[0]!, { status: "completed", result: "1" })),
      );
      expect([...(await take(a, 9, 5)), ...(await take(b, 9, 5))]).toHaveLength(1);
      expect(await take(b, 9, 1)).toEqual([]);
    });

    test("writes how a task began and ended", async () => {
      const id = await add();
      store.clock.time += 10;
      const claim = await takeOne(a);
      expect(await statusOf(id)).toMatchObject({
        status: "running",
        attempts: 1,
        started_at: later(0),
        completed_at: null,
      });
      store.clock.time += 10;
      const outcome = {
        status: "completed",
        result: '{"n":[1,null]}',
        progress: 0.5,
        message: "end",
      } as const;
      expect(await a.settle(claim, outcome)).toBe(true);
      expect(await statusOf(id)).toMatchObject({
        status: "completed",
        result: { n: [1, null] },
        error: null,
        progress: 1,
        message: "end",
        started_at: later(-10),
        completed_at: later(0),
      });
    });

    test("tries again at the time that it is told, and keeps when the first attempt began", async () => {
      const id = await add();
      const begun = later(0);
      await a.settle(await takeOne(a), { status: "pending", runAt: later(50), message: "no luck" });
      expect(await statusOf(id)).toMatchObject({
        status: "pending",
        run_at: later(50),
        message: "no luck",
        error: null,
      });
      expect(await take(b)).toEqual([]);
      store.clock.time += 50;
      const second = await takeOne(b);
      expect(second).toMatchObject({ id, attempt: 2 });
      await b.settle(second, { status: "failed", error: "gone" });
      expect(await statusOf(id)).toMatchObject({
        status: "failed",
        error: "gone",
        result: null,
        attempts: 2,
        started_at: begun,
        progress: 0,
      });
    });

    test("does not count an attempt that is given back", async () => {
      const id = await add();
      await a.settle(await takeOne(a), { status: "returned", progress: 0.25 });
      expect(await statusOf(id)).toMatchObject({ status: "pending", attempts: 0, progress: 0.25 });
      expect(await takeOne(b)).toMatchObject({ id, attempt: 1, progress: 0.25 });
    });

    test("lets nobody write for a claim that is over", async () => {
      const id = await add();
      const old = await takeOne(a);
      await a.settle(old, { status: "returned" });
      const current = await takeOne(b);
      expect(current.attempt).toBe(old.attempt);
      const before = await statusOf(id);
      expect(await a.settle(old, { status: "completed", result: "1" })).toBe(false);
      expect(await a.settle(old, { status: "returned" })).toBe(false);
      expect(await a.report(old, { progress: 0.9, message: "old" })).toBe(false);
      expect(await statusOf(id)).toEqual(before);
      expect(await b.settle(current, { status: "completed", result: "2" })).toBe(true);
      expect(await b.settle(current, { status: "failed", error: "again" })).toBe(false);
    });

    test("never changes what has come to its end", async () => {
      const ends = {
        completed: (claim: Claim) => a.settle(claim, { status: "completed", result: "1" }),
        failed: (claim: Claim) => a.settle(claim, { status: "failed", error: "no" }),
        cancelled: ({ id }: Claim) => b.cancel(id),
      };
      for (const [status, end] of Object.entries(ends)) {
        const id = await add();
        const claim = await takeOne(a);
        await end(claim);
        const before = await statusOf(id);
        expect(before).toMatchObject({ status, completed_at: later(0) });
        store.clock.time += lease * 2;
        expect(await b.cancel(id)).toEqual({ isDone: false, task: before });
        expect(await a.settle(claim, { status: "pending", runAt: later(0) })).toBe(false);
        expect(await a.report(claim, { progress: 0.9, message: "late" })).toBe(false);
        await b.recover();
        expect(await take(b)).toEqual([]);
        expect(await statusOf(id)).toEqual(before);
      }
    });

    test("cancels what waits and what runs, and says so", async () => {
      const [waiting, running] = [await add({ runAt: later(99) }), await add()];
      await takeOne(a);
      for (const id of [waiting, running]) {
        const cancelled = await b.cancel(id);
        expect(cancelled).toMatchObject({ isDone: true, task: { id, status: "cancelled" } });
        expect(cancelled!.task).toEqual(await statusOf(id));
      }
      expect(await b.cancel(randomUUID())).toBeUndefined();
      store.clock.time += 99;
      expect(await take(a)).toEqual([]);
    });

    test("knows one end when a task is cancelled and settled at the same time", async () => {
      for (let round = 0; round < 20; round++) {
        const id = await add();
        const claim = await takeOne(a);
        const settle = () => a.settle(claim, { status: "completed", result: "1" });
        const cancel = async () => (await b.cancel(id))!.isDone;
        const [settled, cancelled] = await Promise.all(
          round % 2 ? [settle(), cancel()] : [cancel(), settle()].toReversed(),
        );
        expect(settled).toBe(!cancelled);
        expect((await statusOf(id)).status).toBe(cancelled ? "cancelled" : "completed");
      }
    });

    test("gives back what a worker held that is silent for as long as a lease", async () => {
      const id = await add();
      const lost = await takeOne(a);
      store.clock.time += lease;
      expect(await b.recover()).toEqual({ pending: [], failed: [] });
      store.clock.time += 1;
      expect(await a.recover(), "nobody takes from himself").toEqual({ pending: [], failed: [] });
      expect(await b.recover()).toEqual({ pending: [id], failed: [] });
      expect(await a.settle(lost, { status: "completed", result: "1" })).toBe(false);
      expect(await takeOne(b)).toMatchObject({ id, attempt: 2, lost: 1 });
    });

    test("leaves a worker what it holds as long as it gives signs of life", async () => {
      const id = await add();
      const { turn } = await takeOne(a);
      for (let beats = 0; beats < 3; beats++) {
        store.clock.time += lease - 1;
        expect(await a.beat()).toEqual(new Map([[id, turn]]));
      }
      expect(await b.beat()).toEqual(new Map());
      expect(await b.recover()).toEqual({ pending: [], failed: [] });
    });

    test("tells a worker by the next sign of life what is not its own any more", async () => {
      const [first] = [await add(), await add()];
      const [, second] = await take(a);
      await b.cancel(first);
      expect(await a.beat()).toEqual(new Map([[second!.id, second!.turn]]));
      await a.settle(second!, { status: "failed", error: "no" });
      expect(await a.beat()).toEqual(new Map());
    });

    test("fails a task that is lost too often", async () => {
      const id = await add();
      for (let times = 1; times <= mostLost; times++) {
        const [worker, other] = times % 2 ? [a, b] : [b, a];
        expect(await takeOne(worker)).toMatchObject({ attempt: times, lost: times - 1 });
        store.clock.time += lease + 1;
        const { pending, failed } = await other.recover();
        expect([pending.length, failed.length]).toEqual(times < mostLost ? [1, 0] : [0, 1]);
        if (failed.length) expect(failed).toEqual([await statusOf(id)]);
      }
      expect(await statusOf(id)).toMatchObject({
        status: "failed",
        error: lostError,
        completed_at: later(0),
      });
    });

    test("makes one task of many with one unique key, until that one has ended", async () => {
      const made = await race({ uniqueKey: "u" });
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
      expect((await b.enqueue(newTask({ uniqueKey: "u", name: "p.other" }))).isNew).toBe(true);
      const claim = await takeOne(a);
      const known = { id: claim.id, isNew: false };
      expect(await b.enqueue(newTask({ uniqueKey: "u" }))).toEqual(known);
      await a.settle(claim, { status: "pending", runAt: later(9) });
      expect(await b.enqueue(newTask({ uniqueKey: "u" }))).toEqual(known);
      await b.cancel(claim.id);
      const again = await race({ uniqueKey: "u" });
      expect(new Set(again.map(({ id }) => id)).size).toBe(1);
      expect(again[0]!.id).not.toBe(claim.id);
    });

    test("makes one task of many with one key, whatever becomes of it", async () => {
      const made = await race({ key: "k" });
      expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      expect((await b.enqueue(newTask({ key: "k", name: "p.other" }))).isNew).toBe(true);
      const known = { id: made[0]!.id, isNew: false };
      await b.cancel(known.id);
      expect(await a.enqueue(newTask({ key: "k" }))).toEqual(known);
      expect(await a.enqueue(newTask({ key: "k", uniqueKey: "u" }))).toEqual(known);
    });

    test("creates a task with its transaction, or not at all", async () => {
      const told: string[] = [];
      const [kept, undone] = [newTask(), newTask({ key: "k" })];
      await store.transaction(a, async () => {
        await a.enqueue(kept);
        a.afterCommit(() => told.push("kept"));
        expect((await a.find(kept.id))?.task.status).toBe("pending");
        expect(await b.find(kept.id)).toBeUndefined();
        expect(told).toEqual([]);
      });
      expect(told).toEqual(["kept"]);
      const failing = store.transaction(a, async () => {
        await a.enqueue(undone);
        a.afterCommit(() => told.push("undone"));
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await b.find(undone.id)).toBeUndefined();
      expect((await b.enqueue({ ...undone, id: randomUUID() })).isNew).toBe(true);
      a.afterCommit(() => told.push("at once"));
      expect(told).toEqual(["kept", "at once"]);
    });

    test("lets progress go forward only, over attempts too", async () => {
      const id = await add();
      const first = await takeOne(a);
      expect(await a.report(first, { progress: 0.5, message: "half" })).toBe(true);
      await a.report(first, { progress: 0.25, message: "back" });
      expect(await statusOf(id)).toMatchObject({ progress: 0.5, message: "back" });
      await a.settle(first, { status: "pending", runAt: later(0), progress: 0.75 });
      const second = await takeOne(b);
      expect(second.progress).toBe(0.75);
      await b.report(second, { progress: 0.25, message: null });
      expect(await statusOf(id)).toMatchObject({ progress: 0.75, message: null });
      await b.settle(second, { status: "failed", error: "no", progress: 0.5 });
      expect((await statusOf(id)).progress).toBe(0.75);
    });

    test("lists the newest first, filtered and in pieces", async () => {
      const plain = await add({ owner: "ann" });
      store.clock.time += 1000;
      const other = await add({ name: "p.q.t", owner: "bob", runAt: later(9) });
      const third = await add();
      await takeOne(a);
      const list = async (filter: Parameters<TaskEngine["list"]>[0] = {}) => {
        const { tasks, total } = await b.list(filter);
        return [tasks.map(({ id }) => id), total];
      };
      expect(await list()).toEqual([[third, other, plain], 3]);
      expect(await list({ limit: 1, offset: 1 })).toEqual([[other], 3]);
      expect(await list({ status: "running" })).toEqual([[plain], 1]);
      expect(await list({ status: ["pending", "failed"] })).toEqual([[third, other], 2]);
      expect(await list({ status: [] })).toEqual([[], 0]);
      expect(await list({ name: "p.t" })).toEqual([[third, plain], 2]);
      expect(await list({ plugin: "p" })).toEqual([[third, plain], 2]);
      expect(await list({ plugin: "p.q" })).toEqual([[other], 1]);
      expect(await list({ owner: "bob" })).toEqual([[other], 1]);
      expect(await list({ since: later(0) })).toEqual([[third, other], 2]);
      expect(await list({ until: later(0) })).toEqual([[plain], 1]);
      expect((await b.list({ owner: "ann" })).tasks).toEqual([await statusOf(plain)]);
    });

    test("forgets what ended before, and nothing else", async () => {
      const [old, cancelled, running] = [await add(), await add(), await add()];
      const [first] = await take(a, 1);
      await a.settle(first!, { status: "completed", result: "1" });
      await b.cancel(cancelled);
      await takeOne(a);
      store.clock.time += 1000;
      const recent = await add();
      await b.cancel(recent);
      const waiting = await add();
      expect(await a.purge(later(0))).toBe(2);
      const { tasks } = await b.list({});
      expect(tasks.map(({ id }) => id)).toEqual([waiting, recent, running]);
      expect(await b.find(old)).toBeUndefined();
    });

    test("makes one task of a tick, whoever asks", async () => {
      const due = later(1000);
      for (const one of both()) expect(await one.schedule(tickOf(due))).toEqual(due);
      store.clock.time += 1000;
      const next = later(1000);
      const asked = Array.from({ length: 10 }, (_, at) =>
        both()[at % 2]!.tick(tickOf(next), due, newTask()),
      );
      for (const answer of await Promise.all(asked)) expect(answer).toEqual(next);
      expect((await b.list({})).total).toBe(1);
      expect(await a.tick(tickOf(later(2000)), next, newTask())).toEqual(later(2000));
      expect((await b.list({})).total).toBe(2);
    });

    test("keeps when a schedule is due until its pattern changes", async () => {
      const due = await a.schedule({ name: "p.t", pattern: "old", next: later(0) });
      store.clock.time += 5000;
      expect(await b.schedule({ name: "p.t", pattern: "old", next: later(9) })).toEqual(due);
      expect(await b.schedule({ name: "p.t", pattern: "new", next: later(9) })).toEqual(later(9));
    });
  });
}

const tickOf = (next: Date) => ({ name: "p.t", pattern: "every second", next });

const take = (engine: TaskEngine, most = 100, concurrency = 100) =>
  engine.claim("p.t", { concurrency, most });

const takeOne = async (engine: TaskEngine): Promise<Claim> => (await take(engine, 1))[0]!;
