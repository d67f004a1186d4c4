import { afterEach } from "vitest";
import type { App } from "../src/app/index.ts";
import type { Plugin, PluginClass } from "../src/plugin/index.ts";
import {
  createTask,
  type CreateTaskOptions,
  type Task,
  type TaskStatus,
  watchTask,
} from "../src/tasks/index.ts";
import { TestClient, type TestOptions } from "../src/testing/index.ts";

/** Tasks as tests create and await them. */

/** For the tests of a file, each with a plugin of its own. */
export function useTasks() {
  let client: TestClient;
  afterEach(() => client[Symbol.asyncDispose]());
  const run = <T>(work: () => T): T => client.app.run(work);
  return {
    start: async <P extends Plugin>(type: new () => P, options?: TestOptions): Promise<P> => {
      const started = await startPlugin(type, options);
      client = started.client;
      return started.plugin;
    },
    run,
    create: (task: Task<any>, input?: unknown, options?: CreateTaskOptions): Promise<string> =>
      run(() => createTask(task, input, options)),
    end: (id: string) => endOf(client.app, id),
    client: (): TestClient => client,
  };
}

/** What is known of a task when it has come to its end. */
export async function endOf(app: App, id: string): Promise<TaskStatus> {
  return statusWhen(app, id, ({ completed_at }) => completed_at !== null);
}

/** What is known of a task as soon as something is true of it. */
export async function statusWhen(
  app: App,
  id: string,
  holds: (status: TaskStatus) => boolean,
): Promise<TaskStatus> {
  let last: TaskStatus | undefined;
  const signal = AbortSignal.timeout(10_000);
  for await (const status of app.run(() => watchTask(id, { signal }))) {
    if (holds(status)) return status;
    last = status;
  }
  throw new Error(`It did not come to that: ${JSON.stringify(last)}`);
}

/** Starts a plugin, and gives its instance too: its tasks are fields of that one. */
export async function startPlugin<P extends Plugin>(
  type: new () => P,
  options: TestOptions = {},
): Promise<{ readonly client: TestClient; readonly plugin: P }> {
  const made: { plugin?: P } = {};
  class Started extends (type as unknown as PluginClass) {
    override async start() {
      await super.start?.();
      made.plugin = this as unknown as P;
    }
  }
  Object.defineProperty(Started, "name", { value: type.name });
  const client = await TestClient.of(Started, options);
  return { client, plugin: made.plugin! };
}
