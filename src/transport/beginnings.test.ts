import { setImmediate as turn } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { Beginnings } from "./beginnings.ts";

const others = process.listeners("uncaughtException");
afterEach(() => {
  process.removeAllListeners("uncaughtException");
  for (const other of others) process.on("uncaughtException", other);
});

test("what is added in one turn of the event loop begins at its end, in order", async () => {
  const begun: unknown[] = [];
  const beginnings = new Beginnings(() => begun.push("all"));
  for (const one of [1, 2, 3]) beginnings.add(() => begun.push(one));
  expect(begun).toEqual([]);
  await turn();
  expect(begun).toEqual([1, 2, 3, "all"]);
});

test("one that fails fails alone, and nothing overtakes the others", async () => {
  const errors: unknown[] = [];
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => errors.push(error.message));
  const begun: unknown[] = [];
  const beginnings = new Beginnings(() => {});
  beginnings.add(() => {
    beginnings.add(() => begun.push("later"));
    throw new Error("failed");
  });
  beginnings.add(() => begun.push("second"));
  await turn();
  await turn();
  await turn();
  expect(begun).toEqual(["second", "later"]);
  expect(errors).toEqual(["failed"]);
});
