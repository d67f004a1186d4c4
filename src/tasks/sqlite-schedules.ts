import { type Database, type Kysely, sql } from "../database/index.ts";
import type { Schedule } from "./engine.ts";
import type { Tables } from "./tables.ts";

/** Keeps a schedule. @returns when it is due: as before, unless its pattern is another one */
export async function keepSchedule(
  db: Database<Tables>,
  { name, pattern, next }: Schedule,
): Promise<Date> {
  const { next_at } = await db
    .insertInto("nexus_task_schedules")
    .values({ name, pattern, next_at: next })
    .onConflict((known) =>
      known.column("name").doUpdateSet({
        pattern,
        next_at: sql<Date>`case pattern when ${pattern} then next_at else ${next} end`,
      }),
    )
    .returning("next_at")
    .executeTakeFirstOrThrow();
  return next_at;
}

/** Moves it on, unless somebody has. @returns when it is due now */
export async function moveSchedule(
  db: Database<Tables>,
  schedule: Schedule,
  due: Date,
): Promise<Date> {
  const { numUpdatedRows } = await db
    .updateTable("nexus_task_schedules")
    .set({ next_at: schedule.next })
    .where("name", "=", schedule.name)
    .where("next_at", "=", due)
    .executeTakeFirst();
  return numUpdatedRows ? schedule.next : keepSchedule(db, schedule);
}

/** Forgets those of a plugin. */
export async function forgetSchedules(db: Kysely<Tables>, plugin: string): Promise<void> {
  const names = await db.selectFrom("nexus_task_schedules").select("name").execute();
  const own = names.filter(({ name }) => name.startsWith(`${plugin}.`)).map(({ name }) => name);
  if (own.length) await db.deleteFrom("nexus_task_schedules").where("name", "in", own).execute();
}
