import { AuditService } from "../accounts/index.ts";
import { isHTTPException, messageOf, NexusError } from "../exceptions.ts";
import { currentScope } from "../scope.ts";
import { keyOf } from "../services.ts";
import {
  cancelTask,
  getTaskStatus,
  isTaskState,
  listTasks,
  retryTask,
  taskStates,
  type TaskStatus,
} from "../tasks/index.ts";
import { openTaskStore } from "./bare-app.ts";
import { by, operator } from "./operator.ts";
import { detailsOf, rowsOf } from "./task-view.ts";

export interface ListOptions {
  readonly status?: string;
  readonly name?: string;
  readonly plugin?: string;
  readonly owner?: string;
  readonly limit: string;
  readonly json?: boolean;
}

/** Prints a line a task, or an array of them as JSON. */
export async function listAll(options: ListOptions): Promise<void> {
  const { status, name, plugin, owner, json } = options;
  if (status !== undefined && !isTaskState(status)) {
    throw new NexusError("NX_TASK_COMMAND", `No task has the status "${status}".`, {
      cure: `Say one of ${taskStates.join(", ")}.`,
    });
  }
  const limit = Number(options.limit);
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new NexusError("NX_TASK_COMMAND", `--limit ${options.limit} is no number of tasks.`, {
      cure: "Say 1 or more.",
    });
  }
  await withTasks(async () => {
    const { tasks, total } = await listTasks({ status, name, plugin, owner, limit });
    if (json) write(JSON.stringify(tasks, null, 2));
    else process.stdout.write(rowsOf(tasks));
    const more = total - tasks.length;
    if (more > 0) process.stderr.write(`${more} more; --limit says how many are shown.\n`);
  });
}

export async function show(id: string, { json }: { readonly json?: boolean }): Promise<void> {
  await withTasks(async () => {
    const task = await known(id);
    if (json) write(JSON.stringify(task, null, 2));
    else process.stdout.write(detailsOf(task));
  });
}

/** A process that runs it hears of it within seconds. */
export async function cancel(id: string): Promise<void> {
  await change(id, "task.cancelled", async ({ name }) => {
    await cancelTask(id);
    return { said: `Cancelled ${name}.`, details: {} };
  });
}

export async function retry(id: string): Promise<void> {
  await change(id, "task.retried", async ({ name }) => {
    const made = await retryTask(id);
    return { said: `${name} is done again as ${made}.`, details: { as: made } };
  });
}

/** Does something to a task, says so, and logs it where there is an audit log. */
async function change(id: string, action: string, work: Work): Promise<void> {
  await withTasks(async () => {
    const task = await known(id);
    const done = (): ReturnType<Work> => work(task);
    const { name, owner } = task;
    const audit = currentScope("nexus task").find(keyOf(AuditService));
    const entry = (outcome?: Awaited<ReturnType<Work>>) => ({
      ...by(action, `task:${id}`),
      details: { ...operator, name, owner, ...outcome?.details },
    });
    const { said } = await (audit ? audit.record(entry, done) : done());
    write(said);
  });
}

type Work = (task: TaskStatus) => Promise<{ readonly said: string; readonly details: object }>;

/** Runs work in the folder's app; what it refuses is said, and the exit code is 1. */
export async function withTasks(work: () => Promise<void>): Promise<void> {
  const app = await openTaskStore(process.cwd());
  try {
    await app.run(work);
  } catch (error) {
    if (!isHTTPException(error)) throw error;
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  } finally {
    await app.close();
  }
}

/** @throws NX_TASK_COMMAND */
export async function known(id: string): Promise<TaskStatus> {
  const task = await getTaskStatus(id);
  if (task) return task;
  throw new NexusError("NX_TASK_COMMAND", `There is no task "${id}".`, {
    cure: "Give the id of one; `nexus task list` shows them.",
  });
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}
