import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { z } from "zod";
import { useTasks } from "../../test/tasks.ts";
import { Plugin } from "../plugin/index.ts";
import { getTaskStatus, task } from "./index.ts";

const { start, run, create, end } = useTasks();

test("a task runs in the background, and its result is kept", async () => {
  const { add } = await start(
    class Sums extends Plugin {
      add = task({ input: z.object({ a: z.int(), b: z.int() }) }, ({ input, progress }) => {
        progress(0.5, "half");
        return { sum: input.a + input.b };
      });
    },
  );
  const id = await create(add, { a: 1, b: 2 }, { owner: "ann" });
  const status = await end(id);
  expect(status).toEqual({
    id,
    name: "sums.add",
    status: "completed",
    progress: 1,
    message: "half",
    result: { sum: 3 },
    error: null,
    attempts: 1,
    run_at: expect.any(Date),
    created_at: expect.any(Date),
    started_at: expect.any(Date),
    completed_at: expect.any(Date),
    owner: "ann",
  });
  const { created_at, started_at, completed_at } = status;
  expect(+created_at <= +started_at! && +started_at! <= +completed_at!).toBe(true);
});

test("a task begins at once, though its worker sleeps", async () => {
  const { work } = await start(
    class Sleepy extends Plugin {
      work = task({}, () => 1);
    },
  );
  await end(await create(work));
  // Nothing more is to be seen: the next look is two seconds away.
  await sleep(50);
  const { created_at, started_at } = await end(await create(work));
  expect(+started_at! - +created_at).toBeLessThan(1500);
});

test("a handler gets what its schema makes: dates, bigints, defaults, which are stored as JSON", async () => {
  const input = z.object({
    at: z.date(),
    large: z.bigint(),
    many: z.array(z.object({ n: z.number() })).default([{ n: 1 }]),
    trimmed: z.string().trim(),
  });
  const seen: unknown[] = [];
  const { keep } = await start(
    class Dates extends Plugin {
      keep = task({ input }, async ({ input }) => {
        seen.push(input);
        return input;
      });
    },
  );
  const id = await create(keep, {
    at: new Date(5),
    large: 9007199254740993n,
    trimmed: " x\u0000😀 ",
  });
  const { result } = await end(id);
  expect(seen).toEqual([
    { at: new Date(5), large: 9007199254740993n, many: [{ n: 1 }], trimmed: "x\u0000😀" },
  ]);
  expect(result).toMatchObject({ at: "1970-01-01T00:00:00.005Z", trimmed: "x\u0000😀" });
});

test("a task without an input takes none, and one that returns nothing has the result null", async () => {
  const { tidy } = await start(
    class Tidy extends Plugin {
      tidy = task({}, ({ input }) => {
        expect(input).toBeUndefined();
      });
    },
  );
  expect(await end(await create(tidy))).toMatchObject({ status: "completed", result: null });
  await expect(create(tidy, 5)).rejects.toThrow("an input that it does not take");
});

test("an input that does not fit, or that JSON cannot say, is refused when the task is created", async () => {
  const { send } = await start(
    class Mail extends Plugin {
      send = task({ input: z.object({ to: z.string(), copies: z.number() }) }, () => {});
    },
  );
  const refused = async (input: unknown) => {
    const error: unknown = await create(send, input).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "NX_TASK_INPUT" });
    return (error as Error).message;
  };
  const text = await refused({ to: 5 });
  expect(text).toMatch(
    /^The task "mail\.send" was given an input that does not fit: to: .*; copies: Field required\./,
  );
  expect(text).toMatch(/tasks\.test\.ts:\d+\.$/);
  expect(await refused({ to: "ann", copies: NaN })).toContain("JSON cannot say");
  const ring: { to: string; copies: number; ring?: unknown } = { to: "ann", copies: 1 };
  ring.ring = ring;
  expect(await refused(ring)).toContain("JSON cannot say");
  expect(await refused(undefined)).toContain("does not fit");
});

test("a delayed task waits, pending, until its time", async () => {
  const { later } = await start(
    class Delays extends Plugin {
      later = task({}, () => "done");
    },
  );
  const id = await create(later, undefined, { delay: 0.2 });
  const status = (await run(() => getTaskStatus(id)))!;
  expect(status.status).toBe("pending");
  expect(+status.run_at - +status.created_at).toBeGreaterThanOrEqual(190);
  const { started_at, run_at } = await end(id);
  expect(+started_at!).toBeGreaterThanOrEqual(+run_at);
});

test("a delayed task begins in time although another one runs", async () => {
  const gate = Promise.withResolvers<void>();
  const { later } = await start(
    class Delays extends Plugin {
      later = task({ input: z.boolean() }, async ({ input }) => input && gate.promise);
    },
  );
  const delayed = await create(later, false, { delay: 0.1 });
  const long = await create(later, true);
  const { started_at, run_at } = await end(delayed);
  // Who only looked now and then would be late by most of a second.
  expect(+started_at! - +run_at).toBeLessThan(800);
  gate.resolve();
  expect(await end(long)).toMatchObject({ status: "completed" });
});

test("an input or a result that is too long is refused: it belongs into a file", async () => {
  const long = "x".repeat(10_000_000);
  const { copy } = await start(
    class Long extends Plugin {
      copy = task({ input: z.string(), retries: 3 }, ({ input }) => input || long);
    },
  );
  await expect(create(copy, long)).rejects.toMatchObject({ code: "NX_TASK_INPUT" });
  const { error, attempts } = await end(await create(copy, ""));
  expect(error).toBe("Its result is longer than 10000000 characters");
  expect(attempts).toBe(1);
});

test("a unique task is not created twice while it waits or runs", async () => {
  const gate = Promise.withResolvers<void>();
  const { report, count, mail } = await start(
    class Uniques extends Plugin {
      report = task(
        { input: z.object({ a: z.int(), b: z.int() }), unique: true },
        () => gate.promise,
      );
      count = task({ input: z.bigint(), unique: true }, () => gate.promise);
      mail = task(
        {
          input: z.object({ to: z.string().toLowerCase(), text: z.string() }),
          unique: ({ to }) => to,
        },
        () => gate.promise,
      );
    },
  );
  const first = await create(report, { a: 1, b: 2 });
  expect(await create(report, { b: 2, a: 1 }), "whatever the order of its members").toBe(first);
  expect(await create(report, { a: 1, b: 3 })).not.toBe(first);
  const large = await create(count, 2n ** 64n);
  expect(await create(count, 2n ** 64n)).toBe(large);
  expect(await create(count, 2n ** 64n + 1n), "a number would round them to one").not.toBe(large);
  const letter = await create(mail, { to: "Ann", text: "one" });
  expect(await create(mail, { to: "ann", text: "two" })).toBe(letter);
  gate.resolve();
  await end(first);
  expect(await create(report, { a: 1, b: 2 })).not.toBe(first);
});

test("with a key, a wish is granted once, whatever has become of it", async () => {
  const { pay } = await start(
    class Payments extends Plugin {
      pay = task({ input: z.int() }, () => {
        throw new Error("no money");
      });
    },
  );
  const ids = await Promise.all([1, 2, 3].map((n) => create(pay, n, { key: "order 7" })));
  expect(new Set(ids).size).toBe(1);
  await end(ids[0]!);
  expect(await create(pay, 1, { key: "order 7" })).toBe(ids[0]);
  expect(await create(pay, 1, { key: "order 8" })).not.toBe(ids[0]);
});

test("options that make no sense are refused", async () => {
  const { some } = await start(
    class Options extends Plugin {
      some = task({}, () => {});
    },
  );
  const misspelt = { delai: 1 } as never;
  for (const options of [{ delay: -1 }, { delay: NaN }, { key: "" }, { owner: "" }, misspelt]) {
    await expect(create(some, undefined, options)).rejects.toMatchObject({
      code: "NX_TASK_OPTIONS",
    });
  }
});
