import { randomUUID } from "node:crypto";
import { findContext } from "../context.ts";
import { Conflict, NotFound } from "../exceptions.ts";
import { currentScope } from "../scope.ts";
import { openService, type TaskService } from "./open-service.ts";
import { type TaskStatus, viewOf, type ViewOptions } from "./status.ts";
import type { StoredTask } from "./engine.ts";

/**
 * Ends a task that has not ended. A running one is cancelled at once, whatever its handler does then; the
 * handler's signal fires, in another process within two seconds.
 * @throws NotFound, and Conflict for one that has ended
 */
export async function cancelTask(id: string, options: ViewOptions = {}): Promise<TaskStatus> {
  const service = await openService(currentScope("cancelTask()"));
  await find(service, id, options);
  const { isDone, task } = (await service.cancel(id)) ?? missing();
  if (isDone) return viewOf(task, options) ?? missing();
  throw new Conflict(`The task is ${task.status} already`);
}

/**
 * Creates a task of the same name, input and owner as one that has failed or was cancelled.
 * @returns the new one's id
 * @throws NotFound, and Conflict for one that has not ended, or that is completed
 */
export async function retryTask(id: string, options: ViewOptions = {}): Promise<string> {
  const service = await openService(currentScope("retryTask()"));
  const { task, input, uniqueKey } = await find(service, id, options);
  if (task.status !== "failed" && task.status !== "cancelled")
    throw new Conflict(`The task is ${task.status}: only a failed or cancelled one can be retried`);
  return service.enqueue({
    id: randomUUID(),
    name: task.name,
    input,
    owner: task.owner,
    key: null,
    uniqueKey,
    runAt: new Date(service.now()),
    requestId: findContext()?.id ?? null,
  });
}

async function find(service: TaskService, id: string, options: ViewOptions): Promise<StoredTask> {
  const found = await service.engine.find(id);
  return found && viewOf(found.task, options) ? found : missing();
}

function missing(): never {
  throw new NotFound("Task not found");
}
