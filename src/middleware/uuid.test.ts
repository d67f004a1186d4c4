import { expect, test } from "vitest";
import { createUUID } from "./uuid.ts";

test("a random UUID is one of version 4, and there is none twice", () => {
  const made = Array.from({ length: 5000 }, createUUID);
  for (const id of made)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(made).size).toBe(made.length);
});

test("each place of it that is random has all its values", () => {
  const made = Array.from({ length: 5000 }, createUUID);
  const numbers = Array.from({ length: 36 }, (_, at) => new Set(made.map((id) => id[at])).size);
  expect(numbers.join(" ")).toBe(
    "16 16 16 16 16 16 16 16 1 16 16 16 16 1 1 16 16 16 1 4 16 16 16 1 16 16 16 16 16 16 16 16 16 16 16 16",
  );
});
