import { randomUUID } from "node:crypto";
import { unknownIn } from "../config/index.ts";
import { findContext } from "../context.ts";
import { NexusError } from "../exceptions.ts";
import { currentScope } from "../scope.ts";
import { openService } from "./open-service.ts";
import { registryOf } from "./registry.ts";
import { writeInput } from "./stored-input.ts";
import type { Task } from "./task.ts";

export interface CreateTaskOptions {
  /** The id of the user whose it is: who may read it, beside administrators. */
  readonly owner?: string | undefined;
  /** Seconds until it may begin; default 0. */
  readonly delay?: number | undefined;
  /**
   * A name for this wish: a second task of this kind with an equal key is not made, whatever has become
   * of the first one, as long as that one is kept: 30 days.
   */
  readonly key?: string | undefined;
}

/** What follows the task: an input where it takes one. */
export type CreateTaskArguments<Input> = undefined extends Input
  ? [input?: Input, options?: CreateTaskOptions]
  : [input: Input, options?: CreateTaskOptions];

/**
 * Keeps a task, to be run in the background. It is part of the transaction that is open where it is
 * called: rolled back with it, and run after its commit.
 * @returns its id; with `key` or `unique` that of the task that was there already
 * @throws NX_TASK_INPUT, NX_TASK_OPTIONS, NX_TASK_UNKNOWN
 */
export async function createTask<Input>(
  task: Task<Input>,
  ...rest: CreateTaskArguments<NoInfer<Input>>
): Promise<string> {
  const [input, options = {}] = rest;
  const scope = currentScope("createTask()");
  // Only its types are lost: a task of any input is a task.
  const plain = task as Task;
  const name = registryOf(scope).nameOf(plain);
  const { owner = null, delay = 0, key = null } = checked(name, options);
  const { json, uniqueKey } = await writeInput(name, plain, input);
  const service = await openService(scope);
  return service.enqueue({
    id: randomUUID(),
    name,
    input: json,
    owner,
    key,
    uniqueKey,
    runAt: new Date(service.now() + delay * 1000),
    requestId: findContext()?.id ?? null,
  });
}

function checked(name: string, options: CreateTaskOptions): CreateTaskOptions {
  const { owner, delay = 0, key } = options;
  const unknown = unknownIn(options, ["owner", "delay", "key"]);
  const fail = (what: string, cure: string): never => {
    throw new NexusError("NX_TASK_OPTIONS", `createTask of "${name}" was given ${what}.`, { cure });
  };
  if (unknown) fail(unknown.names, unknown.cure);
  if (!(delay >= 0 && delay <= tenYears)) fail(`a delay of ${delay}`, "Write seconds, 0 or more.");
  if (key !== undefined && (typeof key !== "string" || key === "" || key.length > 255))
    fail("a key that is none", "Write a text of 1 to 255 characters.");
  if (owner !== undefined && (typeof owner !== "string" || owner === ""))
    fail("an owner that is none", "Write the id of a user, or leave it out.");
  return options;
}

const tenYears = 10 * 366 * 24 * 3600;
