import { watchTask, type TaskStatus } from "../tasks/index.ts";
import { known, withTasks } from "./task.ts";
import { barOf, stateOf } from "./task-view.ts";

/** Follows a task to its end: a bar on a terminal, else a line whenever something changes. */
export async function watch(id: string): Promise<void> {
  await withTasks(async () => {
    let task = await known(id);
    const show = process.stdout.isTTY ? drawing(process.stdout) : printing(process.stdout);
    for await (task of watchTask(id)) show(task);
    if (process.stdout.isTTY) process.stdout.write("\n");
    if (task.status !== "completed") process.exitCode = 1;
  });
}

interface Out {
  readonly write: (text: string) => unknown;
}

/** Always on the same line: what is too wide all the same, as emoji are, does not begin another one. */
export function drawing(terminal: Out & { readonly columns: number }): (task: TaskStatus) => void {
  const [clear, unwrapped, wrapped] = ["\r\u001b[2K", "\u001b[?7l", "\u001b[?7h"];
  return (task) => {
    const bar = barOf(task, (terminal.columns || 80) - 1);
    terminal.write(`${clear}${unwrapped}${bar}${wrapped}`);
  };
}

/** What looks the same is not said twice. */
export function printing(out: Out): (task: TaskStatus) => void {
  let last = "";
  return (task) => {
    const line = stateOf(task);
    if (line !== last) out.write(`${line}\n`);
    last = line;
  };
}
