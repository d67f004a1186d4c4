import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type Kysely, sql } from "kysely";
import { Drafts } from "../drafts.ts";
import { commit } from "../commit.ts";
import type { Columns } from "./catalog.ts";
import { type Database, dialectOf } from "./database.ts";
import type { AnyTables } from "./migration.ts";
import { tablesOf } from "./owners.ts";

export interface Exported {
  readonly tables: number;
  readonly rows: number;
}

/**
 * Writes all tables of a plugin to a file, line by line in JSON: first how they are made, then each row.
 * What JSON cannot say is an object with one member: `$blob` in Base64, `$integer`, `$real`. The file is
 * there when all of it is; nobody should write the tables meanwhile.
 */
export async function exportTables<Tables>(
  db: Database<Tables>,
  plugin: string,
  file: string,
): Promise<Exported> {
  const { catalog } = dialectOf(db);
  const any = db as unknown as Kysely<AnyTables>;
  const definitions = await catalog.definitions(any, await tablesOf(db, plugin));
  const tables = definitions.filter(({ type }) => type === "table").map(({ name }) => name);
  const { path, handle } = await new Drafts(dirname(file)).open();
  let count = 0;
  try {
    try {
      await handle.appendFile(`${JSON.stringify({ plugin, definitions })}\n`);
      for (const table of tables) {
        for await (const rows of pagesOf(any, table, await catalog.columns(any, table))) {
          count += rows.length;
          await handle.appendFile(rows.map((row) => lineOf(table, row)).join(""));
        }
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await commit(path, file);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return { tables: tables.length, rows: count };
}

type Row = Record<string, unknown>;

/** Page by page, so that others get their turn and a large table does not have to fit. */
async function* pagesOf(
  db: Kysely<AnyTables>,
  table: string,
  { names, key }: Columns,
): AsyncGenerator<Row[]> {
  // An expression has no declared type: what is stored is read, not what it stands for.
  const columns = names.map((name) => sql`+${sql.id(name)} as ${sql.id(name)}`);
  const keys = sql.join(key.map((name) => sql.id(name)));
  const marks = key.map((name, index) => sql`+${sql.id(name)} as ${sql.id(`${mark}${index}`)}`);
  for (let last: unknown[] | undefined; ;) {
    const after = last ? sql`where (${keys}) > (${sql.join(last)})` : sql``;
    const page = key.length ? sql`order by ${keys} limit ${size}` : sql``;
    const { rows } = await sql<Row>`select ${sql.join([...columns, ...marks])}
      from ${sql.id(table)} ${after} ${page}`.execute(db);
    const end = rows.at(-1);
    last = end && key.map((_, index) => end[`${mark}${index}`]);
    yield rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]])));
    if (rows.length < size || !key.length) return;
  }
}

/** Rows. */
const size = 100;
const mark = "nexus key ";

function lineOf(table: string, row: Row): string {
  const members = Object.entries(row).map(([name, value]) => [name, portable(value)]);
  return `${JSON.stringify({ table, row: Object.fromEntries(members) })}\n`;
}

function portable(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $blob: Buffer.from(value).toString("base64") };
  if (typeof value === "bigint") return { $integer: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) return { $real: String(value) };
  return value;
}
