import { describe } from "vitest";
import { createBench, type Store } from "./task-engine/bench.ts";
import { describeEnding } from "./task-engine/ending.ts";
import { describeKeeping } from "./task-engine/keeping.ts";
import { describeRunning } from "./task-engine/running.ts";

export type { Store } from "./task-engine/bench.ts";

/** What every engine of tasks has to hold. */
export function describeEngine(name: string, openStore: () => Promise<Store>): void {
  const open = async () => createBench(await openStore());
  describe(name, () => {
    describeKeeping(open);
    describeRunning(open);
    describeEnding(open);
  });
}
