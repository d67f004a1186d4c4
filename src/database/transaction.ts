import type { Transaction } from "kysely";
import { dependency } from "../dependency.ts";
import { currentScope } from "../scope.ts";
import { findService } from "../services.ts";
import { Database } from "./database.ts";
import type { AnyTables } from "./migration.ts";

/**
 * What is written inside is kept when the function returns, and undone when it throws.
 * Every query it leads to, in any service, is part of the transaction; a nested one joins.
 *
 *     await transaction(async () => {
 *       await this.accounts.take(from, amount);
 *       await this.accounts.give(to, amount);
 *     });
 *
 * As a dependency, `use: { trx: transaction }`, it lasts as long as the handler: what the handler
 * wrote is kept before its answer leaves, and undone when it throws.
 */
export const transaction = Object.assign(
  <R, Tables = AnyTables>(work: (trx: Transaction<Tables>) => Promise<R>): Promise<R> =>
    current<Tables>().transaction().execute(work),
  dependency({ scope: "function" }, async function* (): AsyncGenerator<Transaction<AnyTables>> {
    const trx = await current<AnyTables>().startTransaction().execute();
    try {
      yield trx;
      await trx.commit().execute();
    } finally {
      if (!trx.isCommitted) await trx.rollback().execute();
    }
  }),
);

function current<Tables>(): Database<Tables> {
  return findService(currentScope("transaction()"), Database<Tables>);
}
