import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type ColumnDefinitionNode,
  type DataTypeNode,
  type DatabaseIntrospector,
  type Driver,
  type Kysely,
  type RawNode,
} from "kysely";
import type { Catalog } from "./catalog.ts";
import type { NexusDialect } from "./dialect.ts";
import type { Guard } from "./guard.ts";
import { JoiningDriver } from "./joining-driver.ts";
import { SqliteCatalog } from "./sqlite-catalog.ts";
import { SqliteDriver, type SqliteOptions } from "./sqlite-driver.ts";

/** Kysely on Node's own SQLite, reading and writing what PostgreSQL would. */
export class SqliteDialect implements NexusDialect {
  readonly driver: JoiningDriver;
  readonly guard: Guard;
  readonly catalog: Catalog = new SqliteCatalog();

  constructor(options: SqliteOptions) {
    const driver = new SqliteDriver(options);
    this.driver = new JoiningDriver(driver);
    this.guard = driver;
  }

  createDriver(): Driver {
    return this.driver;
  }

  createAdapter(): SqliteAdapter {
    return new Adapter();
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new Compiler();
  }

  // Kysely's own signature says `any`: the introspector knows no tables.
  createIntrospector(db: Kysely<never>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
}

class Adapter extends SqliteAdapter {
  // Without it a failed migration would stay half applied.
  override get supportsTransactionalDdl(): boolean {
    return true;
  }

  // Kysely would else queue before the driver, which could not let a query join a transaction.
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/** The few words of PostgreSQL's that a table definition cannot do without. */
class Compiler extends SqliteQueryCompiler {
  /** `serial` numbers rows by itself, and uses no number twice. */
  protected override visitColumnDefinition(node: ColumnDefinitionNode): void {
    const autoIncrement = isSerial(node.dataType) && node.primaryKey === true;
    super.visitColumnDefinition(autoIncrement ? { ...node, autoIncrement } : node);
  }

  protected override visitDataType(node: DataTypeNode): void {
    if (isSerial(node)) this.append("integer");
    else super.visitDataType(node);
  }

  /** `current_timestamp` is written as Dates are, so that the two compare. */
  protected override visitRaw(node: RawNode): void {
    const isNow =
      node.sqlFragments.length === 1 && /^current_timestamp$/i.test(node.sqlFragments[0]!);
    if (isNow) this.append("(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))");
    else super.visitRaw(node);
  }
}

function isSerial(node: { readonly kind: string; readonly dataType?: unknown }): boolean {
  return node.kind === "DataTypeNode" && /^(big)?serial$/.test(String(node.dataType));
}
