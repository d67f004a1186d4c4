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

  /**
   * Of migrations that have run those that a version which does not know them may not live with.
   * @param source a version that knows them, if there is one
   */
  async lasting(
    plugin: string,
    ran: readonly string[],
    source: PluginSource | undefined,
  ): Promise<readonly { readonly name: string; readonly reason: string }[]> {
    if (!ran.length) return [];
    const history = { plugin, migrations: source?.type.migrations ?? {} };
    return this.#with((tables, db) => tables.lastingChanges(db, history, ran));
  }

  /** Runs what takes away what no version needs that could still run. @returns the migrations */
  async finalize(source: PluginSource): Promise<readonly string[]> {
    if (!hasTables(source)) return [];
    return this.#with((tables, db) => tables.finalize(db, historyOf(source)));
  }

  /**
   * Also of one that has none: what the next version makes is then dropped when the copy is restored.
   * @param change that it is made for
   * @param keep the changes whose copies stay
   */
  async copy(plugin: string, change: string, keep: readonly string[]): Promise<void> {
    await this.#with((tables, db) => tables.copyTables(db, { plugin, change }, keep));
  }

  /** What was written since the copy is lost. @throws NX_TABLE_COPY where there is none */
  async restore(plugin: string, change: string): Promise<void> {
    await this.#with((tables, db) => tables.restoreTables(db, { plugin, change }));
  }

  /** The changes for which there is a copy. */
  async copies(plugin: string): Promise<readonly string[]> {
    return this.#with((tables, db) => tables.copiesOf(db, plugin));
  }

  /** @param keep the changes whose copies stay */
  async dropCopies(plugin: string, keep: readonly string[]): Promise<void> {
    await this.#with((tables, db) => tables.dropCopies(db, plugin, keep));
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
