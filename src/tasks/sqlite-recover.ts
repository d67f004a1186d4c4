import { type Database, type Selectable, sql } from "../database/index.ts";
import { lostError, mostLost } from "./engine.ts";
import { notBefore, recordOf } from "./sqlite-rows.ts";
import type { Tables, TaskRow } from "./tables.ts";
import type { WorkerLocks } from "./worker-locks.ts";

/**
 * Gives back what other workers held that are dead: whose lock is free, or who have said nothing for
 * as long as a lease. A crash is not the handler's failure, and uses up none of its retries.
 * @param litter workers whose files are there although nothing is known of them
 */
export async function recoverRows(
  db: Database<Tables>,
  me: string,
  now: Date,
  locks: WorkerLocks,
  litter: readonly string[],
) {
  const others = await db
    .selectFrom("nexus_tasks")
    .select(["worker", ({ fn }) => fn.min("lease_until").as("lease_until")])
    .where("worker", "is not", null)
    .where("worker", "!=", me)
    .groupBy("worker")
    .execute();
  const names = others.flatMap(({ worker }) => worker ?? []);
  if (!names.length && !litter.length) return undefined;
  // Held until their tasks are given back, so that the next who looks finds the lock, or no file.
  using dead = locks.takeDead([...new Set([...names, ...litter])]);
  const gone = dead.names;
  // Minimum of a date column: an expression, so it comes as text.
  if (!gone.length && !others.some(({ lease_until }) => new Date(lease_until ?? 0) < now))
    return undefined;
  const isGone = gone.length ? sql`worker in (${sql.join(gone)})` : sql`false`;
  const { rows } = await sql<Selectable<TaskRow>>`update nexus_tasks
    set worker = null, lease_until = null, lost = lost + 1,
      status = case when lost + 1 >= ${mostLost} then 'failed' else 'pending' end,
      error = case when lost + 1 >= ${mostLost} then ${lostError} end,
      completed_at = case when lost + 1 >= ${mostLost} then ${notBefore(now)} end
    where worker is not null and worker != ${me} and (lease_until < ${now} or ${isGone})
    returning *`.execute(db);
  dead.remove();
  return {
    pending: rows.flatMap(({ status, id }) => (status === "pending" ? id : [])),
    failed: rows.filter(({ status }) => status === "failed").map(recordOf),
  };
}
