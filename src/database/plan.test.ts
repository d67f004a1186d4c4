import { beforeEach, expect, test } from "vitest";
import {
  type Database,
  migrate,
  type Migration,
  openDatabase,
  planMigrations,
  sql,
} from "./index.ts";

let db: Database;

beforeEach(async () => {
  db = await openDatabase({ url: "sqlite::memory:" });
  return () => db.stop();
});

const notes: Migration = {
  expand: (db) => db.schema.createTable("notes").addColumn("text", "text").execute(),
};
const title: Migration = {
  async expand(db) {
    await db.schema.alterTable("notes").addColumn("title", "text").execute();
    await db.updateTable("notes").set({ title: "secret" }).execute();
  },
  contract: (db) => db.schema.alterTable("notes").dropColumn("text").execute(),
};
const letters: Migration = {
  expand: (db) => db.schema.alterTable("notes").renameTo("letters").execute(),
};

const schema = async () => (await sql`select * from sqlite_schema`.execute(db)).rows;

test("a plan says what would be sent, what is not additive, and what is pending; it writes nothing", async () => {
  await migrate(db, { plugin: "notes", migrations: { "1": notes } });
  await sql`insert into notes values ('a')`.execute(db);
  const before = await schema();
  const migrations = { "1": notes, "2": title, "3": letters };
  expect(await planMigrations(db, { plugin: "notes", migrations })).toEqual({
    migrations: [
      {
        name: "2",
        statements: [
          'alter table "notes" add column "title" text',
          'update "notes" set "title" = ?',
        ],
        contract: ['alter table "notes" drop column "text"'],
        obstacles: [],
      },
      {
        name: "3",
        statements: ['alter table "notes" rename to "letters"'],
        contract: [],
        obstacles: [
          {
            statement: 'alter table "notes" rename to "letters"',
            reason: 'changes "notes" otherwise than by adding columns',
          },
        ],
      },
    ],
    pending: [],
    ahead: [],
  });
  expect(await schema()).toEqual(before);
  await migrate(db, {
    plugin: "notes",
    migrations: { "1": notes, "2": title },
    mode: "expand",
  });
  expect(
    await planMigrations(db, { plugin: "notes", migrations: { "1": notes, "2": title } }),
  ).toEqual({ migrations: [], pending: ["2"], ahead: [] });
  expect(await planMigrations(db, { plugin: "notes", migrations: { "1": notes } })).toEqual({
    migrations: [],
    pending: [],
    ahead: ["2"],
  });
});

test("a plan of what has never run makes no tables; what it makes it may change", async () => {
  const migrations = { "1": notes, "2": letters };
  const plan = await planMigrations(db, { plugin: "notes", migrations });
  expect(plan.migrations.map(({ name, obstacles }) => [name, obstacles])).toEqual([
    ["1", []],
    ["2", []],
  ]);
  expect(await schema()).toEqual([]);
});

test("a plan that does not continue the history is refused", async () => {
  await migrate(db, { plugin: "notes", migrations: { "2": notes } });
  await expect(
    planMigrations(db, { plugin: "notes", migrations: { "1": title, "2": notes } }),
  ).rejects.toMatchObject({ code: "NX_MIGRATION" });
  // Whatever comes of it, nothing stays open.
  expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
});

test("a migration that needs rows is planned as far as it comes, and the reason is told", async () => {
  const needs: Migration = {
    async expand(db) {
      await db.selectFrom("notes").selectAll().executeTakeFirstOrThrow();
      await db.schema.dropTable("notes").execute();
    },
  };
  const contracts: Migration = {
    expand: async () => {},
    contract: () => Promise.reject(new Error("no such luck")),
  };
  const plan = await planMigrations(db, {
    plugin: "notes",
    migrations: { "1": needs, "2": contracts },
  });
  expect(plan.migrations).toMatchObject([
    { statements: ['select * from "notes"'], obstacles: [], stoppedBy: "no result" },
    { statements: [], stoppedBy: "no such luck" },
  ]);
});

test("what a migration sends by other ways is undone", async () => {
  await migrate(db, { plugin: "notes", migrations: { "1": notes } });
  const sneaky: Migration = { expand: () => sql`insert into notes values ('a')`.execute(db) };
  const migrations = { "1": notes, "2": sneaky };
  await planMigrations(db, { plugin: "notes", migrations });
  expect((await sql`select * from notes`.execute(db)).rows).toEqual([]);
});

test("a migration that never ends is planned as far as it comes; others have the database meanwhile", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const endless: Migration = {
    async expand(own) {
      await own.schema.alterTable("notes").addColumn("title", "text").execute();
      await promise;
      await sql`insert into notes values ('late')`.execute(db);
    },
  };
  await migrate(db, { plugin: "notes", migrations: { "1": notes } });
  const planned = planMigrations(db, {
    plugin: "notes",
    migrations: { "1": notes, "2": endless },
    patience: 0.05,
  });
  expect((await sql`select * from notes`.execute(db)).rows).toEqual([]);
  expect((await planned).migrations).toMatchObject([
    {
      statements: ['alter table "notes" add column "title" text'],
      stoppedBy: "It has not ended after 0.05 s",
    },
  ]);
  resolve();
  await new Promise((done) => setTimeout(done, 5));
  expect((await sql`select * from notes`.execute(db)).rows).toEqual([]);
});
