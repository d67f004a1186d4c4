import { constants } from "node:sqlite";
import type { Rule } from "./guard.ts";

/** Holds statements to a rule by SQLite's authorizer, which is asked while they are compiled. */
export class SqliteGuard {
  readonly #rule: Rule;
  /** Why the last statement was denied. */
  #refusal: Error | undefined;

  constructor(rule: Rule) {
    this.#rule = rule;
  }

  /** For `DatabaseSync.setAuthorizer`. */
  readonly authorize = (action: number, first: string | null, second: string | null): number => {
    const table = tableFirst.has(action) ? first : tableSecond.has(action) ? second : null;
    const refusal = table === null ? undefined : this.#rule.table(table);
    if (!refusal) return constants.SQLITE_OK;
    this.#refusal = refusal;
    return constants.SQLITE_DENY;
  };

  /** @throws what the rule says, instead of SQLite's "not authorized" */
  run<T>(sql: string, work: () => T): T {
    const refusal = this.#rule.statement(sql);
    if (refusal) throw refusal;
    this.#refusal = undefined;
    try {
      return work();
    } catch (error) {
      throw this.#refusal ?? error;
    }
  }
}

// Whatever the schema: that of another name may be the same file. To drop one is to delete its rows, too.
const tableFirst = new Set([
  constants.SQLITE_CREATE_TABLE,
  constants.SQLITE_CREATE_VIEW,
  constants.SQLITE_READ,
  constants.SQLITE_INSERT,
  constants.SQLITE_UPDATE,
  constants.SQLITE_DELETE,
]);
/** Behind the name of an index or trigger, or of the schema. */
const tableSecond = new Set([
  constants.SQLITE_CREATE_INDEX,
  constants.SQLITE_CREATE_TRIGGER,
  constants.SQLITE_CREATE_TEMP_TRIGGER,
  constants.SQLITE_DROP_INDEX,
  constants.SQLITE_DROP_TRIGGER,
  constants.SQLITE_ALTER_TABLE,
]);
