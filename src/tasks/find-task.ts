import { currentScope, type Scope } from "../scope.ts";
import { openService } from "./open-service.ts";
import {
  maySee,
  type TaskFilter,
  type TaskList,
  type TaskStatus,
  type ViewOptions,
} from "./status.ts";

/** What is known of a task; `undefined` where there is none, or none that the asker may see. */
export async function getTaskStatus(
  id: string,
  options: ViewOptions = {},
): Promise<TaskStatus | undefined> {
  const service = await openService(currentScope("getTaskStatus()"));
  const found = await service.engine.find(id);
  return found && maySee(found.task, options) ? found.task : undefined;
}

/** The newest first. With `for`, those that belong to the asker; all of them for `admin:tasks`. */
export async function listTasks(filter: TaskFilter = {}): Promise<TaskList> {
  const service = await openService(currentScope("listTasks()"));
  const { for: viewer, ...rest } = filter;
  if (!("for" in filter) || viewer?.hasPermission("admin:tasks")) return service.engine.list(rest);
  const isTheirs = viewer !== undefined && (rest.owner === undefined || rest.owner === viewer.id);
  return isTheirs ? service.engine.list({ ...rest, owner: viewer.id }) : { tasks: [], total: 0 };
}

/**
 * What is known of a task, now and after each change; ends after the final state, when the signal
 * fires, and when the app begins to end. Of a task that is not there, nothing.
 */
export function watchTask(
  id: string,
  options: ViewOptions & { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<TaskStatus, void, undefined> {
  return watch(currentScope("watchTask()"), id, options);
}

async function* watch(
  scope: Scope,
  id: string,
  options: ViewOptions & { readonly signal?: AbortSignal | undefined },
): AsyncGenerator<TaskStatus, void, undefined> {
  const service = await openService(scope);
  for await (const task of service.watch(id, options.signal)) {
    if (!maySee(task, options)) return;
    yield task;
  }
}

/**
 * Makes the tables of tasks, where nobody has yet. Only for who asks for tasks within a transaction, in
 * an app that may have none: a plugin that has tasks finds it done.
 */
export async function openTasks(): Promise<void> {
  await openService(currentScope("openTasks()"));
}
