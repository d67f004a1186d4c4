import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { QueryResult } from "kysely";
import { messageOf, NexusError } from "../exceptions.ts";
import type { Rule } from "./guard.ts";
import { SqliteGuard } from "./sqlite-guard.ts";
import { bind, readRows } from "./sqlite-values.ts";

/** @throws NX_DATABASE_OPEN */
export function openFile(path: string): SqliteFile {
  try {
    return new SqliteFile(path);
  } catch (error) {
    throw new NexusError("NX_DATABASE_OPEN", `Could not open ${path}: ${messageOf(error)}.`, {
      cure: "Name a file that this process may write, on a local disk.",
      cause: error,
    });
  }
}

/** Its owner's alone; SQLite gives its journal the same rights. */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
}

/** An open file, with the statements that it has compiled. */
export class SqliteFile {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Prepared>();
  #guard: SqliteGuard | undefined;

  constructor(path: string) {
    if (path !== ":memory:") makeFile(path);
    this.#database = new DatabaseSync(path, { timeout: 5000, enableForeignKeyConstraints: true });
    // What is acknowledged has reached the disk; readers and one writer do not block each other.
    this.#database.exec("pragma journal_mode = wal; pragma synchronous = full");
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  run<R>(sql: string, parameters: readonly unknown[] = []): QueryResult<R> {
    if (!this.#guard) return this.#run<R>(sql, parameters);
    return this.#guard.run(sql, () => this.#run<R>(sql, parameters));
  }

  /** Holds statements to a rule. @returns what ends that */
  guard(rule: Rule): () => void {
    const guard = new SqliteGuard(rule);
    // SQLite compiles anew what was compiled before.
    this.#database.setAuthorizer(guard.authorize);
    this.#guard = guard;
    return () => {
      this.#database.setAuthorizer(null);
      this.#guard = undefined;
    };
  }

  #run<R>(sql: string, parameters: readonly unknown[]): QueryResult<R> {
    const { statement, reads } = this.#prepare(sql);
    const values = parameters.map(bind);
    // The caller's type says what the columns hold; nothing here can check it.
    if (reads) return { rows: readRows(statement, values) as R[] };
    const { changes, lastInsertRowid } = statement.run(...values);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  #prepare(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const prepared = { statement, reads: statement.columns().length > 0 };
    const [oldest] = this.#statements.keys();
    if (oldest !== undefined && this.#statements.size >= 256) this.#statements.delete(oldest);
    this.#statements.set(sql, prepared);
    return prepared;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

interface Prepared {
  readonly statement: StatementSync;
  /** Whether it answers with rows. */
  readonly reads: boolean;
}
