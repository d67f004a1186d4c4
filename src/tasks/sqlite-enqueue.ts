import type { Database } from "../database/index.ts";
import type { NewTask } from "./engine.ts";
import type { Tables } from "./tables.ts";

/** Adds a task, unless one with its key, or one that has not ended with its unique key, is there. */
export async function enqueueRow(
  db: Database<Tables>,
  task: NewTask,
  now: Date,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const row = rowOf(task, now);
  for (;;) {
    const added = await db
      .insertInto("nexus_tasks")
      .values(row)
      .onConflict((known) => known.doNothing())
      .executeTakeFirst();
    if (added.numInsertedOrUpdatedRows) return { id: task.id, isNew: true };
    const id = (await idOfKey(db, task)) ?? (await idOfUniqueKey(db, task));
    // None when the one that was in the way has ended just now.
    if (id !== undefined) return { id, isNew: false };
  }
}

async function idOfKey(db: Database<Tables>, { name, key }: NewTask): Promise<string | undefined> {
  if (key === null) return undefined;
  const found = db.selectFrom("nexus_tasks").where("name", "=", name).where("key", "=", key);
  return (await found.select("id").executeTakeFirst())?.id;
}

async function idOfUniqueKey(
  db: Database<Tables>,
  { name, uniqueKey }: NewTask,
): Promise<string | undefined> {
  if (uniqueKey === null) return undefined;
  const found = db
    .selectFrom("nexus_tasks")
    .where("name", "=", name)
    .where("unique_key", "=", uniqueKey)
    .where("status", "in", ["pending", "running"]);
  return (await found.select("id").executeTakeFirst())?.id;
}

function rowOf(task: NewTask, now: Date) {
  return {
    id: task.id,
    name: task.name,
    plugin: pluginOf(task.name),
    status: "pending" as const,
    input: task.input,
    owner: task.owner,
    key: task.key,
    unique_key: task.uniqueKey,
    request_id: task.requestId,
    run_at: task.runAt,
    created_at: now,
    progress: 0,
    attempts: 0,
    lost: 0,
    turn: 0,
  };
}

function pluginOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf(".")));
}
