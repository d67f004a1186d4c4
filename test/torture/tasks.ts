import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { type Order, outcomeOf } from "./orders.ts";

export interface TortureOptions {
  readonly kills: number;
  /** Of the moments and the orders; the same seed gives the same ones. */
  readonly seed: number;
  readonly log?: (line: string) => void;
}

export interface TortureReport {
  readonly kills: number;
  readonly tasks: number;
  /** Each with what is wrong with it. */
  readonly lost: readonly string[];
  readonly settledTwice: number;
  /** Tasks whose progress went back, or that left a final state. */
  readonly wentBack: number;
  /** How many ran at the moment of a kill, in all. */
  readonly interrupted: number;
  /** Milliseconds from the start of a new process until all that ran at the kill run again or are settled, sorted. */
  readonly recoveries: readonly number[];
}

/** Tasks that are not settled, at any time. */
const load = 200;
/** Milliseconds that a process lives at most, from its start or from when it is ready. */
const longestLife = 1000;
const settled = "('completed', 'failed', 'cancelled')";

/**
 * Kills a process again and again, at random moments, while it takes orders and runs a task for each;
 * then lets it finish, and counts.
 */
export async function tortureTasks({
  kills,
  seed,
  log = () => {},
}: TortureOptions): Promise<TortureReport> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-torture-"));
  const random = createRandom(seed);
  const orders = new Orders(random);
  const recoveries: number[] = [];
  let interrupted = 0;
  // The tables are made in peace.
  await stop(await start(folder).ready);
  const db = new DatabaseSync(join(folder, "nexus.db"), { timeout: 10_000 });
  try {
    let running: Running[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      const process = start(folder);
      const recovery = recoveryOf(running, db);
      const moment = random() * longestLife;
      // Some while they start, most at their work, however long this machine takes to start one.
      const ready = await (random() < 0.2 ? sleep(moment) : process.ready);
      if (ready) {
        const ordering = orders.keepUp(ready, db);
        await sleep(moment);
        process.child.kill("SIGKILL");
        await ordering;
      } else process.child.kill("SIGKILL");
      await process.gone;
      recovery.giveUp();
      if (recovery.milliseconds !== undefined) recoveries.push(recovery.milliseconds);
      running = runningIn(db);
      interrupted += running.length;
      if (kill % 10 === 0) log(`${kill} kills, ${orders.acknowledged.size} tasks acknowledged`);
    }
    const last = await start(folder).ready;
    const end = Date.now() + 120_000;
    while (openIn(db) > 0 && Date.now() < end) await sleep(50);
    await stop(last);
    const report = count(db, orders.acknowledged);
    return { kills, ...report, interrupted, recoveries: recoveries.toSorted((a, b) => a - b) };
  } finally {
    db.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Ready {
  readonly child: ChildProcess;
  readonly port: number;
}

function start(folder: string) {
  const app = join(import.meta.dirname, "tasks-app.ts");
  const child = spawn(process.execPath, ["--conditions=source", app], {
    env: { PATH: process.env["PATH"], NEXUS_DATA_DIR: folder, NEXUS_LOG: "fatal" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  const ready = once(child.stdout, "data").then(([line]): Ready => ({ child, port: Number(line) }));
  return { child, gone, ready };
}

async function stop({ child }: Ready): Promise<void> {
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** Sends orders, and remembers those that were acknowledged. */
class Orders {
  readonly acknowledged = new Map<number, string>();
  readonly #random: () => number;
  #last = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Keeps so many tasks unsettled, until the process is gone. */
  async keepUp({ port }: Ready, db: DatabaseSync): Promise<void> {
    for (;;) {
      const missing = load - openIn(db);
      const batch = Array.from({ length: Math.min(Math.max(missing, 0), 25) }, () =>
        this.#send(port),
      );
      const taken = await Promise.all(batch);
      if (taken.includes(false)) return;
      if (batch.length === 0) {
        await sleep(10);
        if (!(await isThere(port))) return;
      }
    }
  }

  /** @returns whether it was taken */
  async #send(port: number): Promise<boolean> {
    const order: Order = { n: ++this.#last, ms: Math.floor(this.#random() * 60) };
    try {
      const response = await fetch(`http://127.0.0.1:${port}/orders`, {
        method: "POST",
        body: JSON.stringify(order),
        headers: { "content-type": "application/json" },
      });
      const { id } = (await response.json()) as { id: string };
      if (response.status === 201) this.acknowledged.set(order.n, id);
      else throw new Error(`An order was answered by ${response.status}`);
      return true;
    } catch (error) {
      // Killed in the middle of it: nobody knows whether it was taken.
      if (error instanceof TypeError || error instanceof SyntaxError) return false;
      throw error;
    }
  }
}

async function isThere(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health/live`).then(
    (response) => response.ok,
    () => false,
  );
}

interface Running {
  readonly id: string;
  readonly attempts: number;
}

const runningIn = (db: DatabaseSync): Running[] =>
  db
    .prepare("select id, attempts from nexus_tasks where status = 'running'")
    .all() as unknown as Running[];

const openIn = (db: DatabaseSync): number =>
  Number(
    db.prepare(`select count(*) n from nexus_tasks where status not in ${settled}`).get()!["n"],
  );

/** Watches what ran at the kill until it is taken up again. */
function recoveryOf(interrupted: readonly Running[], db: DatabaseSync) {
  const watched = new Map(interrupted.map(({ id, attempts }) => [id, attempts]));
  const since = performance.now();
  const result: { milliseconds: number | undefined; giveUp: () => void } = {
    milliseconds: undefined,
    giveUp: () => clearInterval(timer),
  };
  const timer = setInterval(() => {
    const still = runningIn(db).some(({ id, attempts }) => watched.get(id) === attempts);
    if (still || !watched.size) return;
    result.milliseconds = performance.now() - since;
    clearInterval(timer);
  }, 5);
  return result;
}

function count(db: DatabaseSync, acknowledged: ReadonlyMap<number, string>) {
  const tasks = db.prepare("select id, status, input, result, error from nexus_tasks").all();
  const orders = new Map(
    db
      .prepare("select task, n from orders")
      .all()
      .map(({ task, n }) => [task, n]),
  );
  const effects = new Set(
    db
      .prepare("select n from effects")
      .all()
      .map(({ n }) => n),
  );
  const lost: string[] = [];
  for (const { id, status, input, result, error } of tasks) {
    const { n } = JSON.parse(String(input)) as Order;
    const wanted = outcomeOf(n) === "failed" ? "failed" : "completed";
    if (status !== wanted)
      lost.push(`${n}: is ${String(status)} (${String(error)}), not ${wanted}`);
    if (status === "completed" && !effects.has(n)) lost.push(`${n}: has a result, and no effect`);
    if (status === "completed" && result !== JSON.stringify({ n }))
      lost.push(`${n}: has the result ${String(result)}`);
    if (orders.get(id) !== n) lost.push(`${n}: is a task without its order`);
  }
  const known = new Set(tasks.map(({ id }) => id));
  for (const [n, id] of acknowledged)
    if (!known.has(id)) lost.push(`${n}: was acknowledged, and is gone`);
  for (const [task, n] of orders)
    if (!known.has(task)) lost.push(`${String(n)}: is an order without its task`);
  const times = db.prepare("select count(*) n from settled group by task having n > 1").all();
  const wentBack = Number(db.prepare("select count(*) n from went_back").get()!["n"]);
  return { tasks: tasks.length, lost, settledTwice: times.length, wentBack };
}

/** Mulberry32: a run can be repeated by its seed. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
