import type { Kysely } from "kysely";
import { messageOf, NexusError } from "../exceptions.ts";
import { Additive } from "./additive.ts";
import type { Catalog } from "./catalog.ts";
import { type Database, dialectOf } from "./database.ts";
import { keepContracted, keepExpanded, openHistory, readHistory } from "./history.ts";
import type { AnyTables, PluginMigrations } from "./migration.ts";
import { openOwners, ownChanges, readOwners } from "./owners.ts";
import { refuseAhead, type Standing, standingOf } from "./standing.ts";
import { Steps } from "./steps.ts";

export interface MigrateOptions extends PluginMigrations {
  /**
   * - `all` (default): every `expand` and `contract` that has not run
   * - `expand`: contracts stay for `finalize`, unless nothing has run before; a history that goes
   *   further than this version is accepted while nothing of that has been contracted
   * - `additive`: as `expand`, and no statement may disturb the code before
   */
  readonly mode?: MigrationMode | undefined;
  /** Seconds for each step, after which all are undone; default 20. */
  readonly patience?: number | undefined;
  /** Who fires it gives up, and all steps are undone. */
  readonly signal?: AbortSignal | undefined;
}

export type MigrationMode = "all" | "expand" | "additive";

/**
 * Runs what a plugin's history lacks: all of it, or nothing when one step fails.
 * @returns the names of the migrations that ran
 * @throws NX_MIGRATION, NX_MIGRATION_PENDING, NX_MIGRATION_NOT_ADDITIVE, NX_TABLE_FOREIGN
 */
export async function migrate<Tables>(
  db: Database<Tables>,
  { mode = "all", ...options }: MigrateOptions,
): Promise<string[]> {
  const { plugin } = options;
  const { standing, isFirst } = await explained(plugin, () => look(db, options));
  const { missing, pending, ahead } = standing;
  // Most starts have nothing to run, and need not wait for whoever writes.
  const isDone = !isFirst && !missing.length;
  if (isDone && (mode !== "all" || !(pending.length || ahead.length))) return [];
  return change(db, options, mode === "additive", async (run) => {
    const { missing, pending } = run.standing;
    if (mode === "all") refuseAhead(plugin, run.standing);
    const contracts = mode === "all" || run.isFirst;
    if (contracts) for (const name of pending) await run.contract(name);
    else if (pending.length && missing.length) throw unfinished(plugin, pending, missing);
    for (const name of missing) {
      await run.expand(name);
      if (contracts) await run.contract(name);
    }
    return [...missing];
  });
}

/**
 * The migrations of which `contract` has not run, of those that this version knows.
 * @throws NX_MIGRATION
 */
export async function pendingContracts<Tables>(
  db: Database<Tables>,
  options: PluginMigrations,
): Promise<string[]> {
  return [...(await look(db, options)).standing.pending];
}

/**
 * Runs the contracts that are pending: all, or none when one fails. The code before them cannot go on.
 * @returns the names of their migrations
 * @throws NX_MIGRATION, NX_TABLE_FOREIGN
 */
export function finalize<Tables>(
  db: Database<Tables>,
  options: Omit<MigrateOptions, "mode">,
): Promise<string[]> {
  return change(db, options, false, async (run) => {
    for (const name of run.standing.pending) await run.contract(name);
    return [...run.standing.pending];
  });
}

interface Look {
  readonly standing: Standing;
  /** Whether nothing has run before. */
  readonly isFirst: boolean;
}

/** Reads how a plugin's migrations stand, and writes nothing. */
async function look<Tables>(db: Database<Tables>, options: PluginMigrations): Promise<Look> {
  return lookWithin(db as unknown as Kysely<AnyTables>, dialectOf(db).catalog, options);
}

async function lookWithin(
  db: Kysely<AnyTables>,
  catalog: Catalog,
  { plugin, migrations }: PluginMigrations,
): Promise<Look> {
  const history = await readHistory(db, catalog, plugin);
  const standing = standingOf({ plugin, migrations }, history);
  return { standing, isFirst: history.names.length === 0 };
}

interface Run extends Look {
  readonly expand: (name: string) => Promise<void>;
  readonly contract: (name: string) => Promise<void>;
}

/** One transaction, after which history and owners say what was done in it. */
async function change<Tables, T>(
  db: Database<Tables>,
  { plugin, migrations, patience, signal }: Omit<MigrateOptions, "mode">,
  isAdditive: boolean,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const { guard, catalog } = dialectOf(db);
  return explained(plugin, () =>
    db.transaction().execute(async (open) => {
      const trx = open as unknown as Kysely<AnyTables>;
      await openOwners(trx);
      const before = await catalog.relations(trx);
      await openHistory(trx, plugin);
      const found = await lookWithin(trx, catalog, { plugin, migrations });
      const steps = new Steps({
        db: trx,
        plugin,
        migrations,
        guard,
        patience,
        signal,
        owners: await readOwners(trx, catalog),
        ...(isAdditive && { additive: new Additive(before.map(({ name }) => name)) }),
      });
      const done = await work({
        ...found,
        async expand(name) {
          await steps.expand(name);
          await keepExpanded(trx, plugin, name, migrations[name]!.contract !== undefined);
        },
        async contract(name) {
          await steps.contract(name);
          await keepContracted(trx, plugin, name);
        },
      });
      await ownChanges(trx, plugin, before, await catalog.relations(trx));
      return done;
    }),
  );
}

async function explained<T>(plugin: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // That it cannot be opened is no matter of its history.
    if (error instanceof NexusError) throw error;
    throw new NexusError(
      "NX_MIGRATION",
      `The migrations of plugin "${plugin}" could not run: ${messageOf(error)}.`,
      { cure: "Nothing was changed: when the database can be written, start again.", cause: error },
    );
  }
}

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");

const unfinished = (plugin: string, pending: readonly string[], missing: readonly string[]) =>
  new NexusError(
    "NX_MIGRATION_PENDING",
    `Plugin "${plugin}" has new migrations (${quoted(missing)}), and contracts that have not run yet (${quoted(pending)}).`,
    { cure: `Run "nexus plugin finalize ${plugin}" first.` },
  );
