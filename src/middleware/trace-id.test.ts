import { expect, test } from "vitest";
import { createTraceId } from "./trace-id.ts";

test("an id of a trace is 32 hexadecimal digits, and there is none twice", () => {
  const made = Array.from({ length: 5000 }, createTraceId);
  for (const id of made) expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(made).size).toBe(made.length);
});

test("each place of it has all its values", () => {
  const made = Array.from({ length: 5000 }, createTraceId);
  const numbers = Array.from({ length: 32 }, (_, at) => new Set(made.map((id) => id[at])).size);
  expect(new Set(numbers)).toEqual(new Set([16]));
});
