import { AuditService } from "../accounts/index.ts";
import { findContext } from "../context.ts";
import { Conflict, NotFound } from "../exceptions.ts";
import {
  del,
  EventStream,
  eventsOf,
  get,
  JSONResponse,
  lastEventId,
  post,
  Response,
  Routes,
} from "../http/index.ts";
import { inject } from "../services.ts";
import { paginate } from "../shape/index.ts";
import {
  cancelTask,
  getTaskStatus,
  listTasks,
  retryTask,
  type TaskStatus,
} from "../tasks/index.ts";
import { isFinal } from "../tasks/status.ts";
import { eventOf, taskEvents } from "./task-events.ts";
import { Task, TaskPage, taskQuery } from "./task-schemas.ts";

/** The tasks of all plugins, for those who look after them. */
export class TaskRoutes extends Routes {
  readonly #audit = inject(AuditService);

  /** List tasks, the newest first. */
  list = get("/", { query: taskQuery, response: TaskPage }, async (query) => {
    const { page, per_page, status, name, plugin, owner, since, until } = query;
    const filter = { status, name, plugin, owner, since, until };
    const offset = (page - 1) * per_page;
    const { tasks, total } = await listTasks({ ...filter, limit: per_page, offset });
    return { tasks, pagination: paginate(total, { page, per_page }) };
  });

  /** Get one task. */
  one = get("/{task_id}", { response: Task, responses: { 404: NotFound } }, ({ task_id }) =>
    known(task_id),
  );

  /**
   * Cancel a task.
   *
   * One that runs is told to stop, and what it still comes to is forgotten.
   */
  cancel = del(
    "/{task_id}",
    { response: Task, responses: { 404: NotFound, 409: Conflict } },
    async ({ task_id }) =>
      this.#audit.record(
        (task?: TaskStatus) => ({
          action: "task.cancelled",
          target: `task:${task_id}`,
          details: task && { name: task.name, owner: task.owner },
        }),
        () => cancelTask(task_id),
      ),
  );

  /**
   * Do a task again that failed or was cancelled.
   *
   * It stays as it is: a new task of the same name, input and owner is created.
   */
  retry = post(
    "/{task_id}/retry",
    { status: 201, response: Task, responses: { 404: NotFound, 409: Conflict } },
    async ({ task_id }) => {
      const task = await this.#audit.record(
        (made?: TaskStatus) => ({
          action: "task.retried",
          target: `task:${task_id}`,
          details: made && { name: made.name, owner: made.owner, as: made.id },
        }),
        async () => known(await retryTask(task_id)),
      );
      return new JSONResponse(task, { status: 201, headers: { Location: `${home}/${task.id}` } });
    },
  );

  /**
   * Follow a task.
   *
   * Server-sent events: `progress` with its status now and whenever it changes, and as the last one
   * `completed`, `failed` or `cancelled`. Who comes back after that gets 204, so that browsers stop
   * asking.
   */
  events = get(
    "/{task_id}/events",
    { response: eventsOf(Task), responses: { 404: NotFound } },
    async ({ task_id, request }) => {
      const task = await known(task_id);
      const seen = lastEventId(request);
      if (isFinal(task.status) && eventOf(task).id === seen)
        return new Response(null, { status: 204 });
      const context = findContext()!;
      return new EventStream((signal) => taskEvents(task_id, { context, signal, seen }));
    },
  );
}

const home = "/api/v1/tasks";

/** @throws NotFound */
async function known(id: string): Promise<TaskStatus> {
  const task = await getTaskStatus(id);
  if (task) return task;
  throw new NotFound("Task not found");
}
