import { NexusError } from "../exceptions.ts";
import { key, type Scope } from "../scope.ts";
import type { Task } from "./task.ts";

/** A task where it belongs: it has a name, and a plugin whose scope it runs in. */
export interface Registered {
  /** `plugin.field`. */
  readonly name: string;
  readonly task: Task;
  readonly scope: Scope;
}

/** What the tasks of an app's plugins are called. */
export class TaskRegistry {
  // A task keeps its name after its plugin has ended: what is created then waits for the next start.
  readonly #names = new WeakMap<Task, string>();

  /** @throws NX_TASK_TWICE for one that has another name already */
  add({ name, task }: Registered): void {
    const other = this.#names.get(task);
    if (other !== undefined && other !== name) {
      throw new NexusError(
        "NX_TASK_TWICE",
        `The task of ${task.place} stands in two places: ${other} and ${name}.`,
        { cure: "Write a task for each: a task is found by the name of its field." },
      );
    }
    this.#names.set(task, name);
  }

  /** @throws NX_TASK_UNKNOWN for a task that no plugin has */
  nameOf(task: Task): string {
    const name = this.#names.get(task);
    if (name !== undefined) return name;
    throw new NexusError(
      "NX_TASK_UNKNOWN",
      `The task of ${task.place} belongs to no plugin of this app.`,
      { cure: "Make it a public field of a plugin, of its routes, or of one of its services." },
    );
  }
}

export function taskTwice(name: string, first: Task, second: Task): NexusError {
  return new NexusError(
    "NX_TASK_TWICE",
    `Two tasks are called "${name}": ${first.place} and ${second.place}.`,
    { cure: "Give one of the fields another name." },
  );
}

const registryKey = key<TaskRegistry>("nexus/taskRegistry");

/** The one of the app; made when first asked for. */
export function registryOf(scope: Scope): TaskRegistry {
  const known = scope.root.find(registryKey);
  if (known) return known;
  const made = new TaskRegistry();
  scope.root.provide(registryKey, made);
  return made;
}
