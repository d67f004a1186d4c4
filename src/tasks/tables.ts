import {
  type AnyTables,
  type Generated,
  type Kysely,
  type Migrations,
  sql,
} from "../database/index.ts";
import type { TaskState } from "./status.ts";

export interface Tables {
  nexus_tasks: TaskRow;
  nexus_task_schedules: { name: string; pattern: string; next_at: Date };
}

export interface TaskRow {
  /** The order of creation. */
  seq: Generated<number>;
  id: string;
  name: string;
  plugin: string;
  status: TaskState;
  /** JSON. */
  input: string;
  result: string | null;
  error: string | null;
  is_internal: Generated<boolean>;
  message: string | null;
  progress: number;
  attempts: number;
  lost: number;
  /** Counts the claims: who settles has to know the last one. */
  turn: number;
  /** Who has claimed it, while it is running. */
  worker: string | null;
  lease_until: Date | null;
  owner: string | null;
  key: string | null;
  unique_key: string | null;
  request_id: string | null;
  run_at: Date;
  created_at: Date;
  started_at: Date | null;
  completed_at: Date | null;
}

export const migrations: Migrations = {
  "0001_tasks": {
    async expand(db) {
      await makeTasks(db);
      await db.schema
        .createTable("nexus_task_schedules")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("pattern", "text", (column) => column.notNull())
        .addColumn("next_at", "timestamptz", (column) => column.notNull())
        .execute();
    },
  },
};

async function makeTasks({ schema }: Kysely<AnyTables>): Promise<void> {
  await schema
    .createTable("nexus_tasks")
    .addColumn("seq", "serial", (column) => column.primaryKey())
    .addColumn("id", "uuid", (column) => column.notNull().unique())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("plugin", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull().defaultTo("pending"))
    // Not jsonb: it would sort the members, and refuse \u0000.
    .addColumn("input", "text", (column) => column.notNull())
    .addColumn("result", "text")
    .addColumn("error", "text")
    .addColumn("is_internal", "boolean", (column) => column.notNull().defaultTo(false))
    .addColumn("message", "text")
    .addColumn("progress", "real", (column) => column.notNull().defaultTo(0))
    .addColumn("attempts", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("lost", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("turn", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("worker", "text")
    .addColumn("lease_until", "timestamptz")
    .addColumn("owner", "text")
    .addColumn("key", "text")
    .addColumn("unique_key", "text")
    .addColumn("request_id", "text")
    .addColumn("run_at", "timestamptz", (column) => column.notNull())
    .addColumn("created_at", "timestamptz", (column) => column.notNull())
    .addColumn("started_at", "timestamptz")
    .addColumn("completed_at", "timestamptz")
    .execute();
  const index = (name: string) => schema.createIndex(`nexus_tasks_${name}`).on("nexus_tasks");
  await index("by_turn").columns(["name", "status", "run_at", "seq"]).execute();
  await index("by_key").columns(["name", "key"]).unique().where("key", "is not", null).execute();
  await index("by_unique_key")
    .columns(["name", "unique_key"])
    .unique()
    .where("unique_key", "is not", null)
    .where(sql.ref("status"), "in", ["pending", "running"])
    .execute();
  await index("by_worker").columns(["worker"]).where("worker", "is not", null).execute();
  await index("by_owner").columns(["owner", "seq"]).where("owner", "is not", null).execute();
  await index("by_end").columns(["completed_at"]).where("completed_at", "is not", null).execute();
}
