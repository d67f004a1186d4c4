import { expect, test } from "vitest";
import type { TaskStatus } from "../tasks/index.ts";
import { barOf, detailsOf, rowsOf } from "./task-view.ts";
import { drawing, printing } from "./task-watch.ts";

const at = new Date("2026-01-02T03:04:05Z");
const task: TaskStatus = {
  id: "a1",
  name: "works.count",
  status: "running",
  progress: 0.5,
  message: "3 of 6",
  result: null,
  error: null,
  attempts: 1,
  run_at: at,
  created_at: at,
  started_at: at,
  completed_at: null,
  owner: null,
};

test("a bar shows how far a task has come, and never leaves its line", () => {
  expect(barOf(task, 80)).toBe("████████████░░░░░░░░░░░░  running     50%  3 of 6");
  expect(barOf({ ...task, status: "completed", progress: 1 }, 80)).toBe(
    "████████████████████████  completed  100%  3 of 6",
  );
  expect(barOf({ ...task, message: "much-to-say-".repeat(20) }, 79)).toHaveLength(79);
  expect(barOf(task, 29)).toBe("██████░░░░░░  running     50%");
  expect(barOf(task, 16)).toBe("running     50%");
  expect(barOf(task, 5)).toBe("runni");
});

test("on a terminal each state takes the place of the last one, on one line", () => {
  let written = "";
  const draw = drawing({ columns: 30, write: (text) => (written += text) });
  draw(task);
  draw({ ...task, status: "completed", progress: 1 });
  expect(written.split("\r\u001b[2K").slice(1)).toEqual([
    "\u001b[?7l██████░░░░░░  running     50%\u001b[?7h",
    "\u001b[?7l████████████  completed  100%\u001b[?7h",
  ]);
});

test("elsewhere each state is a line, and what looks the same is not said twice", () => {
  let written = "";
  const print = printing({ write: (text) => (written += text) });
  for (const attempts of [1, 2]) print({ ...task, attempts });
  print({ ...task, message: "4 of 6" });
  expect(written).toBe("running     50%  3 of 6\nrunning     50%  4 of 6\n");
});

test("what a task says is shown on one line, and obeyed by no terminal", () => {
  const message = "\u001b[2J\r\nroot: \u009b31m\u202egnp.exe\u2028";
  expect(barOf({ ...task, message }, 80)).toMatch(/ 50%  \[2J root: 31m gnp\.exe$/);
  const failed: TaskStatus = { ...task, status: "failed", error: "No\u0007 ink", result: null };
  expect(barOf(failed, 80)).toMatch(/failed      50%  No ink$/);
  expect(detailsOf({ ...task, name: "works.\u001b[1m" })).toMatch(/^name +works\. \[1m$/m);
});

test("a list has a line a task, and the details of one a line a member", () => {
  expect(rowsOf([])).toBe("");
  const done = { status: "completed", progress: 1, completed_at: at } as const;
  const other: TaskStatus = { ...task, ...done, id: "b22", owner: "7" };
  expect(rowsOf([task, other])).toBe(
    "a1   running     50%  works.count  2026-01-02T03:04:05.000Z\n" +
      "b22  completed  100%  works.count  2026-01-02T03:04:05.000Z  7\n",
  );
  expect(detailsOf({ ...other, result: { rows: [1, 2] } })).toBe(
    [
      "id            b22",
      "name          works.count",
      "status        completed",
      "progress      100%",
      "message       3 of 6",
      'result        {"rows":[1,2]}',
      "attempts      1",
      "run_at        2026-01-02T03:04:05.000Z",
      "created_at    2026-01-02T03:04:05.000Z",
      "started_at    2026-01-02T03:04:05.000Z",
      "completed_at  2026-01-02T03:04:05.000Z",
      "owner         7",
      "",
    ].join("\n"),
  );
});
