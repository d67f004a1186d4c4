import { expect, test } from "vitest";
import { inOrder, type PluginRing } from "./order.ts";

const sort = (needs: Readonly<Record<string, readonly string[]>>) =>
  inOrder(Object.keys(needs), (name) => needs[name] ?? []);

test("each stands behind those that it needs; otherwise the given order stays", () => {
  expect(sort({ c: ["a"], b: [], a: ["d"], d: [], e: [] })).toEqual(["d", "a", "c", "b", "e"]);
  expect(sort({ z: [], y: [], x: [] })).toEqual(["z", "y", "x"]);
});

test("what several need stands there once", () => {
  expect(sort({ a: ["base"], b: ["base", "a"], base: [] })).toEqual(["base", "a", "b"]);
});

test("needs that are not among the names are passed over", () => {
  expect(sort({ a: ["elsewhere"] })).toEqual(["a"]);
});

test("a ring is refused, naming those on it and nobody else", () => {
  const ring = { start: ["a"], a: ["b"], b: ["c"], c: ["a"] };
  expect(() => sort(ring)).toThrow("Plugins need each other in a ring: a → b → c → a.");
  try {
    sort(ring);
  } catch (error) {
    expect((error as PluginRing).ring).toEqual(["a", "b", "c"]);
  }
  expect(() => sort({ self: ["self"] })).toThrow("self → self");
});
