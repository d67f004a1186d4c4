import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from "kysely";
import { NexusError } from "../exceptions.ts";
import { currentLog } from "../log.ts";
import { findScope, key, type Key, type Scope } from "../scope.ts";

let drivers = 0;

/**
 * Lets every query run in the transaction that is open in its scope, whoever sends it.
 * A transaction that begins inside one becomes a part of it.
 */
export class JoiningDriver implements Driver {
  readonly #driver: Driver;
  // Two databases in one app do not join each other's transactions.
  readonly #key: Key<OpenTransaction> = key(`nexus/transaction/${++drivers}`);
  readonly #open = new WeakMap<DatabaseConnection, OpenTransaction>();
  /** Their transactions were cut off. */
  readonly #lost = new WeakSet<DatabaseConnection>();

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  init(): Promise<void> {
    return this.#driver.init();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const open = findScope()?.find(this.#key);
    return open ? new JoinedConnection(open) : await this.#driver.acquireConnection();
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    if (!isJoined(connection)) await this.#driver.releaseConnection(connection);
  }

  async beginTransaction(...[connection, settings]: Parameters<Driver["beginTransaction"]>) {
    if (isJoined(connection)) return;
    const open = new OpenTransaction(connection);
    const scope = findScope();
    // What hangs inside a transaction would keep it from everybody else.
    const owner = scope?.nearest("plugin");
    if (owner?.isOver) throw cutOff();
    const cut = (): Promise<void> => this.#cut(open);
    owner?.defer(cut);
    try {
      await this.#driver.beginTransaction(connection, settings);
    } catch (error) {
      owner?.withdraw(cut);
      throw error;
    }
    if (open.over) {
      await this.#driver.rollbackTransaction(connection);
      throw cutOff();
    }
    this.#open.set(connection, open);
    const leave = scope && isOfOneCaller(scope) ? scope.provide(this.#key, open) : undefined;
    open.leave = () => {
      leave?.();
      owner?.withdraw(cut);
    };
  }

  /** Rolls one back whose plugin has ended; whoever is still inside can do nothing any more. */
  async #cut(open: OpenTransaction): Promise<void> {
    const { connection } = open;
    const hasBegun = this.#open.get(connection) === open;
    open.end();
    if (!hasBegun) return;
    this.#lost.add(connection);
    // Its queries would run outside of every transaction.
    Object.assign(connection, cut);
    await this.#driver.rollbackTransaction(connection);
    currentLog().warn("A transaction that was still open was rolled back");
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    if (isJoined(connection)) return;
    this.#check(connection);
    // Nothing may join while the outcome is being decided.
    const open = this.#end(connection);
    if (open?.failed) throw joinedFailure();
    await this.#driver.commitTransaction(connection);
    for (const work of open?.after ?? []) void attempt(work);
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (isJoined(connection)) {
      connection.open.failed = true;
      return;
    }
    if (this.#lost.has(connection)) return;
    this.#end(connection);
    await this.#driver.rollbackTransaction(connection);
  }

  async savepoint(...[connection, name, ...rest]: Parameters<Savepoint>): Promise<void> {
    const real = this.#check(realOf(connection));
    await this.#driver.savepoint?.(real, name, ...rest);
    this.#open.get(real)?.save(name);
  }

  async rollbackToSavepoint(...[connection, name, ...rest]: Parameters<Savepoint>): Promise<void> {
    const real = this.#check(realOf(connection));
    await this.#driver.rollbackToSavepoint?.(real, name, ...rest);
    this.#open.get(real)?.forgetSince(name);
  }

  async releaseSavepoint(...[connection, ...rest]: Parameters<Savepoint>): Promise<void> {
    await this.#driver.releaseSavepoint?.(this.#check(realOf(connection)), ...rest);
  }

  /** Leads what a scope sends to another connection, as if a transaction were open there that never ends. */
  divert(scope: Scope, connection: DatabaseConnection): void {
    scope.provide(this.#key, new OpenTransaction(connection));
  }

  /** Runs `work` after the commit of the transaction that is open in the caller's scope, else at once. */
  afterCommit(work: () => unknown): void {
    const open = findScope()?.find(this.#key);
    if (open) open.after.push(work);
    else void attempt(work);
  }

  destroy(): Promise<void> {
    return this.#driver.destroy();
  }

  #check(connection: DatabaseConnection): DatabaseConnection {
    if (this.#lost.has(connection)) throw cutOff();
    return connection;
  }

  #end(connection: DatabaseConnection): OpenTransaction | undefined {
    const open = this.#open.get(connection);
    open?.end();
    return open;
  }
}

type Savepoint = NonNullable<Driver["savepoint"]>;

class OpenTransaction {
  readonly connection: DatabaseConnection;
  /** Whether a part of it has been rolled back. */
  failed = false;
  over = false;
  /** What waits for the commit. */
  readonly after: (() => unknown)[] = [];
  /** How much of that there was at each savepoint. */
  readonly #saved = new Map<string, number>();
  leave = (): void => {};

  constructor(connection: DatabaseConnection) {
    this.connection = connection;
  }

  save(point: string): void {
    this.#saved.set(point, this.after.length);
  }

  /** What waits since a savepoint is undone with it. */
  forgetSince(point: string): void {
    this.after.length = this.#saved.get(point) ?? 0;
  }

  end(): void {
    this.over = true;
    this.leave();
  }
}

/** A query's share in the transaction of its scope: the query ends, the transaction stays. */
class JoinedConnection implements DatabaseConnection {
  readonly open: OpenTransaction;

  constructor(open: OpenTransaction) {
    this.open = open;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return await this.#connection.executeQuery<R>(query);
  }

  async *streamQuery<R>(query: CompiledQuery, size: number): AsyncGenerator<QueryResult<R>> {
    yield* this.#connection.streamQuery<R>(query, size);
  }

  get #connection(): DatabaseConnection {
    if (!this.open.over) return this.open.connection;
    throw new NexusError("NX_TRANSACTION_OVER", "A query came after its transaction had ended.", {
      cure: "Await every query before the transaction's function returns.",
    });
  }
}

/** What is committed stays so: it is too late for anybody to hear of a failure. */
async function attempt(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    currentLog().error({ err: error }, "Work after a commit failed");
  }
}

const isJoined = (connection: DatabaseConnection): connection is JoinedConnection =>
  connection instanceof JoinedConnection;

const realOf = (connection: DatabaseConnection): DatabaseConnection =>
  isJoined(connection) ? connection.open.connection : connection;

// What the app's or a plugin's scope carried, the requests of everyone would join.
const isOfOneCaller = ({ kind }: Scope): boolean => kind === "request" || kind === "call";

/** What a connection does whose transaction was cut off. */
const cut: DatabaseConnection = {
  executeQuery: () => Promise.reject(cutOff()),
  streamQuery: () => {
    throw cutOff();
  },
};

const cutOff = (): NexusError =>
  new NexusError("NX_TRANSACTION_OVER", "The plugin of this transaction has ended.", {
    cure: "What was written in it was undone; end what still runs when the plugin does.",
  });

const joinedFailure = (): NexusError =>
  new NexusError(
    "NX_TRANSACTION_FAILED",
    "A transaction inside this one failed, so all of it was rolled back.",
    { cure: "Let the error leave the outer transaction too." },
  );
