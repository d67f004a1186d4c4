import { Plugin, post } from "nexus-platform";
import { createTask, task, watchTask } from "nexus-platform/tasks";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** Durable tasks, whose results are the answers. */
export default class Jobs extends Plugin {
  static override readonly prefix = "/jobs";

  double = task({ input: z.int(), concurrency: 20 }, async ({ input }) => {
    await sleep(2);
    return 2 * input;
  });

  order = post("/{n:int}", async ({ n, signal }) => {
    const id = await createTask(this.double, n);
    for await (const { status, result } of watchTask(id, { signal }))
      if (status === "completed" || status === "failed") return { n, status, result };
    return { n, status: "gone" };
  });
}
