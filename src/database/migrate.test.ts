import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, expect, test } from "vitest";
import { Scope } from "../scope.ts";
import { inject, keyOf, Service } from "../services.ts";
import { Database, migrate, openDatabase, sql, type Migration, type Migrations } from "./index.ts";

let folder: string;
let db: Database;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nexus-migrate-"));
  db = await openDatabase({ dataDir: folder });
  return async () => {
    await db.stop();
    await rm(folder, { recursive: true });
  };
});

const creates = (table: string): Migration => ({
  expand: (db) => db.schema.createTable(table).addColumn("id", "integer").execute(),
});
const fails: Migration = {
  async expand(db) {
    await db.schema.createTable("half").addColumn("id", "integer").execute();
    throw new Error("no such luck");
  },
};

async function tables(): Promise<string[]> {
  const all = await db.introspection.getTables();
  return all.map(({ name }) => name).filter((name) => !name.startsWith("nexus_"));
}

test("migrations run once, in the order of their names", async () => {
  const migrations = { "0002_b": creates("b"), "0001_a": creates("a") };
  expect(await migrate(db, { plugin: "notes", migrations })).toEqual(["0001_a", "0002_b"]);
  expect(await migrate(db, { plugin: "notes", migrations })).toEqual([]);
  const grown = { ...migrations, "0003_c": creates("c") };
  expect(await migrate(db, { plugin: "notes", migrations: grown })).toEqual(["0003_c"]);
  expect(await tables()).toEqual(["a", "b", "c"]);
});

test("a migration expands and then contracts; it may move rows", async () => {
  const migrations: Migrations = {
    "0001_people": {
      async expand(db) {
        await db.schema.createTable("people").addColumn("name", "text").execute();
        await db.insertInto("people").values({ name: "Ann" }).execute();
      },
    },
    "0002_rename": {
      async expand(db) {
        await db.schema.alterTable("people").addColumn("full_name", "text").execute();
        await db
          .updateTable("people")
          .set((table) => ({ full_name: table.ref("name") }))
          .execute();
      },
      contract: (db) => db.schema.alterTable("people").dropColumn("name").execute(),
    },
  };
  await migrate(db, { plugin: "people", migrations });
  const { rows } = await sql`select * from people`.execute(db);
  expect(rows).toEqual([{ full_name: "Ann" }]);
});

test("when one fails nothing is left of any, and the error names it and its plugin", async () => {
  const failing = migrate(db, {
    plugin: "notes",
    migrations: { "0001_a": creates("a"), "0002_x": fails, "0003_c": creates("c") },
  });
  await expect(failing).rejects.toMatchObject({
    code: "NX_MIGRATION",
    message: expect.stringContaining('Migration "0002_x" of plugin "notes" failed: no such luck.'),
    cause: expect.objectContaining({ message: "no such luck" }),
  });
  expect(await tables()).toEqual([]);
  const mended = { "0001_a": creates("a"), "0002_x": creates("x") };
  expect(await migrate(db, { plugin: "notes", migrations: mended })).toHaveLength(2);
});

test("each plugin has a history of its own, whatever its name", async () => {
  for (const plugin of ["notes", "notes_lock", "@acme/Notes", "@acme/notes", "a".repeat(214)]) {
    const migrations = { "0001_first": creates(`table of ${plugin.replace("N", "big n")}`) };
    expect(await migrate(db, { plugin, migrations })).toEqual(["0001_first"]);
    expect(await migrate(db, { plugin, migrations })).toEqual([]);
  }
});

test("a migration that has run and is gone is named", async () => {
  await migrate(db, { plugin: "notes", migrations: { "0001_a": creates("a") } });
  for (const migrations of [{}, { "0002_b": creates("b") }]) {
    await expect(migrate(db, { plugin: "notes", migrations })).rejects.toMatchObject({
      code: "NX_MIGRATION",
      message: expect.stringMatching(/plugin "notes" do not continue its history: .*0001_a/),
    });
  }
});

test("a database that somebody else holds is not called a fault of the history", async () => {
  await sql`pragma busy_timeout = 50`.execute(db);
  using other = new DatabaseSync(join(folder, "nexus.db"));
  other.exec("begin exclusive");
  const migrating = migrate(db, { plugin: "notes", migrations: { "0001_a": creates("a") } });
  await expect(migrating).rejects.toMatchObject({
    code: "NX_MIGRATION",
    message: expect.stringMatching(/plugin "notes" could not run: database is locked/),
  });
  other.exec("rollback");
  expect(await migrate(db, { plugin: "notes", migrations: { "0001_a": creates("a") } })).toEqual([
    "0001_a",
  ]);
});

test("who has nothing to migrate writes nothing, and waits for nobody who does", async () => {
  const migrations = { "0001_a": creates("a") };
  await migrate(db, { plugin: "notes", migrations });
  const other = new DatabaseSync(join(folder, "nexus.db"));
  other.exec("begin immediate");
  expect(await migrate(db, { plugin: "notes", migrations, mode: "additive" })).toEqual([]);
  expect(await migrate(db, { plugin: "notes", migrations })).toEqual([]);
  other.exec("rollback");
  other.close();
});

test("a migration before one that has run is named", async () => {
  await migrate(db, { plugin: "notes", migrations: { "0002_b": creates("b") } });
  const migrations = { "0001_a": creates("a"), "0002_b": creates("b") };
  await expect(migrate(db, { plugin: "notes", migrations })).rejects.toMatchObject({
    code: "NX_MIGRATION",
    message: expect.stringMatching(/plugin "notes" .*0001_a/),
  });
  expect(await tables()).toEqual(["b"]);
});

test("a service that a migration calls takes part in it; requests meanwhile do not", async () => {
  class Names extends Service {
    db = inject(Database<{ names: { name: string } }>);
    add = () => this.db.insertInto("names").values({ name: "Ann" }).execute();
  }
  const app = new Scope("app", "");
  app.provide(keyOf(Database), db);
  const names = app.run(() => new Names());
  const began = Promise.withResolvers<void>();
  const migrating = app.run(() =>
    migrate(db, {
      plugin: "names",
      migrations: {
        "0001_names": {
          async expand(db) {
            await db.schema.createTable("names").addColumn("name", "text").execute();
            await names.add();
            began.resolve();
            await new Promise((resolve) => setTimeout(resolve, 10));
            throw new Error("no");
          },
        },
      },
    }),
  );
  migrating.catch(() => {});
  await began.promise;
  await expect(app.child("request", "").run(() => names.add())).rejects.toThrow("no such table");
  await expect(migrating).rejects.toMatchObject({ code: "NX_MIGRATION" });
});

test("two processes that start at once migrate once", { timeout: 20_000 }, async () => {
  const code = `
    import { migrate, openDatabase } from ${JSON.stringify(new URL("index.ts", import.meta.url).href)};
    const db = await openDatabase({ dataDir: ${JSON.stringify(folder)} });
    const migrations = { "0001_a": { async expand(db) {
      await db.schema.createTable("a").addColumn("id", "integer").execute();
      await new Promise((resolve) => setTimeout(resolve, 100));
    } } };
    console.log((await migrate(db, { plugin: "notes", migrations })).length);
    await db.stop();
  `;
  const ran = await Promise.all([output(code), output(code), output(code)]);
  expect(ran.toSorted()).toEqual(["0", "0", "1"]);
});

async function output(code: string): Promise<string> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  return text.trim();
}

test("a migration that never ends is given up: all is undone, the database is free, and it sends no more", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const late = Promise.withResolvers<unknown>();
  const migrations: Migrations = {
    "1": { expand: (db) => db.schema.createTable("first").addColumn("a", "text").execute() },
    "2": {
      async expand(db) {
        await promise;
        await db.schema.createTable("second").addColumn("a", "text").execute().catch(late.resolve);
      },
    },
  };
  await expect(migrate(db, { plugin: "notes", migrations, patience: 0.05 })).rejects.toMatchObject({
    code: "NX_MIGRATION",
    message:
      'Migration "2" of plugin "notes" has not ended after 0.05 s. Nothing was changed. A migration waits for nothing but the database: do the rest in start().',
  });
  const names = async () =>
    (await sql<{ name: string }>`select name from sqlite_schema`.execute(db)).rows;
  expect(await names()).toEqual([]);
  resolve();
  expect(await late.promise).toMatchObject({ message: "Transaction is already rolled back" });
  expect(await names()).toEqual([]);
  // Nobody is kept off its tables any more, either.
  await sql`create table first (a)`.execute(db);
});

test("who gives up waits no longer for a migration", async () => {
  const ending = new AbortController();
  const migrations: Migrations = { "1": { expand: () => new Promise(() => {}) } };
  const migrated = migrate(db, { plugin: "notes", migrations, signal: ending.signal });
  ending.abort();
  await expect(migrated).rejects.toMatchObject({ code: "NX_MIGRATION" });
  expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
});
