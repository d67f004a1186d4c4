import { beforeEach, expect, test } from "vitest";
import {
  copyTables,
  type Database,
  dropTables,
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

const run = (statement: string) => sql.raw(statement).execute(db);
const sends = (...statements: string[]): Migration => ({
  async expand(db) {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
});
const notes = {
  "1": sends(
    "create table parents (id integer primary key autoincrement)",
    "create table children (id integer references parents (id) on delete restrict)",
    "create view both_of_them as select 1 from parents, children",
    "create virtual table found using fts5(text)",
    "insert into parents values (1)",
    "insert into children values (1)",
  ),
};

test("nothing stays of a plugin's tables, its history and their copy", async () => {
  await migrate(db, { plugin: "other", migrations: { "1": sends("create table other (id)") } });
  const before = await run("select name from sqlite_schema order by name");
  await migrate(db, { plugin: "notes", migrations: notes });
  await copyTables(db, { plugin: "notes", change: "c1" });
  await dropTables(db, "notes");
  expect(await tablesOf(db, "notes")).toEqual([]);
  const after = await run(
    `select name from sqlite_schema
     where name not like '%nexus_copies%' and name <> 'sqlite_sequence' order by name`,
  );
  expect(after.rows).toEqual(before.rows);
  expect((await run("select * from nexus_copies")).rows).toEqual([]);
  expect(await migrate(db, { plugin: "notes", migrations: notes })).toEqual(["1"]);
});

test("a plugin that never had a table has none to drop", async () => {
  await dropTables(db, "nobody");
  expect(await tablesOf(db, "nobody")).toEqual([]);
});

test("tables that others refer to are not dropped; both sides are named", async () => {
  await migrate(db, { plugin: "notes", migrations: notes });
  const refers = sends("create table Likes (parent integer references Parents (id))");
  await migrate(db, { plugin: "likes", migrations: { "1": refers } });
  const all = await tablesOf(db, "notes");
  await expect(dropTables(db, "notes")).rejects.toMatchObject({
    code: "NX_TABLE_REFERENCED",
    message: expect.stringContaining(
      'The table "Likes" of plugin "likes" refers to "Parents" of plugin "notes"',
    ),
  });
  expect(await tablesOf(db, "notes")).toEqual(all);
  await dropTables(db, "likes");
  await run("create table by_hand (parent integer references parents (id))");
  await expect(dropTables(db, "notes")).rejects.toThrow('The table "by_hand" refers to "parents"');
});
