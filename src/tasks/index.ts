export { cancelTask, retryTask } from "./change-task.ts";
export { createTask, type CreateTaskOptions } from "./create-task.ts";
export type { TaskEngine } from "./engine.ts";
export { getTaskStatus, listTasks, openTasks, watchTask } from "./find-task.ts";
export { compileTasks, forgetTasks, prepareTasks, runTasks } from "./plugin-tasks.ts";
export {
  type AsJSON,
  adminPermission,
  isTaskState,
  type TaskFilter,
  type TaskList,
  type TaskState,
  taskStates,
  type TaskStatus,
  type Viewer,
  type ViewOptions,
} from "./status.ts";
export { task, type Task, type TaskContext, TaskError, type TaskSpec } from "./task.ts";
export type { Runnable } from "./worker.ts";
