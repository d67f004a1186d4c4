import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Database, openDatabase } from "../database/index.ts";
import { Ending, endingKey } from "../ending.ts";
import type { None } from "../http/index.ts";
import { logKey, silent } from "../log.ts";
import { Scope } from "../scope.ts";
import { heartbeat } from "./engine.ts";
import { type Task, task, type TaskContext, type TaskSpec } from "./index.ts";
import { SqliteEngine } from "./sqlite-engine.ts";
import type { Tables, TaskRow } from "./tables.ts";
import { Worker } from "./worker.ts";

/** A store that cannot be written now and then. */
class Failing extends SqliteEngine {
  /** How many of the next outcomes cannot be written. */
  failures = 0;
  /** Happens between a claim and its answer. */
  afterClaim = (): void => {};
  override async claim(...args: Parameters<SqliteEngine["claim"]>) {
    const claims = await super.claim(...args);
    this.afterClaim();
    return claims;
  }
  override async settle(...args: Parameters<SqliteEngine["settle"]>): Promise<boolean> {
    if (this.failures-- > 0) throw new Error("The disk is full");
    return super.settle(...args);
  }
}

let db: Database<Tables>;
let engine: Failing;
let worker: Worker | undefined;
let time: number;
let ending: Ending;
const ended: string[] = [];
/** Also on a busy machine. */
const patient = { timeout: 10_000 };

beforeEach(async () => {
  time = Date.UTC(2026, 0, 1);
  ending = new Ending();
  db = await openDatabase<Tables>({ url: "sqlite::memory:" });
  engine = new Failing(db, () => time);
  await engine.open();
});
afterEach(async () => {
  ended.length = 0;
  await worker?.stop();
  await db.stop();
});

/** Creates a task, and runs it. */
async function run(
  handler: (context: TaskContext<undefined>) => unknown,
  spec: TaskSpec<None> = {},
  row: Partial<Pick<TaskRow, "attempts" | "lost">> = {},
): Promise<string> {
  const app = new Scope("app", "app");
  app.provide(logKey, silent);
  app.provide(endingKey, ending);
  const now = () => time;
  worker = new Worker({
    engine,
    app,
    log: silent,
    now,
    changed: () => {},
    ended: ({ id }, how) => ended.push(`${id} ${how}`),
    patience: [1, 1],
  });
  const none = { owner: null, key: null, uniqueKey: null, requestId: null };
  const id = randomUUID();
  await engine.enqueue({ id, name: "p.t", input: "", runAt: new Date(time), ...none });
  await db
    .updateTable("nexus_tasks")
    .set({ attempts: 0, ...row })
    .execute();
  await worker.run({
    name: "p.t",
    task: task(spec, handler) as Task,
    scope: app.child("plugin", "p"),
  });
  return id;
}
const statusOf = async (id: string) => (await engine.find(id))!.task;
/** The time has come for a sign of life. */
const beat = () => {
  time += heartbeat;
  worker?.wake();
};

test("an outcome that cannot be written is written later", async () => {
  engine.failures = 2;
  const id = await run(() => "done");
  await expect.poll(() => ended, patient).toEqual([`${id} completed`]);
  expect(await statusOf(id)).toMatchObject({ status: "completed", result: "done", attempts: 1 });
});

test("a task whose outcome could not be written at all is run again", async () => {
  let runs = 0;
  engine.failures = 3;
  const id = await run(() => ++runs);
  await expect.poll(() => engine.failures, patient).toBe(0);
  expect(await statusOf(id)).toMatchObject({ status: "running" });
  await expect
    .poll(() => {
      beat();
      return ended;
    }, patient)
    .toEqual([`${id} completed`]);
  expect(await statusOf(id)).toMatchObject({ result: 2, attempts: 1 });
});

test("a task that was cancelled elsewhere is told by the next sign of life", async () => {
  const told = Promise.withResolvers<unknown>();
  const begun = Promise.withResolvers<void>();
  const id = await run(({ signal }) => {
    begun.resolve();
    signal.addEventListener("abort", () => told.resolve(signal.reason));
    return told.promise;
  });
  await begun.promise;
  await engine.cancel(id);
  beat();
  expect(await told.promise).toMatchObject({ message: expect.stringMatching(/cancelled/) });
  await worker?.stop();
  expect(ended).toEqual([]);
  expect(await statusOf(id)).toMatchObject({ status: "cancelled", result: null });
});

test("signs of life go on when the clock is set back", async () => {
  const [begun, told] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const id = await run(({ signal }) => {
    begun.resolve();
    signal.addEventListener("abort", () => told.resolve());
    return told.promise;
  });
  await begun.promise;
  await engine.cancel(id);
  time -= 3600_000;
  worker?.wake();
  await told.promise;
  expect(await statusOf(id)).toMatchObject({ status: "cancelled" });
});

test("an attempt that was lost with its process uses up no retry", async () => {
  const id = await run(
    () => Promise.reject(new Error("no")),
    { retries: 1, backoff: 0 },
    { attempts: 4, lost: 4 },
  );
  await expect.poll(() => ended, patient).toEqual([`${id} failed`]);
  expect(await statusOf(id)).toMatchObject({ status: "failed", attempts: 6 });
});

test("a pause before a retry is an hour at most", async () => {
  const spec = { retries: 20, backoff: 2000 };
  const id = await run(() => Promise.reject(new Error("no")), spec, { attempts: 9 });
  const run_at = new Date(time + 3600_000);
  await expect.poll(() => statusOf(id), patient).toMatchObject({ status: "pending", run_at });
});

test("what is claimed too late, when its plugin ends already, never runs", async () => {
  let runs = 0;
  engine.afterClaim = () => void ending.begin(60);
  const id = await run(() => void runs++);
  await expect
    .poll(() => db.selectFrom("nexus_tasks").select("turn").execute(), patient)
    .toEqual([{ turn: 1 }]);
  await expect.poll(() => statusOf(id), patient).toMatchObject({ status: "pending", attempts: 0 });
  expect(runs).toBe(0);
});
