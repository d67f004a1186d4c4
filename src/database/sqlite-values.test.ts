import { expect, onTestFinished, test } from "vitest";
import { openDatabase, sql, type Database } from "./index.ts";

interface Tables {
  things: {
    id?: number;
    active?: boolean | null;
    at?: Date | null;
    created?: Date;
    data?: unknown;
    size?: number | bigint | null;
    ratio?: number | null;
    name?: string | null | undefined;
    bytes?: Uint8Array | null;
  };
}

test("a boolean, a Date, JSON, a number, text and bytes are read as they were written", async () => {
  const db = await open();
  const row = {
    active: true,
    at: new Date("2026-11-22T12:04:05.678Z"),
    data: { tags: ["a", "b"], deep: { yes: true, none: null } },
    size: 42,
    ratio: 0.1,
    name: "Zoë 😀",
    bytes: new Uint8Array([0, 1, 255]),
  };
  await db.insertInto("things").values(row).execute();
  const read = await db.selectFrom("things").select(keys(row)).executeTakeFirstOrThrow();
  expect(read).toEqual(row);
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
});

test("null and undefined are read as null", async () => {
  const db = await open();
  const nothing = { active: null, at: null, data: null, size: null, ratio: null, bytes: null };
  await db
    .insertInto("things")
    .values({ ...nothing, name: undefined })
    .execute();
  const read = await db.selectFrom("things").select(keys(nothing)).select("name").execute();
  expect(read).toEqual([{ ...nothing, name: null }]);
});

test("an alias, a join, a subquery, returning and a stream keep the types of the columns", async () => {
  const db = await open();
  const at = new Date(0);
  const returned = await db
    .insertInto("things")
    .values({ active: false, at })
    .returning(["id", "active as on", "at"])
    .executeTakeFirst();
  expect(returned).toEqual({ id: 1, on: false, at });
  const updated = await db
    .updateTable("things")
    .set({ active: true })
    .returning("active")
    .execute();
  expect(updated).toEqual([{ active: true }]);
  const joined = await db
    .selectFrom("things as a")
    .innerJoin("things as b", "a.id", "b.id")
    .select(["a.active as one", "b.at as two"])
    .execute();
  expect(joined).toEqual([{ one: true, two: at }]);
  const nested = await db
    .with("q", (q) => q.selectFrom("things").select("active as inner"))
    .selectFrom((q) => q.selectFrom("q").select("inner as outer").as("s"))
    .selectAll()
    .execute();
  expect(nested).toEqual([{ outer: true }]);
  for await (const row of db.selectFrom("things").select("at").stream())
    expect(row).toEqual({ at });
  const deleted = await db.deleteFrom("things").returning("at").execute();
  expect(deleted).toEqual([{ at }]);
});

test("an expression has no declared type: it is read as SQLite has it", async () => {
  const db = await open();
  await db
    .insertInto("things")
    .values({ active: true, at: new Date(0) })
    .execute();
  const read = await db
    .selectFrom("things")
    .select(({ fn }) => [fn.max("at").as("latest"), fn.countAll().as("count")])
    .execute();
  expect(read).toEqual([{ latest: "1970-01-01T00:00:00.000Z", count: 1 }]);
});

test("an integer is a number where that is exact, and a bigint beyond", async () => {
  const db = await open();
  const sizes = [0, -1, Number.MAX_SAFE_INTEGER, 9007199254740993n, -(2n ** 63n), 2n ** 63n - 1n];
  for (const size of sizes) await db.insertInto("things").values({ size }).execute();
  const read = await db.selectFrom("things").select("size").orderBy("id").execute();
  expect(read.map(({ size }) => size)).toEqual(sizes);
  await expect(
    db
      .insertInto("things")
      .values({ size: 2n ** 63n })
      .execute(),
  ).rejects.toThrow("too large");
});

test("a whole number in a text column has no decimal point", async () => {
  const db = await open();
  await sql`insert into things (name) values (${12})`.execute(db);
  expect(await db.selectFrom("things").select("name").execute()).toEqual([{ name: "12" }]);
});

test("JSON columns hold whatever JSON can say", async () => {
  const db = await open();
  const values = [{}, [], [1, "two", null], { nested: [{ a: 1.5 }] }];
  for (const data of values) await db.insertInto("things").values({ data }).execute();
  for (const text of ['"text"', "true", "1.5", "null", '"12"']) {
    await db.insertInto("things").values({ data: text }).execute();
  }
  const read = await db.selectFrom("things").select("data").orderBy("id").execute();
  expect(read.map(({ data }) => data)).toEqual([...values, "text", true, 1.5, null, "12"]);
});

test("current_timestamp is a Date that compares with others", async () => {
  const db = await open();
  const before = new Date(Date.now() - 1);
  await db.insertInto("things").values({ name: "new" }).execute();
  const { created } = await db.selectFrom("things").select("created").executeTakeFirstOrThrow();
  expect(created).toBeInstanceOf(Date);
  const found = await db
    .selectFrom("things")
    .select("name")
    .where("created", ">", before)
    .where("created", "<=", sql<Date>`current_timestamp`)
    .execute();
  expect(found).toEqual([{ name: "new" }]);
});

test("a time that SQLite itself wrote is UTC", async () => {
  const db = await open();
  await sql`insert into things (at) values ('2026-11-22 12:04:00')`.execute(db);
  const { at } = await db.selectFrom("things").select("at").executeTakeFirstOrThrow();
  expect(at).toEqual(new Date("2026-11-22T12:04:00Z"));
});

test("a serial column numbers its rows, and uses no number twice", async () => {
  const db = await open();
  const add = () => db.insertInto("things").values({ name: "x" }).returning("id").execute();
  expect(await add()).toEqual([{ id: 1 }]);
  await db.deleteFrom("things").execute();
  expect(await add()).toEqual([{ id: 2 }]);
});

test("a NUL byte is kept; half of a surrogate pair becomes the replacement character", async () => {
  const db = await open();
  await db
    .insertInto("things")
    .values([{ name: "a\0b" }, { name: "\ud800c" }])
    .execute();
  const read = await db.selectFrom("things").select("name").orderBy("id").execute();
  expect(read).toEqual([{ name: "a\0b" }, { name: "\ufffdc" }]);
  const found = await db.selectFrom("things").select("id").where("name", "=", "a\0b").execute();
  expect(found).toEqual([{ id: 1 }]);
});

test("a value that no column can hold is refused, not stored as something else", async () => {
  const db = await open();
  for (const value of [new Map(), new Set([1]), new ArrayBuffer(8), Symbol("x")]) {
    const storing = db.insertInto("things").values({ data: value }).execute();
    await expect(storing).rejects.toMatchObject({ code: "NX_DATABASE_VALUE" });
  }
  const nothing = db
    .insertInto("things")
    .values({ at: new Date(Number.NaN) })
    .execute();
  await expect(nothing).rejects.toThrow("Invalid time");
});

test("a cached statement follows a change of its table", async () => {
  const db = await open();
  await db.insertInto("things").values({ name: "x" }).execute();
  const all = () => db.selectFrom("things").selectAll().execute();
  await all();
  await db.schema.alterTable("things").addColumn("extra", "boolean").execute();
  await sql`update things set extra = true`.execute(db);
  expect((await all())[0]).toMatchObject({ name: "x", extra: true });
});

function keys<T extends object>(row: T): (keyof T & string)[] {
  return Object.keys(row) as (keyof T & string)[];
}

async function open(): Promise<Database<Tables>> {
  const db = await openDatabase<Tables>({ url: "sqlite::memory:" });
  onTestFinished(() => db.stop());
  await db.schema
    .createTable("things")
    .addColumn("id", "serial", (column) => column.primaryKey())
    .addColumn("active", "boolean", (column) => column.defaultTo(true))
    .addColumn("at", "timestamptz")
    .addColumn("created", "timestamp", (column) =>
      column.defaultTo(sql`current_timestamp`).notNull(),
    )
    .addColumn("data", "jsonb")
    .addColumn("size", "bigint")
    .addColumn("ratio", "double precision")
    .addColumn("name", "varchar(100)")
    .addColumn("bytes", "bytea")
    .execute();
  return db;
}
