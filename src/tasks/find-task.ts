import { currentScope, type Scope } from "../scope.ts";
import { openService } from "./open-service.ts";
import { registryOf } from "./registry.ts";
import {
  adminPermission,
  type AsJSON,
  type TaskFilter,
  type TaskList,
  type TaskStatus,
  viewOf,
  type ViewOptions,
} from "./status.ts";
import type { Task } from "./task.ts";

/** What is known of a task; `undefined` where there is none, or none that the asker may see. */
export async function getTaskStatus<Result = unknown>(
  id: string,
  options: ViewOptions & {
    /** Whose tasks are meant: another's is not there, and the result has its type. */
    readonly of?: Task<never, Result>;
  } = {},
): Promise<TaskStatus<AsJSON<Result>> | undefined> {
  const scope = currentScope("getTaskStatus()");
  const service = await openService(scope);
  const found = await service.engine.find(id);
  const { of: task } = options;
  // Of an input nothing is asked here: a task of any is a task.
  if (!found || (task && registryOf(scope).nameOf(task as unknown as Task) !== found.task.name))
    return undefined;
  // What its handler returned, as JSON has it.
  return viewOf(found.task, options) as TaskStatus<AsJSON<Result>> | undefined;
}

/** The newest first. With `for`, those that belong to the asker; all of them for `admin:tasks`. */
export async function listTasks(filter: TaskFilter = {}): Promise<TaskList> {
  const service = await openService(currentScope("listTasks()"));
  const { for: viewer, ...rest } = filter;
  const isTrusted = !("for" in filter) || viewer?.hasPermission(adminPermission);
  const isTheirs = viewer !== undefined && (rest.owner === undefined || rest.owner === viewer.id);
  if (!isTrusted && !isTheirs) return { tasks: [], total: 0 };
  const owner = isTrusted ? rest.owner : viewer?.id;
  const { tasks, total } = await service.engine.list({ ...rest, owner });
  return { tasks: tasks.flatMap((task) => viewOf(task, filter) ?? []), total };
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
  for await (const record of service.watch(id, options.signal)) {
    const task = viewOf(record, options);
    if (!task) return;
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
