import { type DatabaseConnection, DummyDriver, Kysely } from "kysely";
import { messageOf } from "../exceptions.ts";
import { inTime } from "../waiting.ts";
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

export interface PlanOptions extends PluginMigrations {
  /** Seconds for each step; default 5. */
  readonly patience?: number | undefined;
}

/** Seconds for each step of a migration that is only foreseen. */
export const usualPatience = 5;

/**
 * Foresees what a version's migrations would send, and writes nothing. The database is free meanwhile:
 * it is asked before, and what the migrations send goes nowhere.
 * @throws NX_MIGRATION where they do not continue the plugin's history
 */
export async function planMigrations<Tables>(
  db: Database<Tables>,
  { plugin, migrations, patience = usualPatience }: PlanOptions,
): Promise<MigrationPlan> {
  const dialect = dialectOf(db);
  const any = db as unknown as Kysely<AnyTables>;
  const [history, relations] = await apart(`plan of ${plugin}`, () =>
    any.transaction().execute(async (trx) => {
      const { catalog } = dialect;
      return [await readHistory(trx, catalog, plugin), await catalog.relations(trx)] as const;
    }),
  );
  const { missing, pending, ahead } = standingOf({ plugin, migrations }, history);
  const additive = new Additive(relations.map(({ name }) => name));
  const planned: PlannedMigration[] = [];
  for (const name of missing) {
    const foreseeing = { migration: migrations[name]!, dialect, additive, patience };
    planned.push(await foresee(name, foreseeing));
  }
  return { migrations: planned, pending, ahead };
}

interface Foreseeing {
  readonly migration: Migration;
  readonly dialect: NexusDialect;
  readonly additive: Additive;
  readonly patience: number;
}

/** What one migration would send. */
export async function foresee(
  name: string,
  { migration, dialect, additive, patience }: Foreseeing,
): Promise<PlannedMigration> {
  const expand = await record(dialect, patience, (db) => migration.expand(db));
  const contract = await record(dialect, patience, async (db) => migration.contract?.(db));
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
  patience: number,
  work: (db: Kysely<AnyTables>) => Promise<unknown>,
): Promise<{ statements: string[]; failure?: string }> {
  const statements: string[] = [];
  let isOver = false;
  const keep = (statement: string): void => {
    // What was given up may go on.
    if (!isOver) statements.push(statement);
  };
  const db = new Kysely<AnyTables>({
    dialect: {
      createDriver: () => new DummyDriver(),
      createAdapter: () => dialect.createAdapter(),
      createQueryCompiler: () => dialect.createQueryCompiler(),
      createIntrospector: (db) => dialect.createIntrospector(db),
    },
    log: ({ query }) => keep(query.sql),
  });
  // A migration may call what sends queries of its own.
  const others: DatabaseConnection = {
    executeQuery: async ({ sql }) => (keep(sql), { rows: [] }),
    async *streamQuery({ sql }) {
      keep(sql);
      yield { rows: [] };
    },
  };
  try {
    const isDone = await apart("a migration that is planned", (scope) => {
      dialect.driver.divert(scope, others);
      return inTime(patience * 1000, work(db));
    });
    if (isDone) return { statements };
    return { statements, failure: `It has not ended after ${patience} s` };
  } catch (error) {
    return { statements, failure: messageOf(error) };
  } finally {
    isOver = true;
  }
}
