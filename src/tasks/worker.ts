import { setTimeout as sleep } from "node:timers/promises";
import { Ending, endingKey } from "../ending.ts";
import { messageOf } from "../exceptions.ts";
import type { Scope } from "../scope.ts";
import { Attempt } from "./attempt.ts";
import type { Claim, Outcome, TaskEngine, Turn } from "./engine.ts";
import { Pause } from "./pause.ts";
import type { Registered } from "./registry.ts";
import type { Ticking } from "./ticking.ts";
import { type Told, Upkeep } from "./upkeep.ts";

/** Milliseconds after which one looks for what other processes have done. */
const poll = 1000;

export interface WorkerOptions extends Told {
  readonly engine: TaskEngine;
  /** The app's: what the worker writes is part of nobody's transaction. */
  readonly app: Scope;
  readonly now: () => number;
  /** Milliseconds before each further try to write what has become of a task. */
  readonly patience?: readonly number[];
}

/** A task that is run: its plugin is started. */
export interface Runnable extends Registered {
  readonly ticking?: Ticking | undefined;
}

interface Running {
  readonly attempt: Attempt;
  readonly of: Post;
  /** Resolves when what became of it is written. */
  readonly done: Promise<void>;
}

/** A runnable while it is run, with its next tick. */
interface Post extends Runnable {
  readonly ending: Ending;
  tick: Date | undefined;
}

/** Takes tasks that are due, runs them, and writes what becomes of them: one loop for an app. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #posts = new Set<Post>();
  readonly #running = new Map<string, Running>();
  readonly #pause = new Pause();
  readonly #upkeep: Upkeep;
  #loop: Promise<void> | undefined;
  #looking: Promise<number> | undefined;
  #isStopped = false;
  /** Whether the store may say that this worker has something of which it knows nothing. */
  #isInDoubt = false;
  /** What was logged last, so that a store that is away is not a line a second. */
  #trouble: string | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#upkeep = new Upkeep(options.engine, options.now, options);
  }

  /**
   * Runs the tasks of a name from now on.
   * @returns the undo, which waits for those that run until the plugin's time is up
   */
  async run(runnable: Runnable): Promise<() => Promise<void>> {
    const { engine, app } = this.#options;
    const { name, scope, ticking } = runnable;
    const schedule = ticking?.schedule(name, this.#now);
    const tick = schedule && (await app.run(() => engine.schedule(schedule)));
    const ending = scope.find(endingKey) ?? new Ending();
    const post: Post = { ...runnable, ending, tick };
    this.#posts.add(post);
    this.wake();
    this.#loop ??= app.run(() => this.#go());
    return () => this.#drain(post);
  }

  /** There may be something to do. */
  wake(): void {
    this.#pause.end();
  }

  /** A task has come to its end elsewhere. */
  drop(id: string, why: string): void {
    for (const { attempt } of this.#running.values())
      if (attempt.claim.id === id) attempt.drop(why);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.wake();
    await this.#loop;
    await Promise.all([...this.#posts].map((post) => this.#drain(post, true)));
  }

  async #go(): Promise<void> {
    while (!this.#isStopped) {
      this.#pause.begin();
      this.#looking = this.#look().catch((error: unknown) => this.#complain(error));
      await this.#pause.take(await this.#looking);
    }
  }

  /** @returns milliseconds until there is something to do, as far as one can see */
  async #look(): Promise<number> {
    const { engine } = this.#options;
    if (this.#now >= this.#upkeep.next) await this.#upkeep.run(() => this.#beat());
    const posts = [...this.#posts].filter(({ ending }) => !ending.begun.aborted);
    for (const post of posts) if (post.tick && +post.tick <= this.#now) await this.#tick(post);
    const next = await engine.nextRuns([...new Set(posts.map(({ name }) => name))]);
    const times = [this.#upkeep.next, ...posts.flatMap(({ tick }) => (tick ? +tick : []))];
    if (engine.isShared) times.push(this.#now + poll);
    for (const post of posts) {
      const at = +(next.get(post.name) ?? Infinity);
      times.push(at > this.#now ? at : await this.#claim(post));
    }
    this.#trouble = undefined;
    return Math.min(...times) - this.#now;
  }

  /** @returns when to look again */
  async #claim(post: Post): Promise<number> {
    const { concurrency = 10 } = post.task.spec;
    const most = concurrency - [...this.#running.values()].filter(({ of }) => of === post).length;
    // The end of one of them wakes the loop.
    if (most <= 0) return Infinity;
    // Should the answer be lost, the store may have given us what we do not know of.
    this.#isInDoubt = true;
    const claims = await this.#options.engine.claim(post.name, { concurrency, most });
    for (const claim of claims) this.#start(post, claim);
    this.#isInDoubt = false;
    // Without any, those of other processes are as many as there may be.
    return claims.length ? this.#now : this.#now + poll;
  }

  #start(post: Post, claim: Claim): void {
    const { engine, now, app, changed } = this.#options;
    const attempt = new Attempt({
      registered: post,
      claim,
      now,
      // The handler may have a transaction open; this is not part of it.
      report: (report) =>
        app.run(async () => {
          if (await engine.report(claim, report)) changed(claim.id);
          else attempt.drop("It is somebody else's");
        }),
    });
    if (post.ending.begun.aborted) attempt.giveBack();
    const done = app
      .run(() => this.#finish(attempt))
      .catch((error: unknown) => void this.#complain(error));
    this.#running.set(keyOf(claim), { attempt, of: post, done });
    changed(claim.id);
  }

  async #finish({ claim, log, verdict }: Attempt): Promise<void> {
    const { changed, ended } = this.#options;
    const { outcome, error } = await verdict;
    const isOurs = outcome !== undefined && (await this.#settle(claim, outcome));
    this.#running.delete(keyOf(claim));
    this.wake();
    if (!isOurs) return log.debug("Task was ended elsewhere");
    changed(claim.id);
    if (outcome.status === "completed" || outcome.status === "failed") ended(claim, outcome.status);
    // Last, as there are errors that no log can write.
    if (outcome.status === "completed") log.info("Task completed");
    if (outcome.status === "returned") log.info("Task given back: its plugin ends");
    if (outcome.status === "pending") log.warn({ err: error }, "Task failed, and will be retried");
    if (outcome.status === "failed") log.error({ err: error }, `Task failed: ${outcome.error}`);
  }

  async #settle(claim: Turn, outcome: Outcome): Promise<boolean> {
    const { patience = [200, 2000] } = this.#options;
    for (const pause of [...patience, undefined]) {
      try {
        return await this.#options.engine.settle(claim, outcome);
      } catch (error) {
        this.#complain(error);
        if (pause === undefined) break;
        await sleep(pause);
      }
    }
    // Its lease is kept no more; when the store can be written again, it is given back.
    this.#isInDoubt = true;
    return false;
  }

  async #tick(post: Post): Promise<void> {
    const { name, ticking, tick } = post;
    const due = tick!;
    const schedule = ticking!.schedule(name, this.#now);
    post.tick = await this.#options.engine.tick(schedule, due, ticking!.task(name, due));
  }

  /** A sign of life, and what one hears by it of what is not ours any more. */
  async #beat(): Promise<void> {
    if (!this.#running.size && !this.#isInDoubt) return;
    const { engine } = this.#options;
    const known = new Map(this.#running);
    const held = await engine.beat();
    this.#isInDoubt = false;
    for (const { attempt } of known.values()) {
      const { id, turn } = attempt.claim;
      if (held.get(id) !== turn) attempt.drop("It was cancelled, or taken for lost");
    }
    for (const [id, turn] of held) {
      if (!this.#running.has(keyOf({ id, turn })))
        await engine.settle({ id, turn }, { status: "returned" });
    }
  }

  async #drain(post: Post, atOnce = false): Promise<void> {
    this.#posts.delete(post);
    // What is being claimed at this moment is seen to have come too late.
    await this.#looking;
    const mine = [...this.#running.values()].filter(({ of }) => of === post);
    const giveBack = (): void => mine.forEach(({ attempt }) => attempt.giveBack());
    const { over } = post.ending;
    if (atOnce || over.aborted) giveBack();
    else over.addEventListener("abort", giveBack, { once: true });
    await Promise.all(mine.map(({ done }) => done));
    over.removeEventListener("abort", giveBack);
  }

  #complain(error: unknown): number {
    const text = messageOf(error);
    if (this.#trouble !== text) this.#options.log.error({ err: error }, "Tasks cannot be run");
    this.#trouble = text;
    return poll;
  }

  get #now(): number {
    return this.#options.now();
  }
}

function keyOf({ id, turn }: Turn): string {
  return `${id} ${turn}`;
}
