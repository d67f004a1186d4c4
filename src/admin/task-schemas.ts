import {
  anything,
  anyText,
  date,
  integer,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  pageQuery,
  Pagination,
  text,
} from "../shape/index.ts";
import { taskStates } from "../tasks/index.ts";

const State = oneOf(taskStates);

export const Task = object("TaskStatus", {
  id: text(),
  name: text({ description: "plugin.field, as in my-plugin.exportData" }),
  status: State,
  progress: number({ min: 0, max: 1, description: "Never goes back; 1 only when completed" }),
  message: nullable(anyText("What the task said last of its progress")),
  result: anything("Of a completed task, else null"),
  error: nullable(anyText("Why it failed")),
  attempts: integer({ min: 0, description: "How many were begun" }),
  run_at: date("When the next attempt may begin, or the last one might have"),
  created_at: date(),
  started_at: nullable(date("When the first attempt began")),
  completed_at: nullable(date("When it completed, failed or was cancelled")),
  owner: nullable(anyText("Whose it is")),
});

export const TaskPage = object("TaskPage", { tasks: list(Task), pagination: Pagination });

export const taskQuery = {
  ...pageQuery,
  status: optional(State),
  name: optional(text({ max: 200, description: "As my-plugin.exportData" })),
  plugin: optional(text({ max: 100, description: "All tasks of this plugin" })),
  owner: optional(text({ max: 200, description: "The id of a user" })),
  since: optional(date("Created then or later")),
  until: optional(date("Created before")),
};
