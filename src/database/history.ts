import type { Kysely } from "kysely";
import type { Catalog } from "./catalog.ts";
import type { AnyTables } from "./migration.ts";
import { own } from "./owners.ts";
import { tableName } from "./table-name.ts";

/** What has run of a plugin's migrations, in tables of its own. */
export interface History {
  /** The names of those whose `expand` has run, in their order. */
  readonly names: readonly string[];
  /** Of those with a `contract`: whether that is still to run. */
  readonly pending: ReadonlyMap<string, boolean>;
}

/** Reads, and never writes. */
export async function readHistory(
  db: Kysely<AnyTables>,
  catalog: Catalog,
  plugin: string,
): Promise<History> {
  const relations = new Set((await catalog.relations(db)).map(({ name }) => name));
  const { migrations, contracts } = tablesFor(plugin);
  const ran = relations.has(migrations)
    ? await db.selectFrom(migrations).select("name").$castTo<{ name: string }>().execute()
    : [];
  const open = relations.has(contracts)
    ? await db
        .selectFrom(contracts)
        .select(["name", "is_pending"])
        .$castTo<{ name: string; is_pending: boolean }>()
        .execute()
    : [];
  return {
    names: ran.map(({ name }) => name).toSorted(inOrder),
    pending: new Map(open.map(({ name, is_pending }) => [name, is_pending])),
  };
}

/** Makes the tables of a plugin's history where there are none. */
export async function openHistory(db: Kysely<AnyTables>, plugin: string): Promise<void> {
  const { migrations, contracts } = tablesFor(plugin);
  // As Kysely's own Migrator makes it.
  await db.schema
    .createTable(migrations)
    .ifNotExists()
    .addColumn("name", "varchar(255)", (column) => column.notNull().primaryKey())
    .addColumn("timestamp", "varchar(255)", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable(contracts)
    .ifNotExists()
    .addColumn("name", "varchar(255)", (column) => column.notNull().primaryKey())
    .addColumn("is_pending", "boolean", (column) => column.notNull())
    .execute();
  await own(db, plugin, [migrations, contracts]);
}

/** Notes that the `expand` of a migration has run. */
export async function keepExpanded(
  db: Kysely<AnyTables>,
  plugin: string,
  name: string,
  hasContract: boolean,
): Promise<void> {
  const { migrations, contracts } = tablesFor(plugin);
  await db.insertInto(migrations).values({ name, timestamp: new Date().toISOString() }).execute();
  if (hasContract) await db.insertInto(contracts).values({ name, is_pending: true }).execute();
}

/** Notes that the `contract` of a migration has run. */
export async function keepContracted(
  db: Kysely<AnyTables>,
  plugin: string,
  name: string,
): Promise<void> {
  const { contracts } = tablesFor(plugin);
  await db.updateTable(contracts).set({ is_pending: false }).where("name", "=", name).execute();
}

/** The order of migrations: by code units, whatever the language of the machine. */
export const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function tablesFor(plugin: string) {
  const name = tableName(plugin);
  return { migrations: `nexus_migrations_${name}`, contracts: `nexus_contracts_${name}` };
}
