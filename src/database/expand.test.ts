import { beforeEach, expect, test } from "vitest";
import {
  type AnyTables,
  type Database,
  finalize,
  type Kysely,
  migrate,
  type Migration,
  type MigrationMode,
  openDatabase,
  pendingContracts,
  sql,
  tablesOf,
} from "./index.ts";

let db: Database;
/** What has been done, in order. */
let done: string[];

beforeEach(async () => {
  db = await openDatabase({ url: "sqlite::memory:" });
  done = [];
  return () => db.stop();
});

type Db = Kysely<AnyTables>;

const step = (name: string): Migration => ({
  expand: async () => done.push(`+${name}`),
  contract: async () => done.push(`-${name}`),
});
const onlyExpand = (name: string): Migration => ({ expand: async () => done.push(`+${name}`) });

const [v1, v2, v3] = [1, 2, 3].map((count) =>
  Object.fromEntries(["1", "2", "3"].slice(0, count).map((name) => [name, step(name)])),
) as [Record<string, Migration>, Record<string, Migration>, Record<string, Migration>];

const bring = (migrations: Record<string, Migration>, mode?: MigrationMode) =>
  migrate(db, { plugin: "notes", migrations, mode });
const pending = (migrations: Record<string, Migration>) =>
  pendingContracts(db, { plugin: "notes", migrations });
const finish = (migrations: Record<string, Migration>) =>
  finalize(db, { plugin: "notes", migrations });

test.each(["all", "expand", "additive"] as const)(
  "where nothing has run before, %s contracts at once",
  async (mode) => {
    expect(await bring(v2, mode)).toEqual(["1", "2"]);
    expect(done).toEqual(["+1", "-1", "+2", "-2"]);
    expect(await pending(v2)).toEqual([]);
    expect(await finish(v2)).toEqual([]);
  },
);

test.each(["expand", "additive"] as const)(
  "%s leaves contracts pending, finalize runs them once",
  async (mode) => {
    await bring(v1);
    done = [];
    expect(await bring(v3, mode)).toEqual(["2", "3"]);
    expect(done).toEqual(["+2", "+3"]);
    expect(await pending(v3)).toEqual(["2", "3"]);
    expect(await bring(v3, mode)).toEqual([]);
    expect(await finish(v3)).toEqual(["2", "3"]);
    expect(await finish(v3)).toEqual([]);
    expect(done).toEqual(["+2", "+3", "-2", "-3"]);
    expect(await pending(v3)).toEqual([]);
  },
);

test("a migration without a contract leaves nothing pending", async () => {
  await bring(v1);
  await bring({ ...v1, "2": onlyExpand("2") }, "expand");
  expect(await pending({ ...v1, "2": onlyExpand("2") })).toEqual([]);
});

test("all runs contracts that are pending before what is new", async () => {
  await bring(v1);
  await bring(v2, "expand");
  done = [];
  expect(await bring(v3, "all")).toEqual(["3"]);
  expect(done).toEqual(["-2", "+3", "-3"]);
  expect(await pending(v3)).toEqual([]);
});

test.each(["expand", "additive"] as const)(
  "%s refuses what is new while contracts are pending, and says how to run them",
  async (mode) => {
    await bring(v1);
    await bring(v2, "expand");
    done = [];
    await expect(bring(v3, mode)).rejects.toMatchObject({
      code: "NX_MIGRATION_PENDING",
      message:
        'Plugin "notes" has new migrations ("3"), and contracts that have not run yet ("2"). Run "nexus plugin finalize notes" first.',
    });
    expect(done).toEqual([]);
    await finish(v2);
    expect(await bring(v3, mode)).toEqual(["3"]);
  },
);

test.each(["expand", "additive"] as const)(
  "%s accepts an older version while what it does not know has not been contracted",
  async (mode) => {
    await bring(v1);
    await bring({ ...v2, "3": onlyExpand("3") }, "expand");
    done = [];
    expect(await bring(v1, mode)).toEqual([]);
    expect(await pending(v1)).toEqual([]);
    // What it does not know it cannot contract.
    expect(await finish(v1)).toEqual([]);
    expect(done).toEqual([]);
    expect(await pending(v2)).toEqual(["2"]);
    await finish(v2);
    await expect(bring(v1, mode)).rejects.toMatchObject({
      code: "NX_MIGRATION",
      message: expect.stringMatching(/"notes" does not know the migration "2", whose contract/),
    });
  },
);

test("all does not accept an older version, nor does anybody one of another line", async () => {
  await bring(v1);
  await bring(v2, "expand");
  const unknown = {
    code: "NX_MIGRATION",
    message: expect.stringMatching(/do not continue its history: "2" has run, and is not among/),
  };
  await expect(bring(v1)).rejects.toMatchObject(unknown);
  await expect(bring({ ...v1, "3": step("3") }, "expand")).rejects.toMatchObject(unknown);
  await expect(pending({ ...v1, "3": step("3") })).rejects.toMatchObject(unknown);
  await expect(bring({ ...v2, "11": step("11") }, "expand")).rejects.toMatchObject({
    code: "NX_MIGRATION",
    message: expect.stringMatching(/"11" comes before "2", which has run/),
  });
});

test("a contract that fails is named, and undoes the others", async () => {
  const fails: Migration = {
    expand: async () => {},
    contract: () => Promise.reject(new Error("no such luck")),
  };
  const migrations = { ...v2, "3": fails };
  await bring(v1);
  await bring(migrations, "expand");
  await expect(finish(migrations)).rejects.toMatchObject({
    code: "NX_MIGRATION",
    message: expect.stringContaining(
      'The contract of migration "3" of plugin "notes" failed: no such luck.',
    ),
  });
  expect(await pending(migrations)).toEqual(["2", "3"]);
});

test("pending contracts are asked for without writing", async () => {
  expect(await pending(v1)).toEqual([]);
  expect((await sql`select name from sqlite_schema`.execute(db)).rows).toEqual([]);
});

const notes: Migration = {
  expand: (db) => db.schema.createTable("notes").addColumn("text", "text").execute(),
};
const drops: Migration = { expand: (db) => db.schema.dropTable("notes").execute() };

test("additive refuses a statement that the code before could not bear, and names it", async () => {
  await bring({ "1": notes });
  const migrations = {
    "1": notes,
    "2": { expand: (db: Db) => db.schema.createTable("tags").addColumn("n", "text").execute() },
    "3": drops,
  };
  await expect(bring(migrations, "additive")).rejects.toMatchObject({
    code: "NX_MIGRATION_NOT_ADDITIVE",
    message:
      'Migration "3" of plugin "notes" cannot run beside the code before it, as it drops "notes": drop table "notes". ' +
      'Move that to the "contract" of the migration, or upgrade with --stop.',
  });
  // All or nothing.
  const { rows } = await sql`select name from sqlite_schema where name = 'tags'`.execute(db);
  expect(rows).toEqual([]);
  expect(await bring(migrations, "expand")).toEqual(["2", "3"]);
});

test("additive looks at what a migration leads to by other ways, and at long statements", async () => {
  await bring({ "1": notes });
  const other: Migration = {
    expand: () => sql.raw(`delete from notes where ${"1 and ".repeat(100)} 0`).execute(db),
  };
  await expect(bring({ "1": notes, "2": other }, "additive")).rejects.toMatchObject({
    code: "NX_MIGRATION_NOT_ADDITIVE",
    message: expect.stringMatching(/deletes rows of "notes": delete from .{180,190}…\. Move that/),
  });
});

test("additive lets a first version make and change what it likes, and a contract do anything", async () => {
  const migrations = {
    "1": notes,
    "2": drops,
    "3": { ...notes, contract: (db: Db) => drops.expand(db) },
  };
  expect(await bring(migrations, "additive")).toEqual(["1", "2", "3"]);
});

test("additive lets expand add, and finalize remove", async () => {
  await bring({ "1": notes });
  const title: Migration = {
    async expand(db) {
      await db.schema.alterTable("notes").addColumn("title", "text").execute();
      await db.schema.createIndex("by_title").on("notes").column("title").execute();
      await db
        .updateTable("notes")
        .set((row) => ({ title: row.ref("text") }))
        .execute();
    },
    contract: (db) => db.schema.alterTable("notes").dropColumn("text").execute(),
  };
  await sql`insert into notes values ('a')`.execute(db);
  await bring({ "1": notes, "2": title }, "additive");
  expect((await sql`select * from notes`.execute(db)).rows).toEqual([{ text: "a", title: "a" }]);
  await finish({ "1": notes, "2": title });
  expect((await sql`select * from notes`.execute(db)).rows).toEqual([{ title: "a" }]);
});

test("a history of the time before contracts were kept goes on, with nothing pending", async () => {
  await sql`create table nexus_migrations_notes
    (name varchar(255) not null primary key, timestamp varchar(255) not null)`.execute(db);
  await sql`insert into nexus_migrations_notes values ('1', '2026-01-01T00:00:00.000Z')`.execute(
    db,
  );
  expect(await pending(v1)).toEqual([]);
  expect(await bring(v2, "expand")).toEqual(["2"]);
  expect(await tablesOf(db, "notes")).toContain("nexus_migrations_notes");
  expect(await pending(v2)).toEqual(["2"]);
});
