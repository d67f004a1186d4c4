import { spawn } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, expectTypeOf, onTestFinished, test } from "vitest";
import { settingsKey, type Settings } from "../config/index.ts";
import { Scope } from "../scope.ts";
import { inject, Service, Services, servicesKey } from "../services.ts";
import { Database, openDatabase, sql } from "./index.ts";

interface Tables {
  notes: { id: string; text: string };
}

test("without a URL the database is nexus.db in the data folder, which is made", async () => {
  const folder = await temporaryFolder();
  const db = await openDatabase({ dataDir: join(folder, "deep", "data") });
  const { rows } = await sql<{ file: string }>`pragma database_list`.execute(db);
  expect(rows[0]!.file).toMatch(/deep.data.nexus\.db$/);
  await db.stop();
});

test("a service injects the app's one database, with the types of its own tables", async () => {
  class Notes extends Service {
    db = inject(Database<Tables>);
  }
  const app = new Scope("app", "");
  app.provide(servicesKey, new Services(app));
  app.provide(settingsKey, { databaseUrl: "sqlite::memory:" } as Settings);
  const notes = app.run(() => new Notes());
  expect(app.run(() => inject(Database))).toBe(notes.db);
  await sql`create table notes (id text, text text)`.execute(notes.db);
  expect(await notes.db.selectFrom("notes").select("text").execute()).toEqual([]);
  expectTypeOf(notes.db).toEqualTypeOf<Database<Tables>>();
  // @ts-expect-error the table is not among its own
  notes.db.selectFrom("users");
  await notes.db.stop();
});

test("what is acknowledged survives the closing of the file", async () => {
  const url = `sqlite:${join(await temporaryFolder(), "notes.db")}`;
  const first = await openDatabase({ url });
  await sql`create table notes (text text)`.execute(first);
  await sql`insert into notes values ('kept')`.execute(first);
  await first.stop();
  const second = await openDatabase({ url });
  const { rows } = await sql`select * from notes`.execute(second);
  expect(rows).toEqual([{ text: "kept" }]);
  await second.stop();
});

test("a URL of another kind is refused, and its password is not shown", async () => {
  const opening = openDatabase({ url: "postgres://ann:secret@db/app" });
  await expect(opening).rejects.toMatchObject({
    code: "NX_DATABASE_URL",
    message: expect.not.stringContaining("secret"),
  });
});

test("a file that cannot be opened is named at the start", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "text.db"), "this is no database, and long enough to be sure of it");
  const notDatabase = openDatabase({ url: `sqlite:${join(folder, "text.db")}` });
  await expect(notDatabase).rejects.toMatchObject({
    code: "NX_DATABASE_OPEN",
    message: expect.stringMatching(/text\.db: file is not a database/),
  });
  const below = openDatabase({ url: `sqlite:${join(folder, "text.db", "x.db")}` });
  await expect(below).rejects.toMatchObject({ code: "NX_DATABASE_OPEN" });
});

test("stopping waits for the open transaction and what waits for it; later queries are refused", async () => {
  const db = await openDatabase({ url: `sqlite:${join(await temporaryFolder(), "notes.db")}` });
  await sql`create table notes (text text)`.execute(db);
  const order: string[] = [];
  const began = Promise.withResolvers<void>();
  const writing = db.transaction().execute(async (trx) => {
    await sql`insert into notes values ('last')`.execute(trx);
    began.resolve();
    await new Promise((resolve) => setTimeout(resolve, 20));
    order.push("committed");
  });
  await began.promise;
  const waiting = sql`select * from notes`.execute(db);
  await new Promise((resolve) => setTimeout(resolve, 1));
  await db.stop().then(() => order.push("stopped"));
  await writing;
  expect(order).toEqual(["committed", "stopped"]);
  expect((await waiting).rows).toEqual([{ text: "last" }]);
  await expect(sql`select 1`.execute(db)).rejects.toThrow("destroyed");
});

test("two processes that write one file wait for each other", { timeout: 20_000 }, async () => {
  const url = `sqlite:${join(await temporaryFolder(), "count.db")}`;
  const db = await openDatabase({ url });
  await sql`create table counter (n integer)`.execute(db);
  await sql`insert into counter values (0)`.execute(db);
  const work = `
    for (let i = 0; i < 50; i++) await db.transaction().execute(async (trx) => {
      const { rows: [{ n }] } = await sql\`select n from counter\`.execute(trx);
      await sql\`update counter set n = \${n + 1}\`.execute(trx);
    });
  `;
  await Promise.all([exited(inProcess(url, work)), exited(inProcess(url, work))]);
  const { rows } = await sql<{ n: number }>`select n from counter`.execute(db);
  expect(rows[0]!.n).toBe(100);
  await db.stop();
});

test("kill -9 loses no acknowledged row", { timeout: 20_000 }, async () => {
  const url = `sqlite:${join(await temporaryFolder(), "rows.db")}`;
  const child = inProcess(
    url,
    `await sql\`create table t (n integer)\`.execute(db);
     for (let n = 1; ; n++) {
       await sql\`insert into t values (\${n})\`.execute(db);
       process.stdout.write(n + "\\n");
     }`,
  );
  let acknowledged = 0;
  for await (const line of createInterface(child.stdout)) {
    acknowledged = Number(line);
    if (acknowledged === 200) child.kill("SIGKILL");
  }
  const db = await openDatabase({ url });
  const { rows } = await sql<{ n: number }>`select n from t order by n`.execute(db);
  expect(rows.length).toBeGreaterThanOrEqual(acknowledged);
  expect(rows.map(({ n }) => n)).toEqual(rows.map((_, index) => index + 1));
  await db.stop();
});

function inProcess(url: string, work: string) {
  const code = `
    import { openDatabase, sql } from ${JSON.stringify(new URL("index.ts", import.meta.url).href)};
    const db = await openDatabase({ url: ${JSON.stringify(url)} });
    ${work}
    await db.stop();
  `;
  return spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function exited(child: ReturnType<typeof inProcess>): Promise<void> {
  const code = await new Promise((resolve) => child.once("exit", resolve));
  expect(code).toBe(0);
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-database-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test.skipIf(process.platform === "win32")(
  "the file is its owner's alone, and so is its journal",
  async () => {
    const dataDir = join(await temporaryFolder(), "data");
    const db = await openDatabase({ dataDir });
    await sql`create table notes (id text)`.execute(db);
    const mode = async (name: string) =>
      ((await stat(join(dataDir, name))).mode & 0o777).toString(8);
    expect([await mode("."), await mode("nexus.db"), await mode("nexus.db-wal")]).toEqual([
      "700",
      "600",
      "600",
    ]);
    await db.stop();
  },
);
