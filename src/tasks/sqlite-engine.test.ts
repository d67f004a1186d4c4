import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeEngine, type Store } from "../../test/task-engine-contract.ts";
import { type Database, openDatabase } from "../database/index.ts";
import { lease, type TaskEngine } from "./engine.ts";
import { SqliteEngine } from "./sqlite-engine.ts";
import type { Tables } from "./tables.ts";

describeEngine("SQLite", openStore);

async function openStore(): Promise<Store & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-engine-"));
  const clock = { time: Date.UTC(2026, 0, 1) };
  const open = new Map<TaskEngine, Database<Tables>>();
  return {
    folder,
    clock,
    // Each worker with a connection of its own, as in processes of their own.
    async worker() {
      const db = await openDatabase<Tables>({ dataDir: folder });
      const engine = new SqliteEngine(db, () => clock.time);
      await engine.open();
      open.set(engine, db);
      return engine;
    },
    transaction: (engine, work) => open.get(engine)!.transaction().execute(work),
    async close() {
      for (const [engine, db] of open) {
        await engine.close();
        await db.stop();
      }
      await rm(folder, { recursive: true });
    },
  };
}

const src = new URL("..", import.meta.url).href;
/** A process that claims a task, says so, and lives on. */
const worker = (folder: string, time: number): string => `
  import { openDatabase } from "${src}database/index.ts";
  import { SqliteEngine } from "${src}tasks/sqlite-engine.ts";
  const db = await openDatabase({ dataDir: ${JSON.stringify(folder)} });
  const engine = new SqliteEngine(db, () => ${time});
  await engine.open();
  const claims = await engine.claim("p.t", { concurrency: 9, most: 9 });
  console.log(claims.length);
  // What nothing refers to would be collected, and its lock let go.
  setInterval(() => engine, 1000);
`;

test("what a killed process held is given back at once, and what a living one holds is not", async () => {
  const store = await openStore();
  const engine = await store.worker();
  const id = "00000000-0000-4000-8000-000000000001";
  const runAt = new Date(store.clock.time);
  const none = { owner: null, key: null, uniqueKey: null, requestId: null };
  await engine.enqueue({ id, name: "p.t", input: "", runAt, ...none });
  const args = [
    "--conditions=source",
    "--input-type=module",
    "-e",
    worker(store.folder, store.clock.time),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    expect(`${said}`).toBe("1\n");
    expect(await engine.recover()).toEqual({ pending: [], failed: [] });
    expect(await readdir(join(store.folder, "workers"))).toHaveLength(2);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await engine.recover()).toEqual({ pending: [id], failed: [] });
    expect(await readdir(join(store.folder, "workers"))).toHaveLength(1);
    expect(await engine.claim("p.t", { concurrency: 1, most: 1 })).toMatchObject([{ id, lost: 1 }]);
  } finally {
    child.kill("SIGKILL");
    await store.close();
  }
});

test("a tick whose maker died before the schedule was moved on makes no second task", async () => {
  const store = await openStore();
  const engine = await store.worker();
  const [due, next] = [new Date(store.clock.time), new Date(store.clock.time + 1000)];
  const schedule = { name: "p.t", pattern: "x", next };
  await engine.schedule({ ...schedule, next: due });
  const none = { input: "", owner: null, key: null, uniqueKey: null, requestId: null };
  const tick = (id: string) => engine.tick(schedule, due, { id, name: "p.t", runAt: due, ...none });
  await tick("00000000-0000-4000-8000-000000000001");
  const db = await openDatabase<Tables>({ dataDir: store.folder });
  await db.updateTable("nexus_task_schedules").set({ next_at: due }).execute();
  await db.stop();
  expect(await tick("00000000-0000-4000-8000-000000000002")).toEqual(next);
  expect((await engine.list({})).total).toBe(1);
  await store.close();
});

test.each([
  ["is not to be found", async () => {}],
  ["cannot be opened", (file: string) => mkdir(file)],
])("a worker whose lock %s is not taken for dead before its lease is over", async (_, spoil) => {
  const store = await openStore();
  const [engine, other] = [await store.worker(), await store.worker()];
  const runAt = new Date(store.clock.time);
  const none = { owner: null, key: null, uniqueKey: null, requestId: null };
  const id = "00000000-0000-4000-8000-000000000001";
  await engine.enqueue({ id, name: "p.t", input: "", runAt, ...none });
  await engine.claim("p.t", { concurrency: 1, most: 1 });
  const folder = join(store.folder, "workers");
  for (const file of await readdir(folder)) {
    await rm(join(folder, file));
    await spoil(join(folder, file));
  }
  expect(await other.recover()).toEqual({ pending: [], failed: [] });
  store.clock.time += lease + 1;
  expect(await other.recover()).toEqual({ pending: [id], failed: [] });
  await rm(folder, { recursive: true });
  await store.close();
});

test("locks that killed processes left long ago are removed, those of the living are not", async () => {
  const store = await openStore();
  await store.worker();
  const folder = join(store.folder, "workers");
  const [living] = await readdir(folder);
  await writeFile(join(folder, "old.lock"), "");
  await writeFile(join(folder, "new.lock"), "");
  for (const file of [living!, "old.lock"]) await utimes(join(folder, file), 0, 0);
  const engine = await store.worker();
  await engine.recover();
  expect(await readdir(folder)).toHaveLength(3);
  expect(await readdir(folder)).toEqual(expect.arrayContaining([living, "new.lock"]));
  await engine.close();
  expect(await readdir(folder), "its own").toHaveLength(2);
  await store.close();
});
