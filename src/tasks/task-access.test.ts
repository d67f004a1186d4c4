import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { endOf, startPlugin } from "../../test/tasks.ts";
import { createIdentity } from "../auth/index.ts";
import { transaction } from "../database/index.ts";
import { type Happened, on } from "../events/index.ts";
import { Plugin } from "../plugin/index.ts";
import type { TestClient } from "../testing/index.ts";
import {
  type AsJSON,
  cancelTask,
  createTask,
  getTaskStatus,
  listTasks,
  retryTask,
  task,
  TaskError,
  type TaskStatus,
  watchTask,
} from "./index.ts";

class Jobs extends Plugin {
  heard: Happened[] = [];
  listen = on("task.*", (event) => {
    this.heard.push(event);
    throw new Error("A listener that fails");
  });
  gate = Promise.withResolvers<void>();
  other = task({}, () => 1);
  work = task({ input: z.enum(["go", "fail", "refuse", "wait"]) }, async ({ input, progress }) => {
    progress(0.25, "begun");
    if (input === "wait") await this.gate.promise;
    if (input === "fail") throw new Error("no");
    if (input === "refuse") throw new TaskError("There is no more paper");
    return input;
  });
}

let client: TestClient;
let jobs: Jobs;
beforeEach(async () => {
  const started = await startPlugin(Jobs);
  client = started.client;
  jobs = started.plugin;
});
afterEach(async () => {
  jobs.gate.resolve();
  await client[Symbol.asyncDispose]();
});
const run = <T>(work: () => T): T => client.app.run(work);
const create = (input: "go" | "fail" | "refuse" | "wait", owner?: string) =>
  run(() => createTask(jobs.work, input, { owner }));
const unknown = "00000000-0000-4000-8000-000000000000";

const ann = createIdentity({ id: "1", username: "ann" });
const bob = createIdentity({ id: "2", username: "bob" });
const boss = createIdentity({ id: "3", username: "boss", permissions: ["admin:*"] });

test("an owner reads what was said for readers; what went wrong inside is for administrators and the log", async () => {
  const inside = await create("fail", "1");
  const said = await create("refuse", "1");
  const error = async (id: string, options?: object) =>
    (await run(() => getTaskStatus(id, options)))?.error;
  await endOf(client.app, inside);
  await endOf(client.app, said);
  expect(await error(inside, { for: ann })).toBe("Something went wrong");
  expect([await error(inside, { for: boss }), await error(inside)]).toEqual(["no", "no"]);
  expect(await error(said, { for: ann })).toBe("There is no more paper");
  const { tasks } = await run(() => listTasks({ for: ann }));
  expect(tasks.map((task) => task.error)).toEqual([
    "There is no more paper",
    "Something went wrong",
  ]);
  for await (const task of run(() => watchTask(inside, { for: ann })))
    expect(task).toMatchObject({ error: "Something went wrong" });
  expect(tasks[0]).not.toHaveProperty("isInternal");
});

test("asked of one task, the result has its type, and another's task is not there", async () => {
  const id = await create("go");
  await endOf(client.app, id);
  const found = await run(() => getTaskStatus(id, { of: jobs.work }));
  expectTypeOf(found!.result).toEqualTypeOf<"go" | "wait" | null>();
  expect(found).toMatchObject({ result: "go" });
  expect(await run(() => getTaskStatus(id, { of: jobs.other }))).toBeUndefined();
});

test("the type of a result is that of its JSON", () => {
  type Result = { at: Date; large: bigint; all: ({ on?: Date } | null)[]; name: "a" };
  type Read = { at: string; large: number; all: ({ on?: string } | null)[]; name: "a" };
  expectTypeOf<AsJSON<Result>>().toEqualTypeOf<Read>();
  expectTypeOf<AsJSON<unknown>>().toBeUnknown();
});

test("a task with an owner is there for that one and for administrators, and for nobody else", async () => {
  const id = await create("wait", "1");
  const seen = (options?: object) => run(() => getTaskStatus(id, options));
  expect(await seen()).toMatchObject({ id, owner: "1" });
  expect(await seen({ for: ann })).toMatchObject({ id });
  expect(await seen({ for: boss })).toMatchObject({ id });
  expect(await seen({ for: bob })).toBeUndefined();
  expect(await seen({ for: undefined })).toBeUndefined();
  const refused = { status: 404, detail: "Task not found" };
  await expect(run(() => cancelTask(id, { for: bob }))).rejects.toMatchObject(refused);
  await expect(run(() => retryTask(id, { for: undefined }))).rejects.toMatchObject(refused);
  expect(await run(() => watchTask(id, { for: bob }).next())).toMatchObject({ done: true });
  expect(await run(() => cancelTask(id, { for: ann }))).toMatchObject({ status: "cancelled" });
});

test("a task without an owner is there for everybody who knows its id", async () => {
  const id = await create("wait");
  expect(await run(() => getTaskStatus(id, { for: undefined }))).toMatchObject({ id });
  expect(await run(() => getTaskStatus(unknown))).toBeUndefined();
});

test("a list holds what the asker may see", async () => {
  const ids = [await create("wait", "1"), await create("wait", "2"), await create("wait")];
  const listed = async (filter?: object) => {
    const { tasks, total } = await run(() => listTasks(filter));
    expect(total).toBe(tasks.length);
    return tasks.map(({ id }) => ids.indexOf(id));
  };
  expect(await listed()).toEqual([2, 1, 0]);
  expect(await listed({ for: boss })).toEqual([2, 1, 0]);
  expect(await listed({ for: boss, owner: "2" })).toEqual([1]);
  expect(await listed({ for: ann })).toEqual([0]);
  expect(await listed({ for: ann, owner: "2" })).toEqual([]);
  expect(await listed({ for: undefined })).toEqual([]);
  expect(
    await listed({ name: "jobs.work", plugin: "jobs", status: ["running", "pending"] }),
  ).toEqual([2, 1, 0]);
});

test("only a task that has not ended can be cancelled", async () => {
  const id = await create("go");
  await endOf(client.app, id);
  await expect(run(() => cancelTask(id))).rejects.toMatchObject({
    status: 409,
    detail: "The task is completed already",
  });
  await expect(run(() => cancelTask(unknown))).rejects.toMatchObject({
    status: 404,
    detail: "Task not found",
  });
});

test("a failed or cancelled task is retried as a new one", async () => {
  const id = await create("fail", "1");
  const failed = await endOf(client.app, id);
  const again = await run(() => retryTask(id));
  expect(again).not.toBe(id);
  expect(await endOf(client.app, again)).toMatchObject({
    name: "jobs.work",
    owner: "1",
    error: "no",
  });
  expect(await run(() => getTaskStatus(id))).toEqual(failed);
  const waiting = await create("wait");
  await expect(run(() => retryTask(waiting))).rejects.toMatchObject({ status: 409 });
  await run(() => cancelTask(waiting));
  jobs.gate.resolve();
  expect(await endOf(client.app, await run(() => retryTask(waiting)))).toMatchObject({
    result: "wait",
  });
  await expect(run(() => retryTask(unknown))).rejects.toMatchObject({ status: 404 });
  const done = await create("go");
  await endOf(client.app, done);
  await expect(run(() => retryTask(done))).rejects.toMatchObject({ status: 409 });
});

test("its end is an event, and a listener that fails harms nobody", async () => {
  const [good, bad, gone] = [await create("go", "1"), await create("fail"), await create("wait")];
  await endOf(client.app, good);
  await endOf(client.app, bad);
  await run(() => cancelTask(gone));
  await expect.poll(() => jobs.heard.length, { timeout: 10_000 }).toBe(3);
  const name = "jobs.work";
  expect(new Set(jobs.heard)).toEqual(
    new Set([
      { name: "task.completed", data: { id: good, name, owner: "1" } },
      { name: "task.failed", data: { id: bad, name, owner: null } },
      { name: "task.cancelled", data: { id: gone, name, owner: null } },
    ]),
  );
});

test("an app that ends waits for those who hear of the end of a task", async () => {
  let heard = false;
  class Slow extends Plugin {
    work = task({}, () => 1);
    listen = on("task.completed", async () => {
      await sleep(50);
      heard = true;
    });
  }
  const { client: other, plugin } = await startPlugin(Slow);
  await endOf(other.app, await other.app.run(() => createTask(plugin.work)));
  await other[Symbol.asyncDispose]();
  expect(heard).toBe(true);
});

test("who watches sees each change, to the end", async () => {
  const id = await create("wait");
  const seen: TaskStatus[] = [];
  for await (const status of run(() => watchTask(id))) {
    seen.push(status);
    // Long enough to look again, and see nothing new.
    if (status.message === "begun") setTimeout(() => jobs.gate.resolve(), 600);
  }
  expect(seen.at(-1)).toMatchObject({ status: "completed", progress: 1 });
  expect(seen.find(({ message }) => message === "begun")).toMatchObject({ progress: 0.25 });
  expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(seen.length);
  expect(await run(() => watchTask(unknown).next())).toEqual({ done: true, value: undefined });
});

test("watching ends when the signal fires, and when the app begins to end", async () => {
  const id = await create("wait");
  const asked = new AbortController();
  const first = run(() => watchTask(id, { signal: asked.signal }));
  const second = run(() => watchTask(id));
  const drain = async (watch: typeof first) => {
    for await (const _ of watch);
  };
  const [one, two] = [drain(first), drain(second)];
  asked.abort();
  await one;
  const closing = client.app.close();
  await two;
  jobs.gate.resolve();
  await closing;
});

test("a task is created and cancelled with the transaction in which that is asked, or not at all", async () => {
  const waiting = await create("wait");
  const inside = async (fails: boolean) => {
    const scope = client.app.scope.child("request", "");
    let id = "";
    await scope
      .run(() =>
        transaction(async () => {
          id = await createTask(jobs.work, "go");
          await cancelTask(waiting);
          expect(await getTaskStatus(waiting)).toMatchObject({ status: "cancelled" });
          if (fails) throw new Error("no");
        }),
      )
      .catch(() => {});
    return id;
  };
  const undone = await inside(true);
  expect(await run(() => getTaskStatus(undone))).toBeUndefined();
  expect((await run(() => getTaskStatus(waiting)))?.completed_at).toBeNull();
  expect(jobs.heard).toEqual([]);
  const kept = await inside(false);
  expect(await endOf(client.app, kept)).toMatchObject({ status: "completed" });
  expect(await run(() => getTaskStatus(waiting))).toMatchObject({ status: "cancelled" });
});

test("outside of every app there are no tasks", async () => {
  await expect(createTask(jobs.work, "go")).rejects.toMatchObject({ code: "NX_NO_SCOPE" });
  expect(() => watchTask(unknown)).toThrow("watchTask() was called outside");
});
