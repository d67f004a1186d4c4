import type { Kysely } from "kysely";
import type { Catalog, Relation } from "./catalog.ts";
import { type Database, dialectOf } from "./database.ts";
import type { AnyTables } from "./migration.ts";

/** Who owns the tables in which the platform keeps account of the others. */
export const platform = "nexus-platform";

export interface Owner {
  /** Of a table or view. */
  readonly name: string;
  readonly plugin: string;
}

/** The tables and views that a plugin's migrations have made, and those that keep its history. */
export async function tablesOf<Tables>(db: Database<Tables>, plugin: string): Promise<string[]> {
  return ownedBy(plugin, db as unknown as Kysely<AnyTables>, dialectOf(db).catalog);
}

/** As `tablesOf`, for whoever is in a transaction. */
export async function ownedBy(
  plugin: string,
  db: Kysely<AnyTables>,
  catalog: Catalog,
): Promise<string[]> {
  const owners = await readOwners(db, catalog);
  return owners.filter((owner) => owner.plugin === plugin).map(({ name }) => name);
}

/** Who owns what is there, by name. */
export async function readOwners(db: Kysely<AnyTables>, catalog: Catalog): Promise<Owner[]> {
  const names = new Set((await catalog.relations(db)).map(({ name }) => name));
  if (!names.has(table)) return [];
  const owners = await db
    .selectFrom(table)
    .select(["name", "plugin"])
    .orderBy("name")
    .$castTo<Owner>()
    .execute();
  // Somebody may have dropped one by hand.
  return owners.filter(({ name }) => names.has(name));
}

/** Makes the table of owners where there is none. */
export async function openOwners(db: Kysely<AnyTables>): Promise<void> {
  await db.schema
    .createTable(table)
    .ifNotExists()
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("plugin", "text", (column) => column.notNull())
    .execute();
  await own(db, platform, [table]);
}

export async function own(
  db: Kysely<AnyTables>,
  plugin: string,
  names: readonly string[],
): Promise<void> {
  if (!names.length) return;
  await db
    .insertInto(table)
    .values(names.map((name) => ({ name, plugin })))
    // Of one that is gone a row may have stayed.
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ plugin }))
    .execute();
}

/** What has come is the plugin's, and what has gone is nobody's. */
export async function ownChanges(
  db: Kysely<AnyTables>,
  plugin: string,
  before: readonly Relation[],
  after: readonly Relation[],
): Promise<void> {
  const [old, now] = [before, after].map((all) => new Set(all.map(({ name }) => name)));
  await own(db, plugin, [...now!.difference(old!)]);
  await db
    .deleteFrom(table)
    .where("name", "not in", [...now!])
    .execute();
}

const table = "nexus_tables";
