import { join } from "node:path";
import { Kysely, sql, type TransactionBuilder } from "kysely";
import { settingsKey } from "../config/index.ts";
import { NexusError } from "../exceptions.ts";
import type { Scope } from "../scope.ts";
import { perApp } from "../services.ts";
import type { NexusDialect } from "./dialect.ts";
import { inOwnScope } from "./own-scope.ts";
import { SqliteDialect } from "./sqlite-dialect.ts";

export interface DatabaseOptions {
  /** `sqlite:path/to/file.db` or `sqlite::memory:`; default: `nexus.db` in the data folder. */
  readonly url?: string | undefined;
  /** Default `data`. */
  readonly dataDir?: string | undefined;
  /** Seconds that a query waits for the transaction of somebody else, then NX_DATABASE_BUSY; default 30. */
  readonly patience?: number | undefined;
}

/** What is under a database, for this module's own work on tables. */
export let dialectOf: <Tables>(db: Database<Tables>) => NexusDialect;

/**
 * The app's database, a Kysely: `db = inject(Database<MyTables>)`.
 * Its queries run in the transaction that is open in their scope, if there is one.
 */
export class Database<Tables = unknown> extends Kysely<Tables> {
  static readonly key = "nexus/Database";

  static readonly [perApp] = (app: Scope): Database => {
    const { databaseUrl: url, dataDir } = app.get(settingsKey);
    return createDatabase({ url, dataDir });
  };

  readonly #dialect: NexusDialect;

  constructor(dialect: NexusDialect) {
    super({ dialect });
    this.#dialect = dialect;
  }

  static {
    dialectOf = (db) => db.#dialect;
  }

  /** Whatever `execute` calls, in any service, queries inside the transaction. */
  override transaction(): TransactionBuilder<Tables> {
    const builder = super.transaction();
    const execute = builder.execute.bind(builder);
    builder.execute = (work) => inOwnScope("transaction", () => execute(work));
    return builder;
  }

  /**
   * Runs `work` when the transaction that is open in the caller's scope has been committed, and never when
   * it is rolled back; without a transaction at once. Nobody waits for it; a failure is logged.
   */
  afterCommit(work: () => unknown): void {
    this.#dialect.driver.afterCommit(work);
  }

  /** Waits for the open transaction, then closes. */
  async stop(): Promise<void> {
    await this.destroy();
  }
}

/**
 * A database of one's own, for a script or a test; an app makes its own from the settings.
 * @throws NX_DATABASE_URL, NX_DATABASE_OPEN
 */
export async function openDatabase<Tables = unknown>(
  options: DatabaseOptions = {},
): Promise<Database<Tables>> {
  const db = createDatabase<Tables>(options);
  await sql`select 1`.execute(db);
  return db;
}

/** The file is opened, or made, by the first query. */
function createDatabase<Tables>({
  dataDir = "data",
  url = `sqlite:${join(dataDir, "nexus.db")}`,
  patience = 30,
}: DatabaseOptions): Database<Tables> {
  return new Database(new SqliteDialect({ path: pathOf(url), patience }));
}

function pathOf(url: string): string {
  const [scheme, path] = url.split(/:(.*)/s);
  if (scheme === "sqlite" && path) return path;
  // The URL itself is not shown: it may hold a password.
  throw new NexusError("NX_DATABASE_URL", `No database is known for a URL of "${scheme}:".`, {
    cure: 'Use "sqlite:path/to/file.db" or "sqlite::memory:".',
  });
}
