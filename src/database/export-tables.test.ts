import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import {
  type Database,
  exportTables,
  migrate,
  type Migration,
  openDatabase,
  sql,
} from "./index.ts";

let db: Database;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nexus-export-"));
  db = await openDatabase({ url: "sqlite::memory:" });
  return async () => {
    await db.stop();
    await rm(folder, { recursive: true });
  };
});

const run = (statement: string) => sql.raw(statement).execute(db);
const make = (...statements: string[]) =>
  migrate(db, {
    plugin: "notes",
    migrations: {
      "1": {
        async expand(db) {
          for (const statement of statements) await sql.raw(statement).execute(db);
        },
      } satisfies Migration,
    },
  });

interface Line {
  readonly table?: string;
  readonly row?: Record<string, unknown>;
  readonly plugin?: string;
  readonly definitions?: readonly { readonly name: string; readonly sql: string }[];
}

async function exported(): Promise<{ head: Line; rows: Line[] }> {
  const file = join(folder, "exports", "notes.ndjson");
  await exportTables(db, "notes", file);
  const text = await readFile(file, "utf8");
  expect(text.endsWith("\n")).toBe(true);
  const [head, ...lines] = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  const rows = lines.filter(({ table }) => !table!.startsWith("nexus_"));
  return { head: head!, rows };
}

test("the first line says how all is made, and each row is a line", async () => {
  await make(
    "create table notes (id integer primary key, text text, half generated always as (id / 2))",
    "create index by_text on notes (text)",
    "create view short as select id from notes",
  );
  await run("insert into notes (text) values ('one'), (null)");
  const file = join(folder, "notes.ndjson");
  expect(await exportTables(db, "notes", file)).toEqual({ tables: 3, rows: 3 });
  const { head, rows } = await exported();
  expect(head.plugin).toBe("notes");
  expect(head.definitions).toEqual(
    expect.arrayContaining([
      {
        type: "index",
        name: "by_text",
        table: "notes",
        sql: "CREATE INDEX by_text on notes (text)",
      },
      expect.objectContaining({ type: "view", name: "short" }),
      expect.objectContaining({ type: "table", name: "nexus_migrations_notes" }),
    ]),
  );
  expect(rows).toEqual([
    { table: "notes", row: { id: 1, text: "one" } },
    { table: "notes", row: { id: 2, text: null } },
  ]);
});

test("bytes, large integers and infinity survive; the rest is as it is stored", async () => {
  await make("create table notes (a any, at timestamptz, flag boolean, data jsonb)");
  await run("insert into notes (a) values (x'00ff10'), (x''), (9007199254740993), (-9e999), (0.5)");
  await run(
    `insert into notes values ('🙂', '2026-01-01T00:00:00.000Z', true, '{"$blob":"AA=="}')`,
  );
  const { rows } = await exported();
  expect(rows.map(({ row }) => row!["a"])).toEqual([
    { $blob: "AP8Q" },
    { $blob: "" },
    { $integer: "9007199254740993" },
    { $real: "-Infinity" },
    0.5,
    "🙂",
  ]);
  expect(rows.at(-1)!.row).toEqual({
    a: "🙂",
    at: "2026-01-01T00:00:00.000Z",
    flag: 1,
    data: '{"$blob":"AA=="}',
  });
});

test("every row of a large table is written once, whatever its key", async () => {
  await make(
    "create table plain (n integer)",
    "create table paired (a text collate nocase, b integer, primary key (b, a)) without rowid",
    "create table bare (rowid integer, oid integer, _rowid_ integer)",
    "create table taken (RowID integer)",
    "create virtual table found using fts5(n)",
  );
  const numbers =
    "with recursive n(n) as (select 1 union all select n + 1 from n where n < 250) insert into";
  await run(`${numbers} plain select n from n`);
  await run(`${numbers} paired select 'k' || n, n % 7 from n`);
  await run(`${numbers} bare select 1, 1, n from n`);
  await run(`${numbers} taken select 1 from n`);
  await run(`${numbers} found (n) select n from n`);
  const { rows } = await exported();
  const of = (table: string) => rows.filter((line) => line.table === table);
  for (const table of ["plain", "paired", "bare", "taken", "found"]) {
    expect(of(table), table).toHaveLength(250);
  }
  expect(new Set(of("plain").map(({ row }) => row!["n"])).size).toBe(250);
  expect(new Set(of("paired").map(({ row }) => row!["a"])).size).toBe(250);
  expect(new Set(of("bare").map(({ row }) => row!["_rowid_"])).size).toBe(250);
  expect(new Set(of("found").map(({ row }) => row!["n"])).size).toBe(250);
});

test("a full page is the last one when no row is left", async () => {
  await make("create table notes (n integer)");
  await run(
    "with recursive n(n) as (select 1 union all select n + 1 from n where n < 100) insert into notes select n from n",
  );
  expect((await exported()).rows).toHaveLength(100);
});

test("others write meanwhile", async () => {
  await make("create table notes (n integer)");
  await run("create table other (n integer)");
  await run(
    "with recursive n(n) as (select 1 union all select n + 1 from n where n < 1000) insert into notes select n from n",
  );
  let isWritten = false;
  let wasMeanwhile = false;
  const exporting = exported().then(() => (wasMeanwhile = isWritten));
  await run("insert into other values (1)");
  isWritten = true;
  await exporting;
  expect(wasMeanwhile).toBe(true);
});

test.skipIf(process.platform === "win32")("the file is its owner's alone", async () => {
  await make("create table notes (n integer)");
  await exported();
  const { mode } = await stat(join(folder, "exports", "notes.ndjson"));
  expect((mode & 0o777).toString(8)).toBe("600");
});

test("an export that fails leaves no file, and what was there before", async () => {
  await make("create table notes (n integer)");
  await mkdir(join(folder, "notes.ndjson"));
  await expect(exportTables(db, "notes", join(folder, "notes.ndjson"))).rejects.toThrow();
  expect(await readdir(folder)).toEqual(["notes.ndjson"]);
  expect(await readdir(join(folder, "notes.ndjson"))).toEqual([]);
});

test("of a plugin without tables there is one line", async () => {
  expect(await exported()).toEqual({ head: { plugin: "notes", definitions: [] }, rows: [] });
});
