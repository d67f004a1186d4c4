import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { endOf, startPlugin, statusWhen } from "../../test/tasks.ts";
import { type App } from "../app/index.ts";
import { Database } from "../database/index.ts";
import { get, mount, Routes } from "../http/index.ts";
import { Plugin } from "../plugin/index.ts";
import { findService, inject, Service } from "../services.ts";
import type { TestClient } from "../testing/index.ts";
import { createTask, getTaskStatus, listTasks, task } from "./index.ts";
import type { Tables } from "./tables.ts";

let dataDir: string;
const clients: TestClient[] = [];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "nexus-tasks-"));
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true });
});

/** An app with one plugin, on the database of this test. */
async function open<P extends Plugin>(type: new () => P): Promise<{ app: App; plugin: P }> {
  const settings = { databaseUrl: `sqlite:${join(dataDir, "nexus.db")}` };
  const { client, plugin } = await startPlugin(type, { settings });
  clients.push(client);
  return { app: client.app, plugin };
}
const refusalOf = async (type: new () => Plugin) =>
  open(type).then(
    () => "nothing was wrong",
    (error: Error) => error.message,
  );
const tasksOf = async (app: App) => (await app.run(() => listTasks({ limit: 100 }))).tasks;

class Store extends Service {
  save = task({}, () => "saved");
}
class Inner extends Routes {
  tidy = task({}, () => "tidied");
}

test("a task is named after its plugin and its field, wherever in the plugin it stands", async () => {
  class MyPlugin extends Plugin {
    static override services = [Store];
    store = inject(Store);
    inner = mount("/inner", Inner);
    own = task({}, () => "own");
  }
  const { app, plugin } = await open(MyPlugin);
  for (const one of [plugin.own, plugin.store.save, plugin.inner.tidy])
    await endOf(app, await app.run(() => createTask(one)));
  expect((await tasksOf(app)).map(({ name, result }) => [name, result])).toEqual([
    ["my-plugin.tidy", "tidied"],
    ["my-plugin.save", "saved"],
    ["my-plugin.own", "own"],
  ]);
});

test("two tasks of one name, and one task of two names, are refused with their places", async () => {
  class Twice extends Plugin {
    static override services = [Store];
    save = task({}, () => {});
  }
  expect(await refusalOf(Twice)).toMatch(
    /^Two tasks are called "twice\.save": .*plugin-tasks\.test\.ts:\d+ and .*plugin-tasks\.test\.ts:\d+\./,
  );
  const shared = task({}, () => {});
  class Shared extends Plugin {
    one = shared;
    two = shared;
  }
  expect(await refusalOf(Shared)).toMatch(/stands in two places: shared\.one and shared\.two\./);
});

test("a task that is no field of a plugin cannot be created", async () => {
  const { app } = await open(class Empty extends Plugin {});
  const stray = task({}, () => {});
  await expect(app.run(() => createTask(stray))).rejects.toMatchObject({
    code: "NX_TASK_UNKNOWN",
    message: expect.stringMatching(/plugin-tasks\.test\.ts:\d+ belongs to no plugin/),
  });
});

test("a tick that was missed while nobody ran is caught up, once for all processes", async () => {
  const { promise: seen, resolve } = Promise.withResolvers<unknown>();
  class Nightly extends Plugin {
    tick = task(
      {
        cron: { pattern: "0 3 * * *", timezone: "Europe/Berlin", input: { what: "all" } },
        input: z.object({ what: z.string() }),
      },
      ({ input }) => resolve(input),
    );
  }
  const { app: first } = await open(Nightly);
  const schedules = () => findService(first.scope, Database<Tables>);
  const { next_at } = await schedules()
    .selectFrom("nexus_task_schedules")
    .selectAll()
    .executeTakeFirstOrThrow();
  const berlin = next_at.toLocaleTimeString("de", {
    timeZone: "Europe/Berlin",
    hour: "2-digit",
    minute: "2-digit",
  });
  expect(berlin).toBe("03:00");
  expect(+next_at).toBeGreaterThan(Date.now());
  expect(await tasksOf(first)).toEqual([]);
  const missed = new Date(Date.now() - 40 * 24 * 3600_000);
  await schedules().updateTable("nexus_task_schedules").set({ next_at: missed }).execute();
  const [second] = await Promise.all([open(Nightly), open(Nightly)]);
  expect(await seen).toEqual({ what: "all" });
  const tasks = await tasksOf(second.app);
  expect(tasks).toMatchObject([{ name: "nightly.tick", run_at: missed, owner: null }]);
  await endOf(second.app, tasks[0]!.id);
  const after = await schedules()
    .selectFrom("nexus_task_schedules")
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(after.next_at).toEqual(next_at);
});

test("tasks of a plugin that is not running wait for it", async () => {
  class Worker extends Plugin {
    work = task({ input: z.string() }, ({ input }) => input);
  }
  const { app: first, plugin } = await open(Worker);
  const id = await first.run(() => createTask(plugin.work, "x", { delay: 0.05 }));
  await first.close();
  const { app: other } = await open(
    class Stranger extends Plugin {
      unrelated = task({}, () => {});
    },
  );
  await sleep(80);
  expect(await other.run(() => getTaskStatus(id))).toMatchObject({
    status: "pending",
    attempts: 0,
  });
  const { app: again } = await open(Worker);
  expect(await endOf(again, id)).toMatchObject({ result: "x", attempts: 1 });
});

test("an input that does not fit any more fails with the reason, without a retry", async () => {
  class Worker extends Plugin {
    static input: z.ZodType = z.object({ a: z.string() });
    work = task({ input: Worker.input, retries: 5 }, ({ input }) => input);
  }
  const { app: first, plugin } = await open(Worker);
  const id = await first.run(() => createTask(plugin.work, { a: "x" }, { delay: 0.05 }));
  await first.close();
  Worker.input = z.object({ a: z.int(), b: z.int() });
  const { app: again } = await open(Worker);
  const { status, error, attempts } = await endOf(again, id);
  expect([status, attempts]).toEqual(["failed", 1]);
  expect(error).toMatch(/^Its input does not fit any more: a: .*; b: Field required$/);
});

test("who stops waits for what runs, and begins nothing more", async () => {
  const gate = Promise.withResolvers<void>();
  class Worker extends Plugin {
    work = task({ concurrency: 1 }, ({ signal }) => gate.promise.then(() => signal.aborted));
  }
  const { app, plugin } = await open(Worker);
  const [running, waiting] = [
    await app.run(() => createTask(plugin.work)),
    await app.run(() => createTask(plugin.work)),
  ];
  await statusWhen(app, running, ({ status }) => status === "running");
  const closing = app.close();
  await sleep(30);
  gate.resolve();
  await closing;
  const { app: other } = await open(class Looker extends Plugin {});
  expect(await other.run(() => getTaskStatus(running))).toMatchObject({ result: false });
  expect(await other.run(() => getTaskStatus(waiting))).toMatchObject({
    status: "pending",
    attempts: 0,
  });
});

test("from the moment that an app begins to end, no task is begun", async () => {
  const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let id = "";
  class Worker extends Plugin {
    work = task({}, () => "done");
    ask = get("/ask", async () => {
      asked.resolve();
      await gate.promise;
      id = await createTask(this.work);
      await sleep(30);
      return (await getTaskStatus(id))?.status;
    });
  }
  const { app } = await open(Worker);
  const answer = app.fetch(new Request("http://test/ask"));
  await asked.promise;
  const closing = app.close();
  gate.resolve();
  expect(await (await answer).json()).toBe("pending");
  await closing;
  const { app: again } = await open(Worker);
  expect(await endOf(again, id)).toMatchObject({ result: "done", attempts: 1 });
});

test("what still runs when the time is up is given back, and its attempt does not count", async () => {
  const reasons: unknown[] = [];
  class Worker extends Plugin {
    static isDeaf = false;
    work = task({ input: z.string() }, ({ signal, attempt, progress }) => {
      progress(0.5, `attempt ${attempt}`);
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reasons.push(signal.reason);
          if (!Worker.isDeaf) reject(signal.reason);
        });
      });
    });
  }
  for (const isDeaf of [false, true]) {
    Worker.isDeaf = isDeaf;
    const { app, plugin } = await open(Worker);
    const id = await app.run(() => createTask(plugin.work, "x"));
    await statusWhen(app, id, ({ message }) => message === "attempt 1");
    const begun = performance.now();
    await app.close(0.05);
    expect(performance.now() - begun).toBeLessThan(4000);
    const { app: other } = await open(class Looker extends Plugin {});
    expect(await other.run(() => getTaskStatus(id))).toMatchObject({
      status: "pending",
      attempts: 0,
      progress: 0.5,
      message: "attempt 1",
    });
    await other.run(async () => (await import("./index.ts")).cancelTask(id));
  }
  expect(reasons).toHaveLength(2);
});

test("two apps on one database share the work, and each task is done by one", async () => {
  class Worker extends Plugin {
    done: number[] = [];
    work = task({ input: z.int(), concurrency: 4 }, async ({ input }) => {
      await sleep(2);
      this.done.push(input);
    });
  }
  const [one, two] = await Promise.all([open(Worker), open(Worker)]);
  const all = Array.from({ length: 60 }, (_, at) => at);
  const ids = await one.app.run(() => Promise.all(all.map((n) => createTask(one.plugin.work, n))));
  for (const id of ids) await endOf(two.app, id);
  const done = [...one.plugin.done, ...two.plugin.done];
  expect(done.toSorted((a, b) => a - b)).toEqual(all);
});

test("an app without tasks has no tables of them, and no worker's lock", async () => {
  class Plain extends Plugin {
    db = inject(Database);
  }
  const { app, plugin } = await open(Plain);
  expect((await plugin.db.introspection.getTables()).map(({ name }) => name)).toEqual([]);
  await app.close();
  expect(await readdir(dataDir)).not.toContain("workers");
});

test("who only imports tasks loads no database", async () => {
  const script = `
    import { registerHooks } from "node:module";
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        if (/kysely|croner|node:sqlite/.test(found.url)) console.log(found.url);
        return found;
      },
    });
    const { task } = await import(${JSON.stringify(new URL("index.ts", import.meta.url).href)});
    console.log(typeof task);
  `;
  const args = ["--conditions=source", "--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toBe("function\n");
});
