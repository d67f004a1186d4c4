import { Database } from "../database/index.ts";
import { endingKey } from "../ending.ts";
import { eventsKey } from "../events/index.ts";
import { logKey } from "../log.ts";
import type { Scope } from "../scope.ts";
import { inject, perApp, Service } from "../services.ts";
import { Changes } from "./changes.ts";
import type { NewTask, TaskEngine } from "./engine.ts";
import { SqliteEngine } from "./sqlite-engine.ts";
import { isFinal, type TaskRecord, type TaskState } from "./status.ts";
import type { Tables } from "./tables.ts";
import type { Ended } from "./upkeep.ts";
import { Worker } from "./worker.ts";

/** Milliseconds after which one who watches looks for what other processes have changed. */
const glance = 500;

/** The tasks of an app: where they are kept, and who runs them. */
export class TaskService extends Service {
  static readonly key = "nexus/Tasks";
  static readonly [perApp] = (app: Scope): TaskService => new TaskService(app);

  readonly engine: TaskEngine = new SqliteEngine(inject(Database<Tables>));
  readonly worker: Worker;
  readonly now: () => number = Date.now;
  readonly #app: Scope;
  readonly #changes = new Changes();
  /** Listeners that still hear of an end. */
  readonly #telling = new Set<Promise<void>>();

  constructor(app: Scope) {
    super();
    this.#app = app;
    this.worker = new Worker({
      engine: this.engine,
      app,
      // A server may have nothing to say while it starts.
      get log() {
        return app.get(logKey);
      },
      now: this.now,
      changed: (id) => this.#changes.tell(id),
      ended: (task, how) => this.#publish(task, how),
    });
  }

  override async stop(): Promise<void> {
    await this.worker.stop();
    await Promise.all(this.#telling);
    await this.engine.close();
  }

  async enqueue(task: NewTask): Promise<string> {
    const { id, isNew } = await this.engine.enqueue(task);
    if (isNew) this.engine.afterCommit(() => this.worker.wake());
    return id;
  }

  async cancel(id: string): ReturnType<TaskEngine["cancel"]> {
    const found = await this.engine.cancel(id);
    if (found?.isDone) {
      this.engine.afterCommit(() => {
        this.worker.drop(id, "It was cancelled");
        this.worker.wake();
        this.#changes.tell(id);
        this.#publish(found.task, "cancelled");
      });
    }
    return found;
  }

  /** What is known of a task, now and after each change, to its end. */
  async *watch(id: string, asked?: AbortSignal): AsyncGenerator<TaskRecord, void, undefined> {
    const begun = this.#app.find(endingKey)?.begun;
    const signal = AbortSignal.any([asked, begun].filter((one) => one !== undefined));
    for (let last = ""; !signal.aborted;) {
      const change = this.#changes.next(id, glance, signal);
      // Not in the transaction of whoever watches.
      const found = await this.#app.run(() => this.engine.find(id));
      if (!found) return;
      const text = JSON.stringify(found.task);
      if (text !== last) yield found.task;
      if (isFinal(found.task.status)) return;
      last = text;
      await change;
    }
  }

  #publish({ id, name, owner }: Ended, how: TaskState): void {
    const events = this.#app.get(eventsKey);
    // Listeners that fail are logged there.
    const telling = this.#app.run(() => events.publish(`task.${how}`, { id, name, owner }));
    this.#telling.add(telling);
    void telling.finally(() => this.#telling.delete(telling));
  }
}

export async function createService(): Promise<TaskService> {
  const service = inject(TaskService);
  await service.engine.open();
  return service;
}
