import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { endOf, startPlugin } from "../../test/tasks.ts";
import { Database } from "../database/index.ts";
import { on } from "../events/index.ts";
import { Plugin } from "../plugin/index.ts";
import { inject } from "../services.ts";
import { lostError, mostLost } from "./engine.ts";
import { createTask, getTaskStatus, task } from "./index.ts";
import type { Tables } from "./tables.ts";

const lost: unknown[] = [];

class Works extends Plugin {
  work = task({}, () => 1);
  listen = on("task.failed", ({ data }) => void lost.push(data));
}

/** Starts it again and again on one database. */
async function createStarts() {
  const dataDir = await mkdtemp(join(tmpdir(), "nexus-upkeep-"));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const settings = { databaseUrl: `sqlite:${join(dataDir, "nexus.db")}` };
  return async () => {
    const { client, plugin } = await startPlugin(Works, { settings });
    const { app } = client;
    return {
      client,
      app,
      create: (delay = 0) => app.run(() => createTask(plugin.work, undefined, { delay })),
      table: app.run(() => inject(Database<Tables>)).updateTable("nexus_tasks"),
    };
  };
}

test("final tasks are forgotten after thirty days, and not before", async () => {
  const start = await createStarts();
  const first = await start();
  const [old, older] = [await first.create(), await first.create()];
  for (const [id, days] of [
    [old, 29],
    [older, 31],
  ] as const) {
    await endOf(first.app, id);
    const completed_at = new Date(Date.now() - days * 24 * 3600_000);
    await first.table.set({ completed_at }).where("id", "=", id).execute();
  }
  await first.client[Symbol.asyncDispose]();
  const { app, client } = await start();
  const find = (id: string) => app.run(() => getTaskStatus(id));
  await expect.poll(() => find(older), { timeout: 10_000 }).toBeUndefined();
  expect(await find(old)).toMatchObject({ status: "completed" });
  await client[Symbol.asyncDispose]();
});

test("a task that is lost for the last time has failed, and whoever finds it tells of its end", async () => {
  const start = await createStarts();
  const first = await start();
  const id = await first.create(60);
  await first.table
    .set({ status: "running", worker: "dead", lease_until: new Date(0), lost: mostLost - 1 })
    .execute();
  await first.client[Symbol.asyncDispose]();
  const { app, client } = await start();
  expect(await endOf(app, id)).toMatchObject({ status: "failed", error: lostError });
  await expect
    .poll(() => lost, { timeout: 10_000 })
    .toEqual([{ id, name: "works.work", owner: null }]);
  await client[Symbol.asyncDispose]();
});
