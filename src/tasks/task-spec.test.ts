import { expect, test } from "vitest";
import { z } from "zod";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { task } from "./index.ts";

const specRefusal = (spec: object, handler: unknown = () => {}) => {
  try {
    task(spec, handler as never);
  } catch (error) {
    expect(error).toMatchObject({ code: "NX_TASK_SPEC" });
    return (error as Error).message.replace(/^The task \S+task-spec\.test\.ts:\d+ /, "");
  }
  return "nothing was wrong";
};

test("a spec that makes no sense is refused where it stands", () => {
  expect(specRefusal({ retrys: 3 })).toBe(
    "says retrys, which no task understands. Did you mean retries?",
  );
  expect(specRefusal({ retries: -1 })).toMatch(/^says retries: -1\./);
  expect(specRefusal({ retries: 1.5 })).toMatch(/^says retries/);
  expect(specRefusal({ concurrency: 0 })).toMatch(/^says concurrency/);
  expect(specRefusal({ timeout: 0 })).toMatch(/^says timeout/);
  expect(specRefusal({ backoff: "5" })).toMatch(/^says backoff: "5"\./);
  expect(specRefusal({ input: {} })).toMatch(/^has no schema as "input"/);
  expect(specRefusal({ unique: false })).toMatch(/^says a unique/);
  expect(specRefusal({ cron: 5 })).toMatch(/^says a cron/);
  expect(specRefusal({ cron: { pattern: "* * * * *", zone: "UTC" } })).toMatch(/^says a cron/);
  expect(specRefusal(z.string())).toMatch(/^is no task/);
  expect(specRefusal({}, null)).toMatch(/^is no task/);
  expect(specRefusal({ retries: 0, backoff: 0, timeout: 0.5, concurrency: 1, unique: true })).toBe(
    "nothing was wrong",
  );
});

const cronRefusal = (cron: string | { pattern: string; timezone?: string }, input?: z.ZodType) =>
  refusalOf(
    class Ticks extends Plugin {
      tick = task({ cron, ...(input && { input }) }, () => {});
    },
  );

test("a cron that cannot be is refused when the plugin starts", async () => {
  expect(await cronRefusal("never")).toMatch(
    /^The task "ticks\.tick" \(.*:\d+\) says cron: "never" in UTC, which cannot be/,
  );
  expect(await cronRefusal("0 0 30 2 *")).toMatch(/there is no such day/);
  expect(await cronRefusal("* * * * * *")).toMatch(/cannot be/);
  expect(await cronRefusal({ pattern: "0 3 * * *", timezone: "Nowhere" })).toMatch(
    /in Nowhere, which cannot be/,
  );
  expect(await cronRefusal("0 3 * * *", z.object({ a: z.string() }))).toMatch(
    /whose ticks give it an input that does not fit/,
  );
  expect(await cronRefusal("0 3 * * *", z.object({ a: z.string().default("x") }))).toBe(
    "nothing was wrong",
  );
});

/** Why a plugin does not start. */
async function refusalOf(type: new () => Plugin): Promise<string> {
  try {
    await using _ = await TestClient.of(type as never);
    return "nothing was wrong";
  } catch (error) {
    return (error as Error).message;
  }
}
