import { expect, test } from "vitest";
import { tortureTasks } from "./tasks.ts";

test(
  "fifteen kills at random moments lose no task, and settle none twice",
  { timeout: 180_000 },
  async () => {
    const report = await tortureTasks({ kills: 15, seed: 1 });
    expect(report).toMatchObject({ lost: [], settledTwice: 0, wentBack: 0 });
    // Else nothing was tried.
    expect(report.interrupted).toBeGreaterThan(10);
    expect(report.tasks).toBeGreaterThan(100);
  },
);
