import { expect, test } from "vitest";
import { tableOf } from "./table.ts";

test("columns stand below each other, and nothing follows the last one", () => {
  expect(tableOf([])).toBe("");
  expect(
    tableOf([
      ["a", "long", ""],
      ["bcd", "b", "c"],
    ]),
  ).toBe("a    long\nbcd  b     c\n");
});

test("there may be very many rows", () => {
  expect(tableOf(Array.from({ length: 200_000 }, () => ["a", "b"]))).toHaveLength(200_000 * 5);
});
