import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Database, migrate, type Selectable, sql } from "../database/index.ts";
import { Batch } from "./batch.ts";
import {
  type Claim,
  lease,
  type NewTask,
  type Outcome,
  type Report,
  type Schedule,
  type TaskEngine,
  type Turn,
} from "./engine.ts";
import { enqueueRow } from "./sqlite-enqueue.ts";
import { listRows } from "./sqlite-list.ts";
import { recoverRows } from "./sqlite-recover.ts";
import { changesOf, claimOf, notBefore, shown, recordOf, unclaimed } from "./sqlite-rows.ts";
import { forgetSchedules, keepSchedule, moveSchedule } from "./sqlite-schedules.ts";
import { migrations, type TaskRow, type Tables } from "./tables.ts";
import { WorkerLocks } from "./worker-locks.ts";

interface Settling {
  readonly claim: Turn;
  readonly outcome: Outcome;
}

/** Tasks in a table of the app's SQLite database, each step in one statement. */
export class SqliteEngine implements TaskEngine {
  readonly #db: Database<Tables>;
  readonly #now: () => number;
  /** The name of this worker. */
  readonly #me: string = randomUUID();
  readonly #settling = new Batch((all: readonly Settling[]) => this.#settle(all));
  #locks: WorkerLocks | undefined;
  #isSwept = false;

  /** @param now a clock in milliseconds */
  constructor(db: Database<Tables>, now: () => number = Date.now) {
    this.#db = db;
    this.#now = now;
  }

  get isShared(): boolean {
    return this.#locks !== undefined;
  }

  async open(): Promise<void> {
    await migrate(this.#db, { plugin: "tasks", migrations });
    const files = await sql<{ file: string }>`pragma database_list`.execute(this.#db);
    const path = files.rows[0]?.file;
    // One in memory is nobody else's.
    if (!path) return;
    this.#locks = new WorkerLocks(join(dirname(path), "workers"));
    this.#locks.hold(this.#me);
  }

  async close(): Promise<void> {
    this.#locks?.release(this.#me);
  }

  enqueue(task: NewTask): Promise<{ readonly id: string; readonly isNew: boolean }> {
    return enqueueRow(this.#db, task, this.#date());
  }

  afterCommit(work: () => void): void {
    this.#db.afterCommit(work);
  }

  async find(id: string) {
    const row = await this.#db
      .selectFrom("nexus_tasks")
      .select([...shown, "input", "unique_key"])
      .where("id", "=", id)
      .executeTakeFirst();
    if (!row) return undefined;
    const { input, unique_key: uniqueKey, ...task } = row;
    return { task: recordOf(task), input, uniqueKey };
  }

  async list(filter: Parameters<TaskEngine["list"]>[0]): ReturnType<TaskEngine["list"]> {
    const { rows, total } = await listRows(this.#db, filter);
    return { tasks: rows.map(recordOf), total };
  }

  async cancel(id: string) {
    const cancelled = await this.#db
      .updateTable("nexus_tasks")
      .set({ ...unclaimed, status: "cancelled", completed_at: notBefore(this.#date()) })
      .where("id", "=", id)
      .where("status", "in", ["pending", "running"])
      .returning(shown)
      .executeTakeFirst();
    if (cancelled) return { isDone: true, task: recordOf(cancelled) };
    const found = await this.find(id);
    return found && { isDone: false, task: found.task };
  }

  async forget(plugin: string): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      await forgetSchedules(trx, plugin);
      await trx
        .deleteFrom("nexus_tasks")
        .where("plugin", "=", plugin)
        .where("completed_at", "is", null)
        .execute();
    });
  }

  async purge(before: Date): Promise<number> {
    let count = 0;
    // In pieces, as nobody can write meanwhile, and nothing else is done in this process.
    for (let piece = 1000; piece === 1000; count += piece) {
      await setImmediate();
      const { numDeletedRows } = await this.#db
        .deleteFrom("nexus_tasks")
        .where("seq", "in", (rows) =>
          rows
            .selectFrom("nexus_tasks")
            .select("seq")
            .where("completed_at", "<", before)
            .limit(1000),
        )
        .executeTakeFirst();
      piece = Number(numDeletedRows);
    }
    return count;
  }

  async nextRuns(names: readonly string[]): Promise<ReadonlyMap<string, Date>> {
    // One short look into the index for each name, however many tasks wait.
    const { rows } = await sql<{ name: string; run_at: string | null }>`select value as name, (
        select run_at from nexus_tasks where name = value and status = 'pending'
        order by run_at, seq limit 1) as run_at
      from json_each(${JSON.stringify(names)})`.execute(this.#db);
    return new Map(rows.flatMap(({ name, run_at }) => (run_at ? [[name, new Date(run_at)]] : [])));
  }

  async claim(
    name: string,
    { concurrency, most }: { readonly concurrency: number; readonly most: number },
  ): Promise<Claim[]> {
    const now = this.#date();
    const { rows } = await sql<Selectable<TaskRow>>`update nexus_tasks
      set status = 'running', turn = turn + 1, attempts = attempts + 1,
        worker = ${this.#me}, lease_until = ${this.#date(lease)},
        started_at = coalesce(started_at, ${notBefore(now)})
      where seq in (
        select seq from nexus_tasks
        where name = ${name} and status = 'pending' and run_at <= ${now}
        order by run_at, seq
        limit max(0, min(${most}, ${concurrency} - (
          select count(*) from nexus_tasks where name = ${name} and status = 'running'))))
      returning *`.execute(this.#db);
    // What an update returns has no order.
    return rows
      .toSorted((a, b) => a.run_at.getTime() - b.run_at.getTime() || a.seq - b.seq)
      .map(claimOf);
  }

  async beat(): Promise<ReadonlyMap<string, number>> {
    const held = await this.#db
      .updateTable("nexus_tasks")
      .set({ lease_until: this.#date(lease) })
      .where("worker", "=", this.#me)
      .returning(["id", "turn"])
      .execute();
    return new Map(held.map(({ id, turn }) => [id, turn]));
  }

  async report({ id, turn }: Turn, { progress, message }: Report): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable("nexus_tasks")
      .set({ progress: advanced(progress), message })
      .where("id", "=", id)
      .where("turn", "=", turn)
      .where("status", "=", "running")
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  settle(claim: Turn, outcome: Outcome): Promise<boolean> {
    return this.#settling.add({ claim, outcome });
  }

  /** In one transaction, as each waits for the disk. */
  async #settle(all: readonly Settling[]): Promise<boolean[]> {
    if (all.length === 1) return [await this.#settleOne(all[0]!)];
    return this.#db.transaction().execute(async () => {
      const answers: boolean[] = [];
      for (const one of all) answers.push(await this.#settleOne(one));
      return answers;
    });
  }

  async #settleOne({ claim: { id, turn }, outcome }: Settling): Promise<boolean> {
    const { progress = 0, message } = outcome;
    const { numUpdatedRows } = await this.#db
      .updateTable("nexus_tasks")
      .set({
        ...unclaimed,
        progress: advanced(progress),
        ...(message !== undefined && { message }),
        ...changesOf(outcome, this.#date()),
      })
      .where("id", "=", id)
      .where("turn", "=", turn)
      .where("status", "=", "running")
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async recover() {
    const none = { pending: [], failed: [] };
    if (!this.#locks) return none;
    const litter = this.#isSwept ? [] : this.#locks.old;
    this.#isSwept = true;
    return (await recoverRows(this.#db, this.#me, this.#date(), this.#locks, litter)) ?? none;
  }

  schedule(schedule: Schedule): Promise<Date> {
    return keepSchedule(this.#db, schedule);
  }

  async tick(schedule: Schedule, due: Date, task: NewTask): Promise<Date> {
    // The tick itself is the key, so that a second one to ask makes no second task, and one that dies
    // here leaves no tick without its task.
    await this.enqueue({ ...task, key: `tick ${schedule.pattern} ${due.toISOString()}` });
    return moveSchedule(this.#db, schedule, due);
  }

  #date(later = 0): Date {
    return new Date(this.#now() + later);
  }
}

/** Progress never goes back. */
const advanced = (progress: number) => sql<number>`max(progress, ${progress})`;
