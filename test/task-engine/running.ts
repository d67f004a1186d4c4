import { expect, test } from "vitest";
import { type Bench, take, takeOne } from "./bench.ts";

/** How tasks are handed out, and what their claims may write. */
export function describeRunning(open: () => Promise<Bench>): void {
  test("hands out what is due, the earliest first, and of equal ones the first that was created", async () => {
    const { b, later, add } = await open();
    const ids = [];
    for (const ms of [0, 0, -5, 5, 0]) ids.push(await add({ runAt: later(ms) }));
    const claims = await take(b);
    expect(claims.map(({ id }) => id)).toEqual([ids[2], ids[0], ids[1], ids[4]]);
    expect(claims[0]).toMatchObject({ name: "p.t", input: '{"a":1}', attempt: 1, lost: 0 });
  });

  test("hands out a delayed one when its time has come, and not before", async () => {
    const { a, b, clock, later, add } = await open();
    await add({ runAt: later(1000) });
    expect(await a.nextRuns(["p.t", "p.other"])).toEqual(new Map([["p.t", later(1000)]]));
    clock.time += 999;
    expect(await take(b)).toEqual([]);
    clock.time += 1;
    expect(await take(b)).toHaveLength(1);
    expect(await a.nextRuns(["p.t"])).toEqual(new Map());
    expect(await a.nextRuns([])).toEqual(new Map());
  });

  test("hands out each task once, whoever asks at the same time", async () => {
    const { add, both } = await open();
    for (let count = 0; count < 60; count++) await add();
    const asked = Array.from({ length: 30 }, (_, at) => take(both()[at % 2]!, 3));
    const ids = (await Promise.all(asked)).flat().map(({ id }) => id);
    expect(ids).toHaveLength(60);
    expect(new Set(ids).size).toBe(60);
  });

  test("lets no more run at a time than it may, over all workers", async () => {
    const { a, b, add, both } = await open();
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
    const { a, clock, later, add, statusOf } = await open();
    const id = await add();
    clock.time += 10;
    const claim = await takeOne(a);
    expect(await statusOf(id)).toMatchObject({
      status: "running",
      attempts: 1,
      started_at: later(0),
      completed_at: null,
    });
    clock.time += 10;
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
    const { a, b, clock, later, add, statusOf } = await open();
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
    clock.time += 50;
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
    const { a, b, add, statusOf } = await open();
    const id = await add();
    await a.settle(await takeOne(a), { status: "returned", progress: 0.25 });
    expect(await statusOf(id)).toMatchObject({ status: "pending", attempts: 0, progress: 0.25 });
    expect(await takeOne(b)).toMatchObject({ id, attempt: 1, progress: 0.25 });
  });

  test("lets nobody write for a claim that is over", async () => {
    const { a, b, add, statusOf } = await open();
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

  test("lets progress go forward only, over attempts too", async () => {
    const { a, b, later, add, statusOf } = await open();
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
}
