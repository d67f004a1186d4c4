import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { Scope } from "../scope.ts";
import {
  type Database,
  finalize,
  migrate,
  type Migration,
  openDatabase,
  sql,
  tablesOf,
} from "./index.ts";

let db: Database;

beforeEach(async () => {
  db = await openDatabase({ url: "sqlite::memory:" });
  return () => db.stop();
});

const sends = (...statements: string[]): Migration => ({
  async expand(db) {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
});

/** Runs a migration after those that the plugin has had. */
const history = new Map<string, Record<string, Migration>>();
beforeEach(() => history.clear());
async function run(plugin: string, migration: Migration): Promise<void> {
  const before = history.get(plugin) ?? {};
  const name = String(Object.keys(before).length + 1).padStart(4, "0");
  const migrations = { ...before, [name]: migration };
  await migrate(db, { plugin, migrations });
  history.set(plugin, migrations);
}

async function users(): Promise<void> {
  await run(
    "accounts",
    sends(
      "create table Users (id integer primary key, name text)",
      "insert into Users values (1, 'Ann')",
      "create table settings (id integer)",
      "create view names as select name from Users",
      "create index by_name on Users (name)",
      "create trigger keep after delete on Users begin select 1; end",
      "create virtual table found using fts5(name)",
    ),
  );
}

test("a plugin owns the tables and views that its migrations make, and those of its history", async () => {
  expect(await tablesOf(db, "notes")).toEqual([]);
  await users();
  await run("notes", sends("create table notes (id integer)", "create table tags (id integer)"));
  expect(await tablesOf(db, "notes")).toEqual([
    "nexus_contracts_notes",
    "nexus_migrations_notes",
    "notes",
    "tags",
  ]);
  expect(await tablesOf(db, "accounts")).toEqual(
    expect.arrayContaining(["Users", "names", "found", "found_data", "nexus_migrations_accounts"]),
  );
});

test("what is dropped is nobody's, what is renamed stays the plugin's", async () => {
  await run("notes", sends("create table notes (id integer)", "create table tags (id integer)"));
  await run("notes", sends("drop table tags", "alter table notes rename to letters"));
  expect(await tablesOf(db, "notes")).toContain("letters");
  expect(await tablesOf(db, "notes")).not.toContain("notes");
  await run("tags", sends("create table tags (id integer)", "create table notes (id integer)"));
  expect(await tablesOf(db, "tags")).toEqual(expect.arrayContaining(["notes", "tags"]));
});

test("a table that somebody has dropped by hand belongs to nobody", async () => {
  await run("notes", sends("create table notes (id integer)"));
  await sql`drop table notes`.execute(db);
  expect(await tablesOf(db, "notes")).not.toContain("notes");
  await run("other", sends("create table notes (id integer)"));
  expect(await tablesOf(db, "other")).toContain("notes");
  expect(await tablesOf(db, "notes")).not.toContain("notes");
});

test.each([
  "select * from users",
  "select count(*) from Users",
  "select 1 from temp_one where id in (select id from users)",
  "select * from names",
  "insert into users (name) values ('Eve')",
  "update users set name = 'Eve'",
  "delete from users",
  "drop table users",
  "drop view names",
  "drop index by_name",
  "drop trigger keep",
  "alter table users rename to people",
  "alter table users add column age integer",
  "create table users (id integer)",
  "create table if not exists users (id integer)",
  "create view users as select 1",
  "create view if not exists users as select 1",
  "create index by_one on users (1)",
  "create trigger watch after insert on users begin select 1; end",
  "create temp trigger watch after insert on users begin select 1; end",
  "drop table found",
  "create table copy as select * from users",
  "insert into temp_one select id from users",
])("a migration is kept off the tables of another plugin: %s", async (statement) => {
  await users();
  await run("notes", sends("create table temp_one (id integer)"));
  await expect(run("notes", sends(statement))).rejects.toMatchObject({
    code: "NX_TABLE_FOREIGN",
    message: expect.stringMatching(
      /^Migration "0002" of plugin "notes" uses the table "(Users|users|names|found)", which belongs to plugin "accounts"\. Use tables of its own/,
    ),
  });
  expect((await sql`select * from users`.execute(db)).rows).toEqual([{ id: 1, name: "Ann" }]);
});

test("a view or a trigger of its own is no way round", async () => {
  await users();
  const byView = sends("create view mine as select name from users", "select * from mine");
  await expect(run("notes", byView)).rejects.toMatchObject({ code: "NX_TABLE_FOREIGN" });
  const byTrigger = sends(
    "create table notes (id integer)",
    "create trigger t after insert on notes begin delete from users; end",
    "insert into notes values (1)",
  );
  await expect(run("notes", byTrigger)).rejects.toMatchObject({ code: "NX_TABLE_FOREIGN" });
});

test("nor is another name of the file, nor what the platform itself keeps", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nexus-owners-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "nexus.db");
  const stored = await openDatabase({ url: `sqlite:${file}` });
  onTestFinished(() => stored.stop());
  await migrate(stored, { plugin: "a", migrations: { "1": sends("create table a (id integer)") } });
  const attached = sends(`attach '${file}' as again`, "select * from again.a");
  await expect(
    migrate(stored, { plugin: "b", migrations: { "1": attached } }),
  ).rejects.toMatchObject({ code: "NX_TABLE_FOREIGN" });
  await users();
  await expect(
    run("notes", sends("update nexus_tables set plugin = 'notes'")),
  ).rejects.toMatchObject({
    code: "NX_TABLE_FOREIGN",
    message: expect.stringContaining('"nexus_tables", which belongs to the platform.'),
  });
  await expect(run("notes", sends("delete from nexus_migrations_accounts"))).rejects.toMatchObject({
    code: "NX_TABLE_FOREIGN",
  });
});

test("a migration may use its own tables, tables made by hand, and columns named like a table", async () => {
  await users();
  await sql`create table by_hand (id integer)`.execute(db);
  await run("notes", sends("create table notes (users text, settings text)"));
  await run(
    "notes",
    sends(
      "insert into by_hand values (1)",
      "insert into notes (users) values ('a')",
      "update notes set settings = users",
      "create index by_users on notes (users)",
      "drop index by_users",
      "alter table notes rename column users to people",
      "alter table notes rename to letters",
      "select settings from letters",
      "pragma table_info(users)",
    ),
  );
  expect(await tablesOf(db, "notes")).not.toContain("by_hand");
});

test("a contract is kept off too, and what a migration calls", async () => {
  await users();
  const migrations = {
    "1": { expand: async () => {} },
    "2": {
      expand: async () => {},
      contract: () => sql`delete from users`.execute(db),
    },
  };
  await migrate(db, { plugin: "notes", migrations: { "1": migrations["1"] } });
  await migrate(db, { plugin: "notes", migrations, mode: "expand" });
  await expect(finalize(db, { plugin: "notes", migrations })).rejects.toMatchObject({
    code: "NX_TABLE_FOREIGN",
    message: expect.stringMatching(/^The contract of migration "2" of plugin "notes" uses/),
  });
});

const read = () => sql`select name from users`.execute(db);

test("a query that has been sent before is asked about again, before and after", async () => {
  await users();
  expect((await read()).rows).toEqual([{ name: "Ann" }]);
  await expect(run("notes", { expand: read })).rejects.toMatchObject({ code: "NX_TABLE_FOREIGN" });
  expect((await read()).rows).toEqual([{ name: "Ann" }]);
  await run("accounts", { expand: read });
  await expect(run("notes", { expand: read })).rejects.toMatchObject({ code: "NX_TABLE_FOREIGN" });
  await run("notes", sends("create table notes (id integer)"));
  expect((await read()).rows).toEqual([{ name: "Ann" }]);
});

test("a refusal that is caught refuses nothing else, and other errors stay what they are", async () => {
  await users();
  await run("notes", {
    async expand(db) {
      await sql`create table notes (id integer)`.execute(db);
      await sql`select * from users`.execute(db).catch(() => {});
      await expect(sql`select * from nowhere`.execute(db)).rejects.toThrow("no such table");
    },
  });
  expect(await tablesOf(db, "notes")).toContain("notes");
  const wrapped: Migration = {
    expand: (db) =>
      sql`select * from users`.execute(db).catch((cause: unknown) => {
        throw new Error("wrapped", { cause });
      }),
  };
  await expect(run("notes", wrapped)).rejects.toMatchObject({
    code: "NX_MIGRATION",
    message: expect.stringContaining("failed: wrapped."),
  });
});

test("others who ask meanwhile wait, and are asked nothing", async () => {
  await users();
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const running = run("notes", {
    async expand(db) {
      begun.resolve();
      await go.promise;
      await sql`create table notes (id integer)`.execute(db);
    },
  });
  await begun.promise;
  const request = new Scope("request", "");
  const asked = request.run(() => sql`select name from users`.execute(db));
  go.resolve();
  await running;
  expect((await asked).rows).toEqual([{ name: "Ann" }]);
});

test("a start that has nothing to migrate writes nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nexus-owners-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const stored = await openDatabase({ dataDir: folder });
  onTestFinished(() => stored.stop());
  const options = { plugin: "a", migrations: { "1": sends("create table a (id integer)") } };
  await migrate(stored, options);
  using other = new DatabaseSync(join(folder, "nexus.db"));
  const version = () => other.prepare("pragma data_version").get();
  const before = version();
  await migrate(stored, options);
  expect(version()).toEqual(before);
});
