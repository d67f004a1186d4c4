import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from "kysely";
import { NexusError } from "../exceptions.ts";
import { findScope } from "../scope.ts";
import type { Guard, Rule } from "./guard.ts";
import { uncheckedKey } from "./references.ts";
import { openFile, type SqliteFile } from "./sqlite-file.ts";
import { Turns } from "./turns.ts";

export interface SqliteOptions {
  readonly path: string;
  /** Seconds that a query waits for another's transaction. */
  readonly patience: number;
}

/** One file, one connection, one transaction at a time. */
export class SqliteDriver implements Driver, Guard {
  readonly #path: string;
  readonly #turns: Turns;
  #file: SqliteFile | undefined;

  constructor({ path, patience }: SqliteOptions) {
    this.#path = path;
    this.#turns = new Turns(patience);
  }

  async init(): Promise<void> {
    this.#file = openFile(this.#path);
  }

  async acquireConnection(): Promise<SqliteConnection> {
    return new SqliteConnection(this.#file!, this.#turns);
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(connection: SqliteConnection): Promise<void> {
    await connection.begin();
  }

  async commitTransaction(connection: SqliteConnection): Promise<void> {
    connection.commit();
  }

  async rollbackTransaction(connection: SqliteConnection): Promise<void> {
    connection.rollback();
  }

  async savepoint(connection: SqliteConnection, name: string): Promise<void> {
    connection.run(`savepoint ${quote(name)}`);
  }

  async rollbackToSavepoint(connection: SqliteConnection, name: string): Promise<void> {
    connection.run(`rollback to ${quote(name)}`);
  }

  async releaseSavepoint(connection: SqliteConnection, name: string): Promise<void> {
    connection.run(`release ${quote(name)}`);
  }

  guard(rule: Rule): () => void {
    return this.#file!.guard(rule);
  }

  async destroy(): Promise<void> {
    await this.#turns.take();
    this.#file?.close();
    // Whoever still waits is told that the file is closed.
    this.#turns.give();
  }
}

/** Holds the file from `begin` to the end of the transaction, else only while a query runs. */
class SqliteConnection implements DatabaseConnection {
  readonly #file: SqliteFile;
  readonly #turns: Turns;
  #holding = false;
  #unchecked = false;

  constructor(file: SqliteFile, turns: Turns) {
    this.#file = file;
    this.#turns = turns;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#holding) return this.run<R>(sql, parameters);
    await this.#turns.take();
    try {
      return this.#file.run<R>(sql, parameters);
    } finally {
      this.#turns.give();
    }
  }

  /** All rows at once: an open cursor would see, or block, the transactions of others. */
  async *streamQuery<R>(query: CompiledQuery): AsyncGenerator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }

  async begin(): Promise<void> {
    await this.#turns.take();
    try {
      // Inside the transaction it would have no effect.
      this.#unchecked = findScope()?.find(uncheckedKey) ?? false;
      if (this.#unchecked) this.#file.run("pragma foreign_keys = off");
      // "immediate" takes the write lock now: a later upgrade could fail against another process.
      this.#file.run("begin immediate");
      this.#holding = true;
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** When it fails, the transaction is still to be rolled back. */
  commit(): void {
    this.run("commit");
    this.#release();
  }

  rollback(): void {
    try {
      if (this.#file.inTransaction) this.#file.run("rollback");
    } finally {
      this.#release();
    }
  }

  /** A query of the open transaction. */
  run<R>(sql: string, parameters?: readonly unknown[]): QueryResult<R> {
    if (this.#file.inTransaction) return this.#file.run<R>(sql, parameters);
    throw new NexusError(
      "NX_TRANSACTION_OVER",
      "SQLite has ended the transaction after the failure of an earlier query.",
      { cure: "Let the error of a failed query leave the transaction." },
    );
  }

  #release(): void {
    this.#holding = false;
    if (this.#unchecked) this.#file.run("pragma foreign_keys = on");
    this.#turns.give();
  }
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
