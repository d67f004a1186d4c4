import { expect, test } from "vitest";
import { closed, compare, number, one, text, whole } from "../../test/differences.ts";
import type { JSONSchema } from "../validation/index.ts";

const either = (...options: JSONSchema[]) => ({ oneOf: options });
const breaks = (line: string) => line.startsWith("!");

test("a field of an input may come and go; a required one, and one that is refused, may not", () => {
  const empty = { type: "object" };
  expect(compare("input", empty, one(text))).toEqual([".a: new"]);
  expect(compare("input", empty, one(text, "a"))).toEqual(["! .a: new and required"]);
  expect(compare("input", one(text), one(text, "a"))).toEqual(["! .a: required now"]);
  expect(compare("input", one(text, "a"), one(text))).toEqual([".a: optional now"]);
  expect(compare("input", one(text, "a"), empty)).toEqual([".a: no longer read"]);
  expect(compare("input", { ...one(text), ...closed }, { ...empty, ...closed })).toEqual([
    "! .a: refused now",
  ]);
  expect(compare("input", { ...empty, ...closed }, { ...one(text), ...closed })).toEqual([
    ".a: new",
  ]);
  expect(compare("input", empty, { ...empty, ...closed })).toEqual([
    "! .*: other fields are refused now",
  ]);
  expect(compare("input", { ...empty, ...closed }, empty)).toEqual([
    ".*: other fields are taken too",
  ]);
});

test("a field of an answer may come; it may not go, nor be missing at times", () => {
  const empty = { type: "object" };
  expect(compare("output", empty, one(text, "a"))).toEqual([".a: new"]);
  expect(compare("output", one(text, "a"), empty)).toEqual(["! .a: gone"]);
  expect(compare("output", one(text), empty)).toEqual(["! .a: gone"]);
  expect(compare("output", one(text, "a"), one(text))).toEqual(["! .a: may be missing now"]);
  expect(compare("output", one(text), one(text, "a"))).toEqual([".a: always there now"]);
  // What is said of requests only is no promise.
  expect(compare("output", one(text), { ...one(text), ...closed })).toEqual([]);
  expect(compare("output", { ...one(text), ...closed }, one(text))).toEqual([]);
});

const map = (values: JSONSchema) => ({ type: "object", additionalProperties: values });

test("what is said of all other fields holds for those that come and go", () => {
  const both = { ...one(text), additionalProperties: whole };
  expect(compare("input", map(whole), { ...one(number), ...map(whole) })).toEqual([
    ".a: type number, was integer",
  ]);
  for (const usage of ["input", "output"] as const) {
    expect(compare(usage, map(whole), both)).toEqual(["! .a: type string, was integer"]);
    expect(compare(usage, both, map(whole))).toEqual(["! .a: type integer, was string"]);
    expect(compare(usage, map(text), { ...map(text), ...one(text) })).toEqual([]);
  }
  const needed = { ...map(text), required: ["a"] };
  expect(compare("input", map(text), needed)).toEqual(["! .a: required now"]);
  expect(compare("input", needed, map(text))).toEqual([".a: optional now"]);
  expect(compare("output", needed, map(text))).toEqual(["! .a: may be missing now"]);
  expect(compare("input", map(number), map(whole))).toEqual(["! .*: type integer, was number"]);
  expect(compare("input", { type: "object" }, map(text))).toEqual([
    "! .*: type string, was anything",
  ]);
  const named = (names: JSONSchema) => ({ ...map(text), propertyNames: names });
  expect(compare("input", named({ enum: ["a", "b"] }), named({ enum: ["a"] }))).toEqual([
    '! .* (name): no longer takes "b"',
  ]);
});

const list = (items: JSONSchema | boolean, ...first: JSONSchema[]) => ({
  type: "array",
  items,
  ...(first.length && { prefixItems: first }),
});

test("lists are compared item by item", () => {
  expect(compare("input", list(number), list(whole))).toEqual(["! []: type integer, was number"]);
  expect(compare("output", list(one(text)), list(one(whole)))).toEqual([
    "! [].a: type integer, was string",
  ]);
  expect(compare("input", list(false, text, number), list(false, text, whole))).toEqual([
    "! [1]: type integer, was number",
  ]);
  expect(compare("input", list(false, text, number), list(false, text))).toEqual([
    "! : at most 1 items, was at most 2 items",
  ]);
  expect(compare("input", list(text), list(text, whole))).toEqual([
    "! [0]: type integer, was string",
  ]);
  expect(compare("input", list(text), list(false))).toEqual(["! : now at most 0 items"]);
});

const kind = (name: string, field: JSONSchema, ...more: string[]) => ({
  type: "object",
  properties: { kind: { const: name }, [name]: field },
  required: ["kind", ...more],
});

test("an alternative is compared with the one that is most like it", () => {
  const [cat, dog, fox] = [kind("cat", text), kind("dog", text), kind("fox", text)];
  expect(compare("input", either(cat, dog), either(dog, fox))).toEqual([
    '! : no longer takes an object with kind "cat"',
    ': takes an object with kind "fox" too',
  ]);
  expect(compare("output", either(cat), either(cat, dog))).toEqual([
    '! : may be an object with kind "dog" too',
  ]);
  expect(compare("input", either(cat, dog), either(kind("dog", whole), cat))).toEqual([
    "! .dog: type integer, was string",
  ]);
  // What may be anything, or one of several, tells nothing apart.
  const tagged = (tag: JSONSchema) => ({ ...cat, properties: { kind: tag, cat: text } });
  expect(compare("input", either(cat, dog), tagged(text)).filter(breaks)).toEqual([]);
  expect(
    compare(
      "input",
      either(tagged({ enum: ["a", "b"] }), dog),
      either(tagged({ enum: ["b", "c"] }), dog),
    ),
  ).toEqual(['! .kind: no longer takes "a"', '.kind: takes "c" too']);
  const several = { anyOf: [{ const: "a" }, number] };
  expect(
    compare("input", either(tagged(several), dog), either(tagged({ const: "b" }), dog)).filter(
      breaks,
    ),
  ).toEqual(
    ["! .kind: type string, was string or number", '! .kind: no longer takes "a"'].toSorted(),
  );
  // A single one is changed, not replaced.
  expect(
    compare("input", cat, { ...cat, properties: { ...cat.properties, kind: { const: "dog" } } }),
  ).toEqual(['! .kind: no longer takes "cat"', '.kind: takes "dog" too']);
  // Without a tag, what differs least.
  const open = either(one(text, "a"), {
    ...one(text, "a", "b"),
    properties: { a: whole, b: text },
  });
  const changed = either(one({ ...text, maxLength: 3 }, "a", "d"), {
    ...one(whole, "a", "b", "c"),
    properties: { a: whole, b: text, c: text },
  });
  expect(compare("input", open, changed)).toEqual([
    "! .a: now at most 3 characters",
    "! .c: new and required",
    "! .d: new and required",
  ]);
});
