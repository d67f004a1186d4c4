import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import { Migrator, type Migration as Step, type MigrationResultSet } from "kysely/migration";
import { messageOf, NexusError } from "../exceptions.ts";
import { inOwnScope, type Database } from "./database.ts";

/** Tables that the compiler does not know: a migration meets those of its own time. */
export type AnyTables = Record<string, Record<string, unknown>>;

/** One step in a plugin's history of tables. */
export interface Migration {
  /** Adds what the new code needs; the code before it can go on. */
  expand(db: Kysely<AnyTables>): Promise<unknown>;
  /** Removes what no code needs any more. */
  contract?(db: Kysely<AnyTables>): Promise<unknown>;
}

/** By name, in whose order they run: `0001_users`, `0002_notes`. */
export type Migrations = Readonly<Record<string, Migration>>;

/**
 * Runs what a plugin's history lacks: all of it, or nothing when one step fails.
 * @returns the names of the migrations that ran
 * @throws NX_MIGRATION
 */
export async function migrate<Tables>(
  db: Database<Tables>,
  { plugin, migrations }: { readonly plugin: string; readonly migrations: Migrations },
): Promise<string[]> {
  const table = tableOf(plugin);
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => stepsOf(migrations) },
    migrationTableName: `nexus_migrations_${table}`,
    migrationLockTableName: `nexus_migration_lock_${table}`,
  });
  const outcome = await inOwnScope(`migrations of ${plugin}`, () => migrator.migrateToLatest());
  if (outcome.error !== undefined) throw failure(plugin, outcome);
  return outcome.results?.map(({ migrationName }) => migrationName) ?? [];
}

function stepsOf(migrations: Migrations): Record<string, Step> {
  const steps = Object.entries(migrations).map(([name, migration]): [string, Step] => [
    name,
    {
      async up(db) {
        await migration.expand(db);
        await migration.contract?.(db);
      },
    },
  ]);
  return Object.fromEntries(steps);
}

function failure(plugin: string, { error, results }: MigrationResultSet): NexusError {
  // That it cannot be opened is no matter of its history.
  if (error instanceof NexusError) return error;
  const failed = results?.find(({ status }) => status === "Error");
  if (failed) {
    return new NexusError(
      "NX_MIGRATION",
      `Migration "${failed.migrationName}" of plugin "${plugin}" failed: ${messageOf(error)}.`,
      { cure: "Nothing was changed: mend the migration, then start again.", cause: error },
    );
  }
  // So Kysely calls a history that is not continued.
  const isOther = messageOf(error).startsWith("corrupted migrations");
  return new NexusError(
    "NX_MIGRATION",
    `The migrations of plugin "${plugin}" ${isOther ? "do not continue its history" : "could not run"}: ${messageOf(error)}.`,
    {
      cure: isOther
        ? "Never rename, remove or put one before a migration that has run."
        : "Nothing was changed: when the database can be written, start again.",
      cause: error,
    },
  );
}

/** A plugin's name where it is short and lower-case; else made so, and told apart by a hash. */
function tableOf(plugin: string): string {
  if (/^[a-z0-9_-]{1,32}$/.test(plugin)) return plugin;
  const hash = createHash("sha256").update(plugin).digest("hex").slice(0, 8);
  return `${plugin
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .slice(0, 24)}_${hash}`;
}
