import { createHash } from "node:crypto";
import type { Context } from "../context.ts";
import type { ServerEvent } from "../message/index.ts";
import { type TaskStatus, watchTask } from "../tasks/index.ts";
import { isFinal } from "../tasks/status.ts";
import { mayListen } from "./listening.ts";

/** A state of a task as an event; equal states have equal ids, also after a reconnection. */
export function eventOf(task: TaskStatus): ServerEvent & { readonly id: string } {
  const { status } = task;
  const event = isFinal(status) ? status : "progress";
  const id = createHash("sha256").update(JSON.stringify(task)).digest("base64url").slice(0, 16);
  return { event, id, data: task };
}

export interface Watching {
  /** The request of whoever hears of it. */
  readonly context: Context;
  readonly signal: AbortSignal;
  /** The id of an event that need not come again. */
  readonly seen: string | undefined;
}

/** The states of a task as they come, the last one when it is over. */
export async function* taskEvents(
  id: string,
  { context, signal, seen }: Watching,
): AsyncIterable<ServerEvent> {
  for await (const task of watchTask(id, { signal })) {
    const event = eventOf(task);
    if (event.id === seen) continue;
    // A task may run for hours, and who hears of it may be shut out meanwhile.
    if (!(await mayListen(context))) return;
    yield event;
  }
}
