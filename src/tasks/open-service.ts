import { key, type Scope } from "../scope.ts";
import type { TaskService } from "./service.ts";

export type { TaskService } from "./service.ts";

const openKey = key<{ opened?: Promise<TaskService> }>("nexus/openTasks");

/** The tasks of the app, ready for use; they and the database are loaded when first asked for. */
export function openService(scope: Scope): Promise<TaskService> {
  const { root } = scope;
  let state = root.find(openKey);
  if (!state) root.provide(openKey, (state = {}));
  const holder = state;
  return (holder.opened ??= open(root).catch((error: unknown) => {
    // Who asks next tries again.
    delete holder.opened;
    throw error;
  }));
}

async function open(root: Scope): Promise<TaskService> {
  const { createService } = await import("./service.ts");
  // In the app's scope: nothing of it belongs to the transaction of whoever asks first.
  return root.run(() => createService());
}
