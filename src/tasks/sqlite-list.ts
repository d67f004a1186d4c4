import type { Database } from "../database/index.ts";
import { shown } from "./sqlite-rows.ts";
import type { TaskFilter } from "./status.ts";
import type { Tables } from "./tables.ts";

/** The rows that a filter lets through, the newest first, and how many there are. */
export async function listRows(db: Database<Tables>, filter: Omit<TaskFilter, "for">) {
  const { status, name, plugin, owner, since, until, limit = 20, offset = 0 } = filter;
  let found = db.selectFrom("nexus_tasks");
  if (status !== undefined) found = found.where("status", "in", [status].flat());
  if (name !== undefined) found = found.where("name", "=", name);
  if (plugin !== undefined) found = found.where("plugin", "=", plugin);
  if (owner !== undefined) found = found.where("owner", "=", owner);
  if (since) found = found.where("created_at", ">=", since);
  if (until) found = found.where("created_at", "<", until);
  const rows = await found
    .select(shown)
    .orderBy("seq", "desc")
    .limit(limit)
    .offset(offset)
    .execute();
  const { total } = await found
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  return { rows, total };
}
