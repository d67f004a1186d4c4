import type { Scope } from "../scope.ts";
import { openService } from "./open-service.ts";
import { type Registered, registryOf, taskTwice } from "./registry.ts";
import { isTask } from "./task.ts";
import { Ticking } from "./ticking.ts";
import type { Runnable } from "./worker.ts";

/**
 * Gives the tasks of a plugin their names.
 * @param parts the objects whose fields they are
 * @throws NX_TASK_TWICE, NX_TASK_SPEC
 */
export async function compileTasks(
  plugin: string,
  parts: readonly object[],
  scope: Scope,
): Promise<readonly Runnable[]> {
  const found = new Map<string, Registered>();
  for (const [field, value] of parts.flatMap((part) => Object.entries(part))) {
    if (!isTask(value)) continue;
    const name = `${plugin}.${field}`;
    const other = found.get(name);
    if (other) throw taskTwice(name, other.task, value);
    found.set(name, { name, task: value, scope });
  }
  const runnable: Runnable[] = [];
  for (const one of found.values()) {
    registryOf(scope).add(one);
    runnable.push({ ...one, ticking: await Ticking.of(one.name, one.task) });
  }
  return runnable;
}

/** Makes what tasks need, so that they can be created from now on. */
export async function prepareTasks(scope: Scope): Promise<void> {
  await openService(scope);
}

/** Runs them as long as the plugin is started. @returns the undo, which waits for those that run */
export async function runTasks(tasks: readonly Runnable[]): Promise<() => Promise<unknown>> {
  const { worker } = await openService(tasks[0]!.scope);
  const undo: (() => Promise<void>)[] = [];
  const end = (): Promise<unknown> => Promise.all(undo.map((one) => one()));
  try {
    for (const one of tasks) undo.push(await worker.run(one));
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

/** Forgets what a plugin, which has ended, would still have to do. */
export async function forgetTasks(plugin: string, scope: Scope): Promise<void> {
  const { engine } = await openService(scope);
  await engine.forget(plugin);
}
