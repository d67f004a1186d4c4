import type { Kysely } from "kysely";

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

export interface PluginMigrations {
  readonly plugin: string;
  readonly migrations: Migrations;
}
