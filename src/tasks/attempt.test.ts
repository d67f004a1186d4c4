import { expect, test } from "vitest";
import { z } from "zod";
import { statusWhen, useTasks } from "../../test/tasks.ts";
import { Database } from "../database/index.ts";
import { post } from "../http/index.ts";
import { createLog, currentLog } from "../log.ts";
import { Plugin } from "../plugin/index.ts";
import { findScope } from "../scope.ts";
import { inject, Service } from "../services.ts";
import { cancelTask, createTask, getTaskStatus, task, TaskError } from "./index.ts";

const { start, run, create, end, client } = useTasks();

test("a failed attempt is tried again, as often as `retries` says, after pauses that double", async () => {
  const begun: number[] = [];
  const { flaky } = await start(
    class Flaky extends Plugin {
      flaky = task({ retries: 2, backoff: 0.05 }, ({ attempt }) => {
        begun.push(performance.now());
        throw new Error(`no ${attempt}`);
      });
    },
  );
  const id = await create(flaky);
  const waiting = await statusWhen(
    client().app,
    id,
    ({ attempts, status }) => attempts === 1 && status === "pending",
  );
  expect(waiting).toMatchObject({
    message: "Attempt 1 failed: Something went wrong",
    error: null,
    completed_at: null,
  });
  expect(await end(id)).toMatchObject({
    status: "failed",
    error: "no 3",
    result: null,
    attempts: 3,
  });
  const [first, second, third] = begun as [number, number, number];
  expect(begun).toHaveLength(3);
  expect(second - first).toBeGreaterThanOrEqual(48);
  expect(third - second).toBeGreaterThanOrEqual(98);
});

test("an attempt that succeeds after failed ones completes the task", async () => {
  const { flaky } = await start(
    class Flaky extends Plugin {
      flaky = task({ retries: 5, backoff: 0 }, ({ attempt }) => {
        if (attempt < 3) throw new Error("not yet");
        return attempt;
      });
    },
  );
  expect(await end(await create(flaky))).toMatchObject({
    status: "completed",
    result: 3,
    error: null,
    attempts: 3,
  });
});

test("TaskError fails a task for good, unless it says that another attempt may help", async () => {
  const { never, maybe } = await start(
    class Failing extends Plugin {
      never = task({ retries: 5, backoff: 0 }, () => {
        throw new TaskError("The file is gone");
      });
      maybe = task({ retries: 1, backoff: 0 }, () => {
        throw new TaskError("Not yet", { retry: true });
      });
    },
  );
  expect(await end(await create(never))).toMatchObject({ error: "The file is gone", attempts: 1 });
  expect(await end(await create(maybe))).toMatchObject({ error: "Not yet", attempts: 2 });
});

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

test("whatever a handler throws fails its attempt, also what cannot be read", async () => {
  const thrown: readonly unknown[] = [
    undefined,
    Object.create(null),
    Object.assign(new Error(), { message: undefined }),
    // A revoked one throws whatever is asked of it.
    revoked(),
    Object.assign(new Error("not for the log"), {
      toJSON() {
        throw new Error("no log can write this");
      },
    }),
  ];
  const { odd } = await start(
    class Odd extends Plugin {
      odd = task({ input: z.int(), retries: 1, backoff: 0 }, ({ input }) => {
        throw thrown[input];
      });
    },
    { log: createLog({ destination: { write() {} } }) },
  );
  const unread = "It threw what cannot be read";
  const errors = ["undefined", unread, unread, unread, "not for the log"];
  for (const [at, error] of errors.entries()) {
    expect(await end(await create(odd, at))).toMatchObject({
      status: "failed",
      error,
      attempts: 2,
    });
  }
});

test("`output` filters the result, and a result that breaks it fails the task without a retry", async () => {
  const { good, bad, unsayable } = await start(
    class Outputs extends Plugin {
      good = task({ output: z.object({ n: z.int() }) }, () => ({ n: 1, secret: 2 }));
      bad = task({ output: z.object({ n: z.int() }), retries: 3 }, () => ({ n: "x" }) as never);
      unsayable = task({ retries: 3 }, () => new Map([[1, 2]]));
    },
  );
  expect((await end(await create(good))).result).toEqual({ n: 1 });
  const { error, attempts } = await end(await create(bad));
  expect(error).toMatch(/^It returned what its output refuses: n: /);
  expect(attempts).toBe(1);
  expect((await end(await create(unsayable))).error).toMatch(/JSON cannot say/);
});

test("an attempt that takes too long has failed, whether its handler cares or not", async () => {
  const late = Promise.withResolvers<string>();
  const { polite, deaf } = await start(
    class Slow extends Plugin {
      polite = task({ timeout: 0.05 }, async ({ signal }) => {
        await new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)),
        );
      });
      deaf = task({ timeout: 0.05, retries: 1, backoff: 0 }, ({ attempt }) =>
        attempt === 1 ? late.promise : "second",
      );
    },
  );
  const [one, two] = await Promise.all([create(polite), create(deaf)]);
  expect(await end(one)).toMatchObject({ status: "failed", error: "It took longer than 0.05 s" });
  const done = await end(two);
  expect(done).toMatchObject({ status: "completed", result: "second", attempts: 2 });
  late.resolve("first, and too late");
  await late.promise;
  expect(await run(() => getTaskStatus(two))).toEqual(done);
});

test("progress never goes back, also in a later attempt, and is 1 only at the end", async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { climb } = await start(
    class Climbs extends Plugin {
      climb = task({ retries: 1, backoff: 0 }, async ({ attempt, progress }) => {
        if (attempt === 1) {
          for (const fraction of [0.5, -1, 0.25, NaN]) progress(fraction, `${fraction}`);
          await gates[0]!.promise;
          throw new Error("again");
        }
        progress(0.1, "second");
        progress(1);
        await gates[1]!.promise;
      });
    },
  );
  const id = await create(climb);
  expect((await statusWhen(client().app, id, ({ message }) => message === "NaN")).progress).toBe(
    0.5,
  );
  gates[0]!.resolve();
  expect((await statusWhen(client().app, id, ({ message }) => message === "second")).progress).toBe(
    0.5,
  );
  expect((await statusWhen(client().app, id, ({ progress }) => progress > 0.5)).progress).toBe(
    0.99,
  );
  gates[1]!.resolve();
  expect(await end(id)).toMatchObject({ status: "completed", progress: 1, message: "second" });
});

test("what was said last of a task that fails is not lost", async () => {
  const { fall } = await start(
    class Falls extends Plugin {
      fall = task({}, ({ progress }) => {
        for (let step = 1; step <= 5; step++) progress(step / 10, `step ${step}`);
        throw new Error("no");
      });
    },
  );
  expect(await end(await create(fall))).toMatchObject({
    status: "failed",
    progress: 0.5,
    message: "step 5",
  });
});

test("no more of a task run at a time than `concurrency` says, and all of them run", async () => {
  let now = 0;
  let most = 0;
  const { work } = await start(
    class Work extends Plugin {
      work = task({ concurrency: 3 }, async () => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 5));
        now--;
      });
    },
  );
  const ids = await Promise.all(Array.from({ length: 20 }, () => create(work)));
  for (const id of ids) expect((await end(id)).status).toBe("completed");
  expect(most).toBe(3);
});

test("a cancelled task stays cancelled, and its handler's signal fires", async () => {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  const { work } = await start(
    class Cancelled extends Plugin {
      work = task({ retries: 3 }, async ({ signal }) => {
        begun.resolve();
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        ended.resolve(signal.reason);
        return "all the same";
      });
    },
  );
  const id = await create(work);
  await begun.promise;
  const cancelled = await run(() => cancelTask(id));
  expect(cancelled).toMatchObject({ status: "cancelled", result: null, error: null, progress: 0 });
  expect(cancelled.completed_at).toBeInstanceOf(Date);
  expect(await ended.promise).toMatchObject({ message: "It was cancelled" });
  expect(await run(() => getTaskStatus(id))).toEqual(cancelled);
});

test("a handler runs in a scope of its own in its plugin's: services, log, and what it leaves to undo", async () => {
  const lines: string[] = [];
  const undone: string[] = [];
  class Store extends Service {
    db = inject(Database);
    save = task({ input: z.string() }, async ({ input, log }) => {
      findScope()!.defer(() => undone.push(input));
      expect(inject(Store)).toBe(this);
      expect(currentLog()).toBe(log);
      log.info("saving");
      expect(undone).toEqual([]);
    });
  }
  class Scoped extends Plugin {
    static override services = [Store];
    store = inject(Store);
    begin = post("/begin", () => createTask(this.store.save, "x"));
  }
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  await start(Scoped, { log });
  const asked = await client().post("/begin");
  const id = await asked.json(z.string());
  expect(await end(id)).toMatchObject({ name: "scoped.save", status: "completed" });
  expect(undone).toEqual(["x"]);
  const line = lines
    .map((text) => JSON.parse(text) as Record<string, unknown>)
    .find(({ msg }) => msg === "saving");
  expect(line).toMatchObject({
    plugin: "scoped",
    task: "scoped.save",
    task_id: id,
    attempt: 1,
    request_id: asked.headers.get("x-request-id"),
  });
});
