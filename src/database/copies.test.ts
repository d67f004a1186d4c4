import { beforeEach, expect, onTestFinished, test } from "vitest";
import {
  copiesOf,
  copyTables,
  type Database,
  dropCopies,
  finalize,
  migrate,
  type Migration,
  openDatabase,
  pendingContracts,
  restoreTables,
  sql,
  tablesOf,
} from "./index.ts";

const library = { plugin: "library", change: "c1" };
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
const run = (statement: string) => sql.raw(statement).execute(db);
const rows = async (query: string) => (await run(query)).rows;
/** All that the file holds: how things are made, and what is in the tables. */
async function everything(): Promise<object> {
  const schema = await rows(
    "select type, name, tbl_name, sql from sqlite_schema order by type, name",
  );
  const tables = (await rows(
    `select name from pragma_table_list
     where schema = 'main' and type = 'table' and name <> 'sqlite_schema' order by name`,
  )) as { name: string }[];
  const content: Record<string, unknown> = {};
  for (const { name } of tables) content[name] = await rows(`select * from "${name}" order by 1`);
  return { schema, content };
}

const first = sends(
  `create table authors (id integer primary key autoincrement, name text not null unique)`,
  `create table books (
     isbn text primary key,
     author integer not null references authors (id) on delete restrict,
     pages integer check (pages > 0), price real, cover blob, extra any,
     half integer generated always as (pages / 2)
   ) strict, without rowid`,
  `create table loose (any_thing, at timestamptz, flag boolean, "rowid" text)`,
  `create table log (text text)`,
  `create index by_author on books (author)`,
  `create unique index by_price on books (price) where price > 10`,
  `create view cheap as select isbn from books where price < 10`,
  `create view cheaper as select isbn from cheap`,
  `create virtual table found using fts5(text, content='log')`,
  `create virtual table places using rtree(id, a, b)`,
  `create trigger logs after insert on AUTHORS begin insert into log values (new.name); end`,
  `create trigger no_cheap instead of delete on cheap begin select raise(abort, 'no'); end`,
);
const migrations = { "1": first };

async function fill(): Promise<void> {
  await migrate(db, { plugin: "library", migrations });
  await run("insert into authors (id, name) values (1, 'Ann'), (7, 'Bob'), (40, 'Eve')");
  await run("delete from authors where id = 40");
  await run("delete from log where rowid = 2");
  await run(
    "insert into books values ('a', 1, 10, 1.5, x'00ff', '12'), ('b', 7, 9007199254740993, 20, null, 12)",
  );
  await run("insert into loose values ('12', 12, true, 'x'), (12, '2026-01-01', 9e999, null)");
  await run("insert into found (rowid, text) select rowid, text from log");
  await run("insert into places values (5, 1, 2)");
}

test("tables come back as they were: rows, indexes, views, triggers, history", async () => {
  await fill();
  await copyTables(db, library);
  const before = await everything();
  const owned = await tablesOf(db, "library");
  const second: Migration = {
    ...sends(
      "drop trigger no_cheap",
      "drop view cheaper",
      "drop table loose",
      "create table loose (other)",
      "alter table log rename to journal",
      "alter table authors add column age integer",
      "drop index by_author",
      "create table fresh (id integer)",
      "create view newest as select * from fresh",
      "create virtual table more using fts5(text)",
    ),
    contract: async (db) => {
      await sql`delete from books`.execute(db);
      await sql`delete from authors`.execute(db);
    },
  };
  const both = { ...migrations, "2": second };
  await migrate(db, { plugin: "library", migrations: both, mode: "expand" });
  await finalize(db, { plugin: "library", migrations: both });
  expect(await everything()).not.toEqual(before);
  await restoreTables(db, library);
  expect(await everything()).toEqual(before);
  expect(await tablesOf(db, "library")).toEqual(owned);
  // The history knows nothing of the second, so it may run again; and the copy is there still.
  expect(await migrate(db, { plugin: "library", migrations })).toEqual([]);
  expect(await migrate(db, { plugin: "library", migrations: both, mode: "expand" })).toEqual(["2"]);
  await restoreTables(db, library);
  expect(await everything()).toEqual(before);
  expect(await pendingContracts(db, { plugin: "library", migrations })).toEqual([]);
});

test("what comes back works: numbers, references, searches, triggers", async () => {
  await fill();
  await copyTables(db, library);
  await run("delete from log");
  await restoreTables(db, library);
  expect(await rows("select rowid, text from found where found match 'eve'")).toEqual([
    { rowid: 3, text: "Eve" },
  ]);
  expect(await rows("select id from places where a >= 1")).toEqual([{ id: 5 }]);
  expect(await rows("select _rowid_ as n, typeof(any_thing) as t from loose")).toEqual([
    { n: 1, t: "text" },
    { n: 2, t: "integer" },
  ]);
  expect(await rows("select rowid as n, text from log")).toEqual([
    { n: 1, text: "Ann" },
    { n: 3, text: "Eve" },
  ]);
  // No number twice, not even that of a row which was gone.
  await run("insert into authors (name) values ('Zoe')");
  expect(await rows("select max(id) as id from authors")).toEqual([{ id: 41 }]);
  expect(await rows("select text from log where text = 'Zoe'")).toHaveLength(1);
  await expect(run("delete from authors where id = 1")).rejects.toThrow("FOREIGN KEY");
  await expect(run("update books set pages = 0")).rejects.toThrow("CHECK");
});

test("rows of others that refer to a plugin's are left alone", async () => {
  await fill();
  await run("create table readers (author integer references authors (id) on delete cascade)");
  await run("insert into readers values (1)");
  await copyTables(db, library);
  await restoreTables(db, library);
  expect(await rows("select * from readers")).toEqual([{ author: 1 }]);
  // What refers is looked after again.
  await expect(run("insert into readers values (1000)")).rejects.toThrow("FOREIGN KEY");
  await expect(restoreTables(db, { plugin: "nobody", change: "c1" })).rejects.toThrow("no copy");
  await expect(run("insert into readers values (1000)")).rejects.toThrow("FOREIGN KEY");
});

test("it is done in a transaction of its own, never in that of the caller", async () => {
  const other = await openDatabase({ url: "sqlite::memory:", patience: 0.02 });
  onTestFinished(() => other.stop());
  const joining = other.transaction().execute(() => copyTables(other, library));
  await expect(joining).rejects.toMatchObject({ code: "NX_DATABASE_BUSY" });
  await copyTables(other, library);
});

test("a restore that fails has changed nothing", async () => {
  await fill();
  await copyTables(db, library);
  await run("insert into log values ('later')");
  const second = { ...migrations, "2": sends("drop view cheaper") };
  await migrate(db, { plugin: "library", migrations: second });
  await run("create table cheaper (by_hand)");
  const before = await everything();
  await expect(restoreTables(db, library)).rejects.toThrow("cheaper");
  expect(await everything()).toEqual(before);
});

test("a plugin without tables is put back to having none", async () => {
  await copyTables(db, library);
  await fill();
  await restoreTables(db, library);
  expect(await tablesOf(db, "library")).toEqual([]);
  expect(await rows("select name from sqlite_schema where name = 'books'")).toEqual([]);
  expect(await migrate(db, { plugin: "library", migrations })).toEqual(["1"]);
});

test("a copy is of its moment; a later one replaces it, and dropping leaves nothing of it", async () => {
  await fill();
  const before = await everything();
  await copyTables(db, library);
  await run("insert into log values ('later')");
  await copyTables(db, library);
  await run("delete from log");
  await restoreTables(db, library);
  expect(await rows("select text from log where text = 'later'")).toHaveLength(1);
  await run("delete from log where text = 'later'");
  await dropCopies(db, "library");
  await expect(restoreTables(db, library)).rejects.toMatchObject({ code: "NX_TABLE_COPY" });
  expect(await rows("select * from nexus_copies")).toEqual([]);
  // By hand, with what the owners' table says of it.
  await run("drop table nexus_copies");
  await run("delete from nexus_tables where name = 'nexus_copies'");
  expect(await everything()).toEqual(before);
  await dropCopies(db, "library");
});

test("each change has a copy of its own, and others stay while they are needed", async () => {
  await migrate(db, { plugin: "library", migrations: { "1": sends("create table log (n)") } });
  for (const change of ["c1", "c2", "c3"]) {
    await run(`insert into log values ('${change}')`);
    await copyTables(db, { plugin: "library", change }, ["c2"]);
  }
  expect((await copiesOf(db, "library")).toSorted()).toEqual(["c2", "c3"]);
  await expect(restoreTables(db, library)).rejects.toMatchObject({ code: "NX_TABLE_COPY" });
  for (const [change, count] of [
    ["c2", 2],
    ["c3", 3],
  ] as const) {
    await restoreTables(db, { plugin: "library", change });
    expect(await rows("select * from log")).toHaveLength(count);
  }
  await dropCopies(db, "library", ["c3"]);
  expect(await copiesOf(db, "library")).toEqual(["c3"]);
  await dropCopies(db, "library");
  expect(await rows("select name from sqlite_schema where name like 'nexus_copy_%'")).toEqual([]);
});

test("a copy that was made when changes had no names is found still", async () => {
  await migrate(db, { plugin: "library", migrations: { "1": sends("create table log (n)") } });
  await run("insert into log values (1)");
  await copyTables(db, library);
  // As it was kept then.
  await run("alter table nexus_copies rename to named");
  await run("create table nexus_copies (plugin text primary key, content jsonb not null)");
  await run("insert into nexus_copies select plugin, content from named");
  await run("drop table named");
  await run("delete from log");
  expect(await copiesOf(db, "library")).toEqual(["earlier"]);
  await restoreTables(db, { plugin: "library", change: "earlier" });
  expect(await rows("select * from log")).toEqual([{ n: 1 }]);
  await copyTables(db, { plugin: "library", change: "c2" }, ["earlier"]);
  expect((await copiesOf(db, "library")).toSorted()).toEqual(["c2", "earlier"]);
  await dropCopies(db, "library");
  expect(await rows("select name from sqlite_schema where name like 'nexus_copy_%'")).toEqual([]);
});

test("two plugins have a copy each, which no migration may touch", async () => {
  await fill();
  await migrate(db, { plugin: "other", migrations: { "1": sends("create table other (n)") } });
  await run("insert into other values (1)");
  await copyTables(db, library);
  await copyTables(db, { plugin: "other", change: "c1" });
  await dropCopies(db, "library");
  for (const statement of ["drop table nexus_copy_other_c1_0", "delete from nexus_copies"]) {
    const sneaky = { "1": sends("create table other (n)"), "2": sends(statement) };
    await expect(migrate(db, { plugin: "other", migrations: sneaky })).rejects.toMatchObject({
      code: "NX_TABLE_FOREIGN",
      message: expect.stringContaining("belongs to the platform"),
    });
  }
  await run("delete from other");
  await restoreTables(db, { plugin: "other", change: "c1" });
  expect(await rows("select * from other")).toEqual([{ n: 1 }]);
});

test("an index that keeps no rows cannot be copied, and is named", async () => {
  const search = sends(`create virtual table search using fts5(text, content = "")`);
  await migrate(db, { plugin: "library", migrations: { "1": search } });
  await expect(copyTables(db, library)).rejects.toMatchObject({
    code: "NX_TABLE_COPY",
    message: expect.stringContaining('"search" of plugin "library" cannot be copied'),
  });
});
