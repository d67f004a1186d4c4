import type * as Tables from "../database/index.ts";
import type { Database, MigrationPlan } from "../database/index.ts";
import type { PluginSource } from "../plugin/index.ts";
import type { Scope } from "../scope.ts";
import { findService } from "../services.ts";

const none: MigrationPlan = { migrations: [], pending: [], ahead: [] };

/** The tables of plugins as a whole; where a plugin has none, the database is not even opened. */
export class PluginTables {
  readonly #app: Scope;

  constructor(app: Scope) {
    this.#app = app;
  }

  /** What a version would do to them. @throws NX_MIGRATION */
  async plan(source: PluginSource): Promise<MigrationPlan> {
    if (!hasTables(source)) return none;
    return this.#with((tables, db) => tables.planMigrations(db, historyOf(source)));
  }

  /** Runs what takes away what no version needs that could still run. @returns the migrations */
  async finalize(source: PluginSource): Promise<readonly string[]> {
    if (!hasTables(source)) return [];
    return this.#with(async (tables, db) => {
      const done = await tables.finalize(db, historyOf(source));
      await tables.dropCopies(db, source.manifest.name);
      return done;
    });
  }

  /** Also of one that has none: what the next version makes is then dropped when the copy is restored. */
  async copy(plugin: string): Promise<void> {
    await this.#with((tables, db) => tables.copyTables(db, plugin));
  }

  /** What was written since the copy is lost. */
  async restore(plugin: string): Promise<void> {
    await this.#with((tables, db) => tables.restoreTables(db, plugin));
  }

  async dropCopies(plugin: string): Promise<void> {
    await this.#with((tables, db) => tables.dropCopies(db, plugin));
  }

  async export(plugin: string, file: string): Promise<void> {
    await this.#with((tables, db) => tables.exportTables(db, plugin, file));
  }

  async drop(plugin: string): Promise<void> {
    await this.#with((tables, db) => tables.dropTables(db, plugin));
  }

  async #with<T>(work: (tables: typeof Tables, db: Database) => Promise<T>): Promise<T> {
    const tables = await import("../database/index.ts");
    return this.#app.run(() => work(tables, findService(this.#app, tables.Database)));
  }
}

function hasTables({ type }: PluginSource): boolean {
  return Object.keys(type.migrations).length > 0;
}

function historyOf({ type, manifest }: PluginSource) {
  return { plugin: manifest.name, migrations: type.migrations };
}
