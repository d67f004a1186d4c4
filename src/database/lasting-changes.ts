import { Additive } from "./additive.ts";
import { type Database, dialectOf } from "./database.ts";
import type { PluginMigrations } from "./migration.ts";
import { foresee, type PlannedMigration, usualPatience } from "./plan.ts";

/**
 * Of migrations that have run those that an earlier version may not live with, each with the reason: what
 * it did is not additive, or nobody knows any more what it did.
 * @param history a version that knows them
 * @param ran their names
 */
export async function lastingChanges<Tables>(
  db: Database<Tables>,
  { migrations }: PluginMigrations,
  ran: readonly string[],
): Promise<{ readonly name: string; readonly reason: string }[]> {
  // What was there before it nobody knows any more; what it made was new then.
  const additive = new Additive([]);
  const dialect = dialectOf(db);
  const lasting: { name: string; reason: string }[] = [];
  for (const name of ran) {
    const migration = migrations[name];
    const found =
      migration && (await foresee(name, { migration, dialect, additive, patience: usualPatience }));
    const reason = found ? reasonIn(found) : "nobody knows any more what it did";
    if (reason !== undefined) lasting.push({ name, reason });
  }
  return lasting;
}

function reasonIn({ obstacles, stoppedBy }: PlannedMigration): string | undefined {
  if (obstacles[0]) return `it ${obstacles[0].reason}`;
  return stoppedBy === undefined ? undefined : "nobody can foresee what it did";
}
