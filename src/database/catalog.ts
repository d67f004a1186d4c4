import type { Kysely } from "kysely";
import type { AnyTables } from "./migration.ts";

/** What an engine knows of its tables, whoever made them. */
export interface Catalog {
  relations(db: Kysely<AnyTables>): Promise<Relation[]>;
  /** How the named relations are made, with the indexes and triggers on them, in the order to do it again. */
  definitions(db: Kysely<AnyTables>, names: readonly string[]): Promise<Definition[]>;
  columns(db: Kysely<AnyTables>, table: string): Promise<Columns>;
  /** From which other tables the named ones are referred to. */
  references(db: Kysely<AnyTables>, names: readonly string[]): Promise<Reference[]>;
  /** The last number that each of the named tables gave to a row, where none is given twice. */
  counters(db: Kysely<AnyTables>, names: readonly string[]): Promise<Counter[]>;
  setCounter(db: Kysely<AnyTables>, counter: Counter): Promise<void>;
}

export interface Relation {
  readonly name: string;
  /** A `virtual` table, such as a full-text index, makes `shadow` tables and drops them again. */
  readonly kind: "table" | "view" | "virtual" | "shadow";
}

export interface Definition {
  readonly type: "table" | "index" | "view" | "trigger";
  readonly name: string;
  /** The relation that it is, or that it is on. */
  readonly table: string;
  readonly sql: string;
}

export interface Columns {
  /** Those that are written, not generated. */
  readonly names: readonly string[];
  /** Tell rows apart, and are never null; the number that a row has without a column, or the primary key. */
  readonly key: readonly string[];
}

export interface Reference {
  readonly from: string;
  readonly to: string;
}

export interface Counter {
  readonly table: string;
  /** As text, as it may be beyond 2⁵³. */
  readonly last: string;
}
