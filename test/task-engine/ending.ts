import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { type Claim, lease, lostError, mostLost } from "../../src/tasks/engine.ts";
import { type Bench, take, takeOne } from "./bench.ts";

/** How tasks end, whoever ends first. */
export function describeEnding(open: () => Promise<Bench>): void {
  test("never changes what has come to its end", async () => {
    const { a, b, clock, later, add, statusOf } = await open();
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
      clock.time += lease * 2;
      expect(await b.cancel(id)).toEqual({ isDone: false, task: before });
      expect(await a.settle(claim, { status: "pending", runAt: later(0) })).toBe(false);
      expect(await a.report(claim, { progress: 0.9, message: "late" })).toBe(false);
      await b.recover();
      expect(await take(b)).toEqual([]);
      expect(await statusOf(id)).toEqual(before);
    }
  });

  test("cancels what waits and what runs, and says so", async () => {
    const { a, b, clock, later, add, statusOf } = await open();
    const [waiting, running] = [await add({ runAt: later(99) }), await add()];
    await takeOne(a);
    for (const id of [waiting, running]) {
      const cancelled = await b.cancel(id);
      expect(cancelled).toMatchObject({ isDone: true, task: { id, status: "cancelled" } });
      expect(cancelled!.task).toEqual(await statusOf(id));
    }
    expect(await b.cancel(randomUUID())).toBeUndefined();
    clock.time += 99;
    expect(await take(a)).toEqual([]);
  });

  test("lets no task end before it was created, though the clock is set back", async () => {
    const { a, b, clock, later, add, statusOf } = await open();
    const [settled, cancelled] = [await add(), await add()];
    const claim = await takeOne(a);
    const created_at = later(0);
    clock.time -= 3600_000;
    await a.settle(claim, { status: "completed", result: "1" });
    await b.cancel(cancelled);
    for (const id of [settled, cancelled])
      expect(await statusOf(id)).toMatchObject({ created_at, completed_at: created_at });
  });

  test("knows one end when a task is cancelled and settled at the same time", async () => {
    const { a, b, add, statusOf } = await open();
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
    const { a, b, clock, add } = await open();
    const id = await add();
    const lost = await takeOne(a);
    clock.time += lease;
    expect(await b.recover()).toEqual({ pending: [], failed: [] });
    clock.time += 1;
    expect(await a.recover(), "nobody takes from himself").toEqual({ pending: [], failed: [] });
    expect(await b.recover()).toEqual({ pending: [id], failed: [] });
    expect(await a.settle(lost, { status: "completed", result: "1" })).toBe(false);
    expect(await takeOne(b)).toMatchObject({ id, attempt: 2, lost: 1 });
  });

  test("takes from silent workers, and never from the one that asks", async () => {
    const { a, b, clock, add } = await open();
    const [mine, other] = [await add(), await add()];
    await takeOne(a);
    await takeOne(b);
    clock.time += lease + 1;
    expect(await a.recover()).toEqual({ pending: [other], failed: [] });
    expect([...(await a.beat()).keys()]).toEqual([mine]);
  });

  test("leaves a worker what it holds as long as it gives signs of life", async () => {
    const { a, b, clock, add } = await open();
    const id = await add();
    const { turn } = await takeOne(a);
    for (let beats = 0; beats < 3; beats++) {
      clock.time += lease - 1;
      expect(await a.beat()).toEqual(new Map([[id, turn]]));
    }
    expect(await b.beat()).toEqual(new Map());
    expect(await b.recover()).toEqual({ pending: [], failed: [] });
  });

  test("tells a worker by the next sign of life what is not its own any more", async () => {
    const { a, b, add } = await open();
    const [first] = [await add(), await add()];
    const [, second] = await take(a);
    await b.cancel(first);
    expect(await a.beat()).toEqual(new Map([[second!.id, second!.turn]]));
    await a.settle(second!, { status: "failed", error: "no" });
    expect(await a.beat()).toEqual(new Map());
  });

  test("fails a task that is lost too often", async () => {
    const { a, b, clock, later, add, statusOf } = await open();
    const id = await add();
    for (let times = 1; times <= mostLost; times++) {
      const [worker, other] = times % 2 ? [a, b] : [b, a];
      expect(await takeOne(worker)).toMatchObject({ attempt: times, lost: times - 1 });
      clock.time += lease + 1;
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

  test("forgets what ended before, and nothing else", async () => {
    const { a, b, clock, later, add } = await open();
    const [old, cancelled, running] = [await add(), await add(), await add()];
    const [first] = await take(a, 1);
    await a.settle(first!, { status: "completed", result: "1" });
    await b.cancel(cancelled);
    await takeOne(a);
    clock.time += 1000;
    const recent = await add();
    await b.cancel(recent);
    const waiting = await add();
    expect(await a.purge(later(0))).toBe(2);
    const { tasks } = await b.list({});
    expect(tasks.map(({ id }) => id)).toEqual([waiting, recent, running]);
    expect(await b.find(old)).toBeUndefined();
  });
}
