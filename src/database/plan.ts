import { DummyDriver, Kysely } from "kysely";
import { messageOf } from "../exceptions.ts";
import { Additive } from "./additive.ts";
import { type Database, dialectOf } from "./database.ts";
import type { NexusDialect } from "./dialect.ts";
import { readHistory } from "./history.ts";
import type { AnyTables, Migration, PluginMigrations } from "./migration.ts";
import { apart } from "./own-scope.ts";
import { type Standing, standingOf } from "./standing.ts";

/** What `migrate` would do. */
export interface MigrationPlan extends Omit<Standing, "missing"> {
  /** Those that have not run, in order. */
  readonly migrations: readonly PlannedMigration[];
}

export interface PlannedMigration {
  readonly name: string;
  /** What `expand` would send, without its values. */
  readonly statements: readonly string[];
  /** What `contract` would send. */
  readonly contract: readonly string[];
  /** Which statements are not additive; none: it can run beside the code before it. */
  readonly obstacles: readonly Obstacle[];
  /** Why the statements may not be all: nothing is sent, so whoever reads rows finds none. */
  readonly stoppedBy?: string;
}

export interface Obstacle {
  readonly statement: string;
  /** What follows "it": `drops "notes"`. */
  readonly reason: string;
}

/**
 * Foresees what a version's migrations would send, and writes nothing.
 * @throws NX_MIGRATION where they do not continue the plugin's history
 */
export function planMigrations<Tables>(
  db: Database<Tables>,
  { plugin, migrations }: PluginMigrations,
): Promise<MigrationPlan> {
  const dialect = dialectOf(db);
  return apart(`plan of ${plugin}`, async () => {
    const open = await db.startTransaction().execute();
    try {
      const trx = open as unknown as Kysely<AnyTables>;
      const history = await readHistory(trx, dialect.catalog, plugin);
      const { missing, pending, ahead } = standingOf({ plugin, migrations }, history);
      const relations = await dialect.catalog.relations(trx);
      const additive = new Additive(relations.map(({ name }) => name));
      const planned: PlannedMigration[] = [];
      for (const name of missing)
        planned.push(await foresee(name, migrations[name]!, dialect, additive));
      return { migrations: planned, pending, ahead };
    } finally {
      // A migration may call what sends queries of its own.
      await open.rollback().execute();
    }
  });
}

async function foresee(
  name: string,
  migration: Migration,
  dialect: NexusDialect,
  additive: Additive,
): Promise<PlannedMigration> {
  const expand = await record(dialect, (db) => migration.expand(db));
  const contract = await record(dialect, async (db) => migration.contract?.(db));
  const obstacles = expand.statements.flatMap((statement): Obstacle[] => {
    const reason = additive.against(statement);
    return reason === undefined ? [] : [{ statement, reason }];
  });
  const stoppedBy = expand.failure ?? contract.failure;
  return {
    name,
    statements: expand.statements,
    contract: contract.statements,
    obstacles,
    ...(stoppedBy !== undefined && { stoppedBy }),
  };
}

/** Lets work write its queries, answers each with no rows, and keeps what they say. */
async function record(
  dialect: NexusDialect,
  work: (db: Kysely<AnyTables>) => Promise<unknown>,
): Promise<{ statements: string[]; failure?: string }> {
  const statements: string[] = [];
  const db = new Kysely<AnyTables>({
    dialect: {
      createDriver: () => new DummyDriver(),
      createAdapter: () => dialect.createAdapter(),
      createQueryCompiler: () => dialect.createQueryCompiler(),
      createIntrospector: (db) => dialect.createIntrospector(db),
    },
    log({ query }) {
      statements.push(query.sql);
    },
  });
  try {
    await work(db);
    return { statements };
  } catch (error) {
    return { statements, failure: messageOf(error) };
  }
}
