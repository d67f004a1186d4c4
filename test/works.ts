import { Plugin, post } from "nexus-platform";
import { createTask, getTaskStatus, task, type TaskStatus } from "nexus-platform/tasks";
import type { TestClient } from "nexus-platform/testing";
import { z } from "zod";
import { until } from "./nexus-process.ts";

const Name = z.object({ name: z.string().default("") });

/** Tasks that complete, that fail, and that go on until they are told to stop. */
export class Works extends Plugin {
  /** Those that were told to stop. */
  stopped: string[] = [];

  count = task({ input: Name }, async ({ input, progress }) => {
    for (const fraction of [0.25, 0.5, 0.75]) {
      progress(fraction, `${fraction * 4} of 4`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return { hello: input.name };
  });
  fail = task({ input: Name }, () => {
    throw new Error("The printer\u0000 is on fire");
  });
  wait = task({ input: Name }, async ({ id, signal, progress }) => {
    progress(0.1, "Waiting");
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    this.stopped.push(id);
  });

  make = post(
    "/make/{kind}",
    {
      path: { kind: z.enum(["count", "fail", "wait"]) },
      query: { owner: z.string().optional(), delay: z.number().optional() },
    },
    async ({ kind, owner, delay }) => ({
      id: await createTask(this[kind], { name: "Ann" }, { owner, delay }),
    }),
  );
  halted = post("/stopped", () => this.stopped);
}

export interface Making {
  readonly owner?: string;
  /** Seconds. */
  readonly delay?: number;
}

/** Creates a task of the plugin. @returns its id */
export async function make(client: TestClient, kind: string, query: Making = {}): Promise<string> {
  const answer = await client.post(`/make/${kind}`, { query: { ...query } });
  return ((await answer.json()) as { id: string }).id;
}

/** Waits until a task has come so far. */
export async function comes(
  client: TestClient,
  id: string,
  status: TaskStatus["status"],
): Promise<TaskStatus> {
  const ask = () => client.app.run(() => getTaskStatus(id));
  await until(async () => (await ask())?.status === status);
  return (await ask())!;
}
