import type { TaskStatus } from "../tasks/index.ts";
import { plain } from "./plain.ts";
import { tableOf } from "./table.ts";

/** A line a task: id, status, progress, name, when it was created, and who it belongs to. */
export function rowsOf(tasks: readonly TaskStatus[]): string {
  return tableOf(
    tasks.map((task) => [
      task.id,
      task.status,
      percent(task.progress),
      plain(task.name),
      task.created_at.toISOString(),
      plain(task.owner ?? ""),
    ]),
  );
}

/** A line a member; what is not there is left out. */
export function detailsOf(task: TaskStatus): string {
  const members = Object.entries({ ...task, progress: percent(task.progress) });
  return tableOf(
    members.flatMap(([name, value]) => (value === null ? [] : [[name, textOf(value)]])),
  );
}

/** `running  43%  message`: what a watcher is told. */
export function stateOf({ status, progress, message, error }: TaskStatus): string {
  const words = plain((status === "failed" ? error : message) ?? "");
  return `${status.padEnd(9)}  ${percent(progress)}  ${words}`.trimEnd();
}

/** The state after a bar that gives way where there is little room; cut at the terminal's edge. */
export function barOf(task: TaskStatus, columns: number): string {
  const width = Math.max(0, Math.min(widest, columns - needed));
  const full = Math.floor(task.progress * width);
  const bar = `${"█".repeat(full)}${"░".repeat(width - full)}`;
  return Array.from(width ? `${bar}  ${stateOf(task)}` : stateOf(task))
    .slice(0, columns)
    .join("")
    .trimEnd();
}

const widest = 24;
/** For two spaces, the status and the percentage. */
const needed = 17;

function percent(progress: number): string {
  return `${Math.round(progress * 100)}%`.padStart(4);
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return plain(typeof value === "string" ? value : JSON.stringify(value));
}
