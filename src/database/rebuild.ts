import { type Kysely, sql } from "kysely";
import type { Catalog } from "./catalog.ts";
import { type Database, dialectOf } from "./database.ts";
import type { AnyTables } from "./migration.ts";
import { openOwners, ownChanges } from "./owners.ts";
import { withoutReferences } from "./references.ts";

/**
 * Makes and drops whole tables in one transaction of its own.
 * @param owner has what comes
 */
export function rebuild<Tables, T>(
  db: Database<Tables>,
  owner: string,
  work: (trx: Kysely<AnyTables>, catalog: Catalog) => Promise<T>,
): Promise<T> {
  const { catalog } = dialectOf(db);
  return withoutReferences(() =>
    db.transaction().execute(async (open) => {
      const trx = open as unknown as Kysely<AnyTables>;
      await openOwners(trx);
      const before = await catalog.relations(trx);
      const done = await work(trx, catalog);
      await ownChanges(trx, owner, before, await catalog.relations(trx));
      return done;
    }),
  );
}

/** Drops tables and views, with their indexes and triggers. */
export async function drop(
  db: Kysely<AnyTables>,
  catalog: Catalog,
  names: readonly string[],
): Promise<void> {
  const relations = await catalog.relations(db);
  for (const { name, kind } of relations.filter(({ name }) => names.includes(name))) {
    // Those go with the virtual table that has made them.
    if (kind === "shadow") continue;
    await sql`drop ${sql.raw(kind === "view" ? "view" : "table")} ${sql.id(name)}`.execute(db);
  }
}
