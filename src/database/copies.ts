import { type Kysely, sql } from "kysely";
import { NexusError } from "../exceptions.ts";
import type { Catalog, Counter, Definition } from "./catalog.ts";
import type { Database } from "./database.ts";
import type { AnyTables } from "./migration.ts";
import { ownedBy, platform } from "./owners.ts";
import { drop, rebuild } from "./rebuild.ts";
import { tableName } from "./table-name.ts";

/**
 * Copies all tables of a plugin, its history included, inside the database, in place of an older copy.
 * Nobody should write them meanwhile and afterwards: the copy is of this moment.
 * @throws NX_TABLE_COPY
 */
export async function copyTables<Tables>(db: Database<Tables>, plugin: string): Promise<void> {
  await rebuild(db, platform, async (trx, catalog) => {
    await removeCopy(trx, catalog, plugin);
    const names = await ownedBy(plugin, trx, catalog);
    const definitions = await catalog.definitions(trx, names);
    refuseUnreadable(plugin, definitions);
    const tables: CopiedTable[] = [];
    for (const { name } of definitions.filter(isTable)) {
      const copy = `nexus_copy_${tableName(plugin)}_${tables.length}`;
      tables.push({ name, copy, columns: await copyRows(trx, catalog, name, copy) });
    }
    const content: Copy = { definitions, tables, counters: await catalog.counters(trx, names) };
    await trx.schema
      .createTable(copies)
      .ifNotExists()
      .addColumn("plugin", "text", (column) => column.primaryKey())
      .addColumn("content", "jsonb", (column) => column.notNull())
      .execute();
    await trx.insertInto(copies).values({ plugin, content }).execute();
  });
}

/**
 * Puts the tables of a plugin back to what `copyTables` found, its history included; those that have
 * come since are dropped. The copy stays.
 * @throws NX_TABLE_COPY
 */
export async function restoreTables<Tables>(db: Database<Tables>, plugin: string): Promise<void> {
  await rebuild(db, plugin, async (trx, catalog) => {
    const copy = await findCopy(trx, catalog, plugin);
    if (!copy) {
      throw new NexusError(
        "NX_TABLE_COPY",
        `There is no copy of the tables of plugin "${plugin}".`,
        {
          cure: "Only an upgrade with --stop makes one.",
        },
      );
    }
    await drop(trx, catalog, await ownedBy(plugin, trx, catalog));
    for (const { sql: text } of copy.definitions.filter(isTable)) await sql.raw(text).execute(trx);
    for (const { name, copy: from, columns } of copy.tables) {
      await moveRows(trx, from, name, columns);
    }
    for (const counter of copy.counters) await catalog.setCounter(trx, counter);
    // Last, so that no trigger sees the rows come.
    for (const definition of copy.definitions) {
      if (!isTable(definition)) await sql.raw(definition.sql).execute(trx);
    }
  });
}

/** Removes the copy of a plugin's tables, if there is one. */
export async function dropCopies<Tables>(db: Database<Tables>, plugin: string): Promise<void> {
  await rebuild(db, platform, (trx, catalog) => removeCopy(trx, catalog, plugin));
}

/** For whoever is in a transaction already. */
export async function removeCopy(
  db: Kysely<AnyTables>,
  catalog: Catalog,
  plugin: string,
): Promise<void> {
  const copy = await findCopy(db, catalog, plugin);
  if (!copy) return;
  await drop(
    db,
    catalog,
    copy.tables.map((table) => table.copy),
  );
  await db.deleteFrom(copies).where("plugin", "=", plugin).execute();
}

interface Copy {
  readonly definitions: readonly Definition[];
  readonly tables: readonly CopiedTable[];
  readonly counters: readonly Counter[];
}

interface CopiedTable {
  readonly name: string;
  /** The table that has the rows. */
  readonly copy: string;
  readonly columns: readonly string[];
}

const copies = "nexus_copies";

const isTable = ({ type }: Definition): boolean => type === "table";

async function findCopy(
  db: Kysely<AnyTables>,
  catalog: Catalog,
  plugin: string,
): Promise<Copy | undefined> {
  const relations = await catalog.relations(db);
  if (!relations.some(({ name }) => name === copies)) return undefined;
  const found = await db
    .selectFrom(copies)
    .select("content")
    .where("plugin", "=", plugin)
    .$castTo<{ content: Copy }>()
    .executeTakeFirst();
  return found?.content;
}

/** @returns the columns that were copied */
async function copyRows(
  db: Kysely<AnyTables>,
  catalog: Catalog,
  table: string,
  copy: string,
): Promise<string[]> {
  const { names, key } = await catalog.columns(db, table);
  // Without types nothing that is stored is converted.
  await sql`create table ${sql.id(copy)} (${sql.join(names.map((name) => sql.id(name)))})`.execute(
    db,
  );
  // Others may refer to the number that a row has without a column.
  const columns = [...new Set([...key, ...names])];
  await moveRows(db, table, copy, columns);
  return columns;
}

async function moveRows(
  db: Kysely<AnyTables>,
  from: string,
  to: string,
  columns: readonly string[],
): Promise<void> {
  const list = sql.join(columns.map((name) => sql.id(name)));
  await sql`insert into ${sql.id(to)} (${list}) select ${list} from ${sql.id(from)}`.execute(db);
}

/** A full-text index without content gives nothing back of what was put into it. */
function refuseUnreadable(plugin: string, definitions: readonly Definition[]): void {
  const one = definitions.find(({ sql }) =>
    /^create virtual table\b.*\bcontent\s*=\s*(?:''|"")/is.test(sql),
  );
  if (!one) return;
  throw new NexusError(
    "NX_TABLE_COPY",
    `The table "${one.name}" of plugin "${plugin}" cannot be copied: it keeps an index and no rows.`,
    { cure: "Upgrade without --stop, by migrations that are additive." },
  );
}
