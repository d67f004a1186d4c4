import { expect, test } from "vitest";
import { Batch } from "./batch.ts";

test("what is asked for at the same time is done in one go, each with its own answer", async () => {
  const seen: number[][] = [];
  const batch = new Batch(async (all: readonly number[]) => {
    seen.push([...all]);
    return all.map((one) => one * 2);
  });
  expect(await Promise.all([1, 2, 3].map((one) => batch.add(one)))).toEqual([2, 4, 6]);
  expect(await batch.add(4)).toBe(8);
  expect(seen).toEqual([[1, 2, 3], [4]]);
});

test("what fails together is tried one by one, so that only the one at fault fails", async () => {
  const batch = new Batch(async (all: readonly number[]) => {
    if (all.includes(2)) throw new Error("no two");
    return all.map((one) => one * 2);
  });
  const answers = await Promise.allSettled([1, 2, 3].map((one) => batch.add(one)));
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(answers[2]).toMatchObject({ value: 6 });
});
