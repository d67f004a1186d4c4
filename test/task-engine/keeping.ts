import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { type TaskEngine } from "../../src/tasks/engine.ts";
import { type Bench, takeOne } from "./bench.ts";

/** How tasks are created, kept and found. */
export function describeKeeping(open: () => Promise<Bench>): void {
  test("keeps a task as it was created", async () => {
    const { b, later, add } = await open();
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
        isInternal: false,
      },
    });
    expect(await b.find(randomUUID())).toBeUndefined();
    expect(await b.find("no id at all")).toBeUndefined();
  });

  test("makes one task of many with one unique key, until that one has ended", async () => {
    const { a, b, later, newTask, race } = await open();
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
    const { a, b, newTask, race } = await open();
    const made = await race({ key: "k" });
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect((await b.enqueue(newTask({ key: "k", name: "p.other" }))).isNew).toBe(true);
    const known = { id: made[0]!.id, isNew: false };
    await b.cancel(known.id);
    expect(await a.enqueue(newTask({ key: "k" }))).toEqual(known);
    expect((await b.enqueue(newTask({ uniqueKey: "u" }))).isNew).toBe(true);
    expect(await a.enqueue(newTask({ key: "k", uniqueKey: "u" })), "key before uniqueKey").toEqual(
      known,
    );
  });

  test("creates a task with its transaction, or not at all", async () => {
    const { a, b, transaction, newTask } = await open();
    const told: string[] = [];
    const [kept, undone] = [newTask(), newTask({ key: "k" })];
    await transaction(a, async () => {
      await a.enqueue(kept);
      a.afterCommit(() => told.push("kept"));
      expect((await a.find(kept.id))?.task.status).toBe("pending");
      expect(await b.find(kept.id)).toBeUndefined();
      expect(told).toEqual([]);
    });
    expect(told).toEqual(["kept"]);
    const failing = transaction(a, async () => {
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

  test("lists the newest first, filtered and in pieces", async () => {
    const { a, b, clock, later, add, statusOf } = await open();
    const plain = await add({ owner: "ann" });
    clock.time += 1000;
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

  test("makes one task of a tick, whoever asks", async () => {
    const { a, b, clock, later, newTask, both } = await open();
    const due = later(1000);
    for (const one of both()) expect(await one.schedule(tickOf(due))).toEqual(due);
    clock.time += 1000;
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
    const { a, b, clock, later } = await open();
    const due = await a.schedule({ name: "p.t", pattern: "old", next: later(0) });
    clock.time += 5000;
    expect(await b.schedule({ name: "p.t", pattern: "old", next: later(9) })).toEqual(due);
    expect(await b.schedule({ name: "p.t", pattern: "new", next: later(9) })).toEqual(later(9));
  });

  test("forgets a plugin's schedules, and its tasks that have not ended", async () => {
    const { a, b, later, add } = await open();
    const [ended, , kept] = [
      await add({ name: "p.t" }),
      await add({ name: "p.t", runAt: later(99) }),
      await add({ name: "pp.t" }),
    ];
    await b.cancel(ended);
    for (const name of ["p.t", "pp.t"]) await a.schedule({ name, pattern: "old", next: later(0) });
    await a.forget("p");
    const { tasks } = await b.list({});
    expect(tasks.map(({ id }) => id)).toEqual([kept, ended]);
    const next = later(9);
    expect(await b.schedule({ name: "p.t", pattern: "old", next })).toEqual(next);
    expect(await b.schedule({ name: "pp.t", pattern: "old", next })).toEqual(later(0));
  });
}

const tickOf = (next: Date) => ({ name: "p.t", pattern: "every second", next });
