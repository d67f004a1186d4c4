import { expect, test } from "vitest";
import { compare, one, ref, type Schemas, text, whole } from "../../test/differences.ts";
import type { JSONSchema } from "../validation/index.ts";
import { SchemaComparison } from "./compare-schemas.ts";

const tree = (name: string, label: JSONSchema): Schemas => ({
  [name]: {
    type: "object",
    properties: { label, inside: { type: "array", items: ref(name) } },
    required: ["label", "inside"],
  },
});

test("references are followed, whatever the names are; what refers to itself comes to an end", () => {
  const same = [tree("Tree", text), tree("Node", text)] as const;
  expect(compare("input", ref("Tree"), ref("Node"), same)).toEqual([]);
  expect(compare("output", ref("Tree"), { allOf: [ref("Node"), {}] }, same)).toEqual([]);
  expect(compare("input", ref("Tree"), ref("Node"), [same[0], tree("Node", whole)])).toEqual([
    "! .label: type integer, was string",
  ]);
  expect(compare("input", { not: ref("Tree") }, { not: ref("Node") }, same)).toEqual([]);
  expect(
    compare("input", { not: ref("Tree") }, { not: ref("Node") }, [same[0], tree("Node", whole)]),
  ).not.toEqual([]);
  const narrower = { ...ref("Short"), maxLength: 2 };
  expect(compare("input", ref("Short"), narrower, [{ Short: text }, { Short: text }])).toEqual([
    "! : now at most 2 characters",
  ]);
  const ring = { A: { anyOf: [ref("B"), text] }, B: { anyOf: [ref("A"), whole] } };
  expect(compare("input", ref("A"), ref("B"), [ring, ring])).toEqual([]);
  const both = {
    T: one({ allOf: [ref("T"), ref("T"), ref("U")] }),
    U: one({ allOf: [ref("U"), ref("T")] }),
  };
  expect(compare("input", ref("T"), ref("U"), [both, both])).toEqual([]);
  expect(compare("input", { $ref: "#/schemas/a~1b%20c" }, text, [{ "a/b c": text }, {}])).toEqual(
    [],
  );
});

// Each has the other inside; only the inner one changes.
const bothWays = (leaf: JSONSchema): Schemas => ({
  A: { type: "object", properties: { b: ref("B") }, required: ["b"] },
  B: { type: "object", properties: { a: ref("A"), leaf }, required: ["a", "leaf"] },
});

// An alternative that seemed to fit, until what is inside it was found not to.
const choice = (first: JSONSchema): Schemas => ({
  A: {
    anyOf: [
      one(ref("A"), "a"),
      { type: "object", properties: { a: text, leaf: first }, required: ["a", "leaf"] },
    ],
  },
});

test("what fits only while something else does is found out, wherever that stands", () => {
  const pair = [bothWays(text), bothWays(whole)] as const;
  expect(compare("input", ref("A"), ref("A"), pair)).toEqual([
    "! .b.leaf: type integer, was string",
  ]);
  expect(compare("input", ref("B"), ref("B"), pair)).toEqual(["! .leaf: type integer, was string"]);
  expect(
    compare("input", one(ref("A"), "a"), one(ref("A"), "a"), [choice(text), choice(whole)]),
  ).toEqual(["! .a.leaf: type integer, was string"]);
});

test("what was compared inside another is as different by itself", () => {
  const [A, B] = [{ type: "object", properties: { b: ref("B"), d: ref("D") } }, one(ref("A"))];
  const before = { schemas: { A, B, D: one(text) } };
  const comparison = new SchemaComparison(before, { schemas: { A, B, D: one(whole) } });
  const paths = (name: string) =>
    comparison.of(ref(name), ref(name), "input").map(({ path }) => path);
  expect(paths("A")).toEqual([".d.a"]);
  expect(paths("B")).toEqual([".a.d.a"]);
});

test("what is named twice is explained once", () => {
  const user = {
    type: "object",
    properties: { home: ref("Address"), homework: ref("Address"), work: ref("Address") },
  };
  expect(compare("input", user, user, [{ Address: one(text) }, { Address: one(whole) }])).toEqual([
    "! .home.a: type integer, was string",
    "! .homework: changes as home does",
    "! .work: changes as home does",
  ]);
  const limits = [
    { Address: one({ ...text, maxLength: 1 }) },
    { Address: one({ ...text, maxLength: 2 }) },
  ] as const;
  expect(compare("output", user, user, limits)).toContain(".work: changes as home does");
  const less = [
    { Address: { ...one({ ...text, maxLength: 1 }), required: ["b"] } },
    { Address: one({ ...text, maxLength: 2 }) },
  ] as const;
  expect(compare("output", user, user, less)).toEqual([
    "! .home.b: gone",
    "! .homework: changes as home does",
    "! .work: changes as home does",
    ".home.a: at most 2 characters, was at most 1 characters",
  ]);
});

test("many schemas that all have each other inside take no time", () => {
  const names = Array.from({ length: 30 }, (_, at) => `S${at}`);
  const schemas = (leaf: JSONSchema): Schemas => ({
    ...Object.fromEntries(
      names.map((name, at) => [
        name,
        {
          type: "object",
          properties: {
            kind: { const: name },
            own: at === 29 ? leaf : text,
            any: ref("Any"),
            next: ref(names[(at + 1) % 30]!),
            ...Object.fromEntries(names.map((other) => [other, ref(other)])),
          },
          required: ["kind"],
        },
      ]),
    ),
    Any: { anyOf: names.map(ref) },
  });
  const found = compare("input", ref("S0"), ref("S0"), [schemas(text), schemas(whole)]);
  expect(found).toContain("! .S29.own: type integer, was string");
});
