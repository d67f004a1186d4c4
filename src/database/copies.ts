import { type Kysely, sql } from "kysely";
import { NexusError } from "../exceptions.ts";
import type { Catalog, Counter, Definition } from "./catalog.ts";
import { earlierCopy } from "./copy-name.ts";
import { type Database, dialectOf } from "./database.ts";
import type { AnyTables } from "./migration.ts";
import { ownedBy, platform } from "./owners.ts";
import { drop, rebuild } from "./rebuild.ts";
import { tableName } from "./table-name.ts";

/** Which copy of a plugin's tables is meant: each belongs to the change that they were copied for. */
export interface CopyName {
  readonly plugin: string;
  readonly change: string;
}

/**
 * Copies all tables of a plugin, its history included, inside the database. Nobody should write them
 * meanwhile and afterwards: the copy is of this moment.
 * @param keep the changes whose copies stay beside this one; default none
 * @throws NX_TABLE_COPY
 */
export async function copyTables<Tables>(
  db: Database<Tables>,
  { plugin, change }: CopyName,
  keep: readonly string[] = [],
): Promise<void> {
  await rebuild(db, platform, async (trx, catalog) => {
    await openCopies(trx, catalog);
    await removeCopies(
      trx,
      catalog,
      plugin,
      keep.filter((one) => one !== change),
    );
    const names = await ownedBy(plugin, trx, catalog);
    const definitions = await catalog.definitions(trx, names);
    refuseUnreadable(plugin, definitions);
    const tables: CopiedTable[] = [];
    for (const { name } of definitions.filter(isTable)) {
      const copy = `nexus_copy_${tableName(plugin)}_${tableName(change)}_${tables.length}`;
      tables.push({ name, copy, columns: await copyRows(trx, catalog, name, copy) });
    }
    const content: Copy = { definitions, tables, counters: await catalog.counters(trx, names) };
    await trx.insertInto(copies).values({ plugin, change, content }).execute();
  });
}

/**
 * Puts the tables of a plugin back to what `copyTables` found, its history included; those that have
 * come since are dropped. The copy stays.
 * @throws NX_TABLE_COPY
 */
export async function restoreTables<Tables>(db: Database<Tables>, name: CopyName): Promise<void> {
  const { plugin, change } = name;
  await rebuild(db, plugin, async (trx, catalog) => {
    const copy = (await readCopies(trx, catalog, plugin)).get(change);
    if (!copy) {
      throw new NexusError(
        "NX_TABLE_COPY",
        `There is no copy of the tables of plugin "${plugin}" from before that change.`,
        {
          cure: "Only an upgrade with --stop makes one. Go on with the version that runs.",
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

/** The changes of a plugin for which there is a copy of its tables. */
export async function copiesOf<Tables>(db: Database<Tables>, plugin: string): Promise<string[]> {
  const any = db as unknown as Kysely<AnyTables>;
  return [...(await readCopies(any, dialectOf(db).catalog, plugin)).keys()];
}

/**
 * Removes copies of a plugin's tables.
 * @param keep the changes whose copies stay
 */
export async function dropCopies<Tables>(
  db: Database<Tables>,
  plugin: string,
  keep: readonly string[] = [],
): Promise<void> {
  await rebuild(db, platform, (trx, catalog) => removeCopies(trx, catalog, plugin, keep));
}

/** For whoever is in a transaction already. */
export async function removeCopies(
  db: Kysely<AnyTables>,
  catalog: Catalog,
  plugin: string,
  keep: readonly string[] = [],
): Promise<void> {
  const all = await readCopies(db, catalog, plugin);
  if (!all.size) return;
  await openCopies(db, catalog);
  for (const [change, { tables }] of all) {
    if (keep.includes(change)) continue;
    const names = tables.map(({ copy }) => copy);
    await drop(db, catalog, names);
    await db.deleteFrom(copies).where("plugin", "=", plugin).where("change", "=", change).execute();
  }
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

/** Makes the table of copies; an earlier one had one copy a plugin, of no change by name. */
async function openCopies(db: Kysely<AnyTables>, catalog: Catalog): Promise<void> {
  const isThere = await hasCopies(db, catalog);
  if (isThere && (await namesChanges(db, catalog))) return;
  const before = `${copies}_before`;
  if (isThere) await db.schema.alterTable(copies).renameTo(before).execute();
  await db.schema
    .createTable(copies)
    .addColumn("plugin", "text", (column) => column.notNull())
    .addColumn("change", "text", (column) => column.notNull())
    .addColumn("content", "jsonb", (column) => column.notNull())
    .addPrimaryKeyConstraint("nexus_copies_key", ["plugin", "change"])
    .execute();
  if (!isThere) return;
  await sql`insert into ${sql.id(copies)} (plugin, change, content)
    select plugin, ${earlierCopy}, content from ${sql.id(before)}`.execute(db);
  await db.schema.dropTable(before).execute();
}

async function hasCopies(db: Kysely<AnyTables>, catalog: Catalog): Promise<boolean> {
  return (await catalog.relations(db)).some(({ name }) => name === copies);
}

async function namesChanges(db: Kysely<AnyTables>, catalog: Catalog): Promise<boolean> {
  return (await catalog.columns(db, copies)).names.includes("change");
}

/** The copies of a plugin's tables, by their change; never writes. */
async function readCopies(
  db: Kysely<AnyTables>,
  catalog: Catalog,
  plugin: string,
): Promise<Map<string, Copy>> {
  if (!(await hasCopies(db, catalog))) return new Map();
  const isNamed = await namesChanges(db, catalog);
  const found = await db
    .selectFrom(copies)
    .select(isNamed ? ["change", "content"] : ["content"])
    .where("plugin", "=", plugin)
    .$castTo<{ change?: string; content: Copy }>()
    .execute();
  return new Map(found.map(({ change = earlierCopy, content }) => [change, content]));
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
