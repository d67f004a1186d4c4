import { createApp } from "nexus-platform/app";
import { Database, sql, transaction } from "nexus-platform/database";
import { inject, Plugin, post } from "nexus-platform";
import { createTask, TaskError, task } from "nexus-platform/tasks";
import { setTimeout as sleep } from "node:timers/promises";
import { Order, outcomeOf } from "./orders.ts";

/** The process that is killed: takes orders over HTTP, and each is a durable task. */

interface Tables {
  orders: { n: number; task: string };
  effects: { n: number };
}

class Torture extends Plugin {
  static override readonly migrations = {
    "0001_orders": {
      expand: async (db: any) => {
        await db.schema
          .createTable("orders")
          .addColumn("n", "integer", (column: any) => column.primaryKey())
          .addColumn("task", "text")
          .execute();
        await db.schema.createTable("effects").addColumn("n", "integer").execute();
      },
    },
  };

  db = inject(Database<Tables>);

  work = task(
    { input: Order, retries: 3, backoff: 0.05, concurrency: 20 },
    async ({ input: { n, ms }, progress, attempt, signal }) => {
      const outcome = outcomeOf(n);
      for (let step = 1; step <= 4; step++) {
        await sleep(ms / 4, undefined, { signal });
        progress(step / 4, `step ${step}`);
      }
      if (outcome === "failed") throw new TaskError("never");
      if (outcome === "second try" && attempt === 1) throw new Error("once more");
      await this.db.insertInto("effects").values({ n }).execute();
      return { n };
    },
  );

  /** Takes an order: its row and its task are written together. */
  order = post("/orders", { body: Order, status: 201 }, async ({ body }) =>
    transaction(async () => {
      const delay = outcomeOf(body.n) === "delayed" ? 0.3 : 0;
      const id = await createTask(this.work, body, { delay });
      await this.db.insertInto("orders").values({ n: body.n, task: id }).execute();
      return { id };
    }),
  );
}

const app = await createApp({ plugins: [Torture], docs: false });
const { port } = await app.listen({ port: 0 });
// Whatever settles is noted by the database itself.
const db = app.run(() => inject(Database));
const settled = "('completed', 'failed', 'cancelled')";
await sql`create table if not exists settled (task text)`.execute(db);
await sql
  .raw(
    `create trigger if not exists note_settled after update of status on nexus_tasks
     when new.status in ${settled} begin insert into settled values (new.id); end`,
  )
  .execute(db);
await sql`create table if not exists went_back (task text)`.execute(db);
await sql
  .raw(
    `create trigger if not exists note_went_back after update on nexus_tasks
     when new.progress < old.progress or old.status in ${settled} and new.status <> old.status
     begin insert into went_back values (new.id); end`,
  )
  .execute(db);
process.stdout.write(`${port}\n`);
