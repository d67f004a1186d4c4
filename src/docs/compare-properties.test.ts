import * as fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import type { JSONSchema } from "../validation/index.ts";
import { SchemaComparison, type Usage } from "./compare-schemas.ts";
import { compareAPI, type OpenAPIDocument } from "./index.ts";

type Schemas = Readonly<Record<string, JSONSchema>>;

/** Everything that a document has a place for, with one schema. */
function documentOf(schema: JSONSchema, schemas: Schemas = {}): OpenAPIDocument {
  const content = { "application/json": { schema } };
  const parameter = { name: "q", in: "query", required: true, schema } as const;
  const operation = {
    tags: ["A"],
    summary: "A",
    operationId: "a",
    parameters: [parameter, { ...parameter, name: "r" }],
    requestBody: { required: true, content },
    responses: { 200: { description: "A", content }, 404: { description: "B" } },
    security: [{ Bearer: [] }, { Key: [] }],
  };
  const key = { type: "apiKey", in: "header", name: "X-Key" } as const;
  return {
    openapi: "3.1.0",
    info: { title: "A", version: "1" },
    paths: { "/a/{id}": { get: operation, post: operation }, "/b": { get: operation } },
    components: {
      schemas,
      securitySchemes: { Bearer: { type: "http", scheme: "bearer" }, Key: key },
    },
  };
}

const scalar = fc.oneof(
  fc.constantFrom("", "a", "bb", "ccc"),
  fc.constantFrom(-1, 0, 1, 1.5, 2, 3),
  fc.constantFrom(true, false, null),
);
const limits = (least: string, most: string) =>
  fc.record({ [least]: fc.nat(2), [most]: fc.nat(3) }, { requiredKeys: [] });

/** Schemas in which an object has either no fields but these, or says of all of them what they are. */
const schemas: fc.Arbitrary<JSONSchema> = fc.letrec<{ any: JSONSchema; flat: JSONSchema }>(
  (tie) => ({
    flat: fc.oneof(
      fc.constant({}),
      fc.uniqueArray(scalar, { minLength: 1, maxLength: 4 }).map((values) => ({ enum: values })),
      scalar.map((value) => ({ const: value })),
      fc.constantFrom({ type: "boolean" }, { type: "null" }, { type: ["string", "null"] }),
      limits("minLength", "maxLength").map((rest) => ({ type: "string", ...rest })),
      fc
        .tuple(fc.constantFrom("number", "integer"), limits("minimum", "maximum"))
        .map(([type, rest]) => ({ type, ...rest })),
      fc
        .tuple(fc.constantFrom("number", "integer"), limits("exclusiveMinimum", "exclusiveMaximum"))
        .map(([type, rest]) => ({ type, ...rest })),
    ),
    any: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      tie("flat"),
      fc
        .tuple(tie("any"), limits("minItems", "maxItems"))
        .map(([items, rest]) => ({ type: "array", items, ...rest })),
      fc
        .array(tie("any"), { minLength: 1, maxLength: 2 })
        .map((prefixItems) => ({ type: "array", prefixItems, items: false })),
      fc
        .record({ a: tie("any"), b: tie("any"), required: fc.subarray(["a", "b"]) })
        .map(({ a, b, required }) => ({ type: "object", properties: { a, b }, required })),
      fc
        .record({
          fields: fc.dictionary(fc.constantFrom("a", "b"), tie("any")),
          isNeeded: fc.boolean(),
        })
        .map(({ fields, isNeeded }) => ({
          type: "object",
          properties: fields,
          required: isNeeded ? Object.keys(fields) : [],
          additionalProperties: false,
        })),
      // Of fields that may be anything it is taken for certain that nobody sends them.
      tie("any")
        .filter((values) => Object.keys(values).length > 0)
        .map((values) => ({ type: "object", additionalProperties: values })),
      fc.array(tie("any"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    ),
  }),
).any;

const values: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b"), tie("any")),
  ),
})).any;

/** A schema, and one that surely takes less. */
interface Narrowing {
  readonly wide: JSONSchema;
  readonly narrow: JSONSchema;
}

const text = { type: "string" };
const fields = (a: JSONSchema, more: JSONSchema = {}) => ({
  type: "object",
  properties: { a, b: text },
  ...more,
});
const simply = fc.constantFrom<Narrowing>(
  { wide: {}, narrow: text },
  { wide: { type: ["string", "null"] }, narrow: text },
  { wide: { type: "number" }, narrow: { type: "integer" } },
  { wide: text, narrow: { ...text, format: "email" } },
  { wide: text, narrow: { ...text, pattern: "^a" } },
  { wide: { type: "boolean" }, narrow: { const: true } },
  { wide: fields(text), narrow: fields(text, { required: ["a"] }) },
  { wide: fields(text, { required: ["a"] }), narrow: fields(text, { required: ["a", "c"] }) },
  { wide: fields(text), narrow: fields(text, { additionalProperties: false }) },
  {
    wide: fields(text, { additionalProperties: false }),
    narrow: { type: "object", properties: { b: text }, additionalProperties: false },
  },
  { wide: { type: "array" }, narrow: { type: "array", items: text } },
);
const byLimit = fc
  .record({
    at: fc.nat(100),
    step: fc.integer({ min: 1, max: 9 }),
    kind: fc.constantFrom(
      ...["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"].map((name) => [
        "integer",
        name,
      ]),
      ...["minLength", "maxLength"].map((name) => ["string", name]),
      ...["minItems", "maxItems"].map((name) => ["array", name]),
      ...["minProperties", "maxProperties"].map((name) => ["object", name]),
    ),
    isNew: fc.boolean(),
  })
  .map(({ at, step, kind: [type, name], isNew }): Narrowing => {
    const isLeast = /min/i.test(name!);
    const [wide, narrow] = isLeast ? [at, at + step] : [at + step, at];
    return {
      wide: { type: type!, ...(!isNew && { [name!]: wide }) },
      narrow: { type: type!, [name!]: narrow },
    };
  });
const byValue = fc
  .uniqueArray(scalar, { minLength: 2, maxLength: 5 })
  .map((all): Narrowing => ({ wide: { enum: all }, narrow: { enum: all.slice(1) } }));

/** Around it, on both sides, all the places that a schema may stand in. */
const places: readonly ((inner: JSONSchema) => JSONSchema)[] = [
  (inner) => fields(inner),
  (inner) => fields(inner, { required: ["a"], additionalProperties: false }),
  (inner) => ({ type: "object", additionalProperties: inner }),
  (inner) => ({ type: "array", items: inner }),
  (inner) => ({ type: "array", prefixItems: [text, inner], items: false }),
  (inner) => ({ anyOf: [{ const: "another" }, inner] }),
  // The same twice: Zod lets names through that only one of two parts does not know.
  (inner) => ({ allOf: [inner, inner] }),
  (inner) => ({ oneOf: [fields(inner, { required: ["a"] }), { type: "null" }] }),
  (inner) => ({
    oneOf: ["x", "y"].map((kind) => ({
      type: "object",
      properties: { kind: { const: kind }, of: kind === "x" ? inner : text },
      required: ["kind", "of"],
    })),
  }),
];
const narrowings = fc
  .tuple(fc.oneof(simply, byLimit, byValue), fc.array(fc.constantFrom(...places), { maxLength: 4 }))
  .map(([{ wide, narrow }, around]): Narrowing => {
    const wrap = (inner: JSONSchema) => around.reduce((schema, place) => place(schema), inner);
    return { wide: wrap(wide), narrow: wrap(narrow) };
  });

const breaking = (usage: Usage, before: JSONSchema, after: JSONSchema) =>
  new SchemaComparison({}, {}).of(before, after, usage).filter((one) => one.breaking);

/** Two that have nothing to do with each other mostly have nothing in common either. */
const pairs = fc.oneof(
  fc.tuple(schemas, schemas),
  fc.tuple(schemas, schemas).map(([one, other]) => [one, { anyOf: [other, one] }] as const),
  fc.tuple(schemas, schemas).map(([one, other]) => [{ anyOf: [other, one] }, one] as const),
  narrowings.map(({ wide, narrow }) => [wide, narrow] as const),
  narrowings.map(({ wide, narrow }) => [narrow, wide] as const),
);

test("what breaks nobody takes everything that was taken before", () => {
  const many = fc.array(values, { minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(pairs, many, ([before, after], inputs) => {
      if (breaking("input", before, after).length) return;
      const [took, takes] = [z.fromJSONSchema(before as {}), z.fromJSONSchema(after as {})];
      for (const input of inputs)
        if (took.safeParse(input).success) expect(takes.safeParse(input).success).toBe(true);
    }),
    { numRuns: 400 },
  );
});

/** The same in another order, its components called otherwise. */
function shuffle(value: unknown, by: number, keyword = ""): unknown {
  const order = <T>(list: readonly T[], text: (one: T) => string): T[] =>
    list.toSorted((a, b) => hash(text(a), by) - hash(text(b), by));
  if (Array.isArray(value)) {
    const inner = value.map((one) => shuffle(one, by));
    const isOrdered = keyword === "prefixItems";
    return isOrdered ? inner : order(inner, (one) => JSON.stringify(one));
  }
  if (typeof value !== "object" || value === null)
    return keyword === "$ref" ? `${String(value)}2` : value;
  const entries = order(Object.entries(value), ([name]) => name);
  return Object.fromEntries(
    entries.map(([name, one]) => [
      keyword === "schemas" ? `${name}2` : name,
      // What is a value stays as it is.
      name === "const" ? one : shuffle(one, by, name),
    ]),
  );
}

function hash(text: string, seed: number): number {
  let sum = seed;
  for (const letter of text) sum = Math.imul(sum ^ letter.charCodeAt(0), 0x5bd1e995) >>> 1;
  return sum;
}

const tree = (schema: JSONSchema): Schemas => ({
  Named: schema,
  Tree: {
    type: "object",
    properties: {
      label: { $ref: "#/components/schemas/Named" },
      inside: { type: "array", items: { $ref: "#/components/schemas/Tree" } },
    },
    required: ["label"],
  },
});
const toTree = { $ref: "#/components/schemas/Tree" };

test("a document is the same as itself in any order, whatever its components are called", () => {
  fc.assert(
    fc.property(schemas, fc.nat(), (schema, by) => {
      for (const document of [documentOf(schema), documentOf(toTree, tree(schema))]) {
        expect(compareAPI(document, document)).toEqual([]);
        const other = shuffle(document, by) as OpenAPIDocument;
        expect(compareAPI(document, other)).toEqual([]);
        expect(compareAPI(other, document)).toEqual([]);
      }
    }),
    { numRuns: 60 },
  );
});

test("whatever an input takes less of breaks; whatever it takes more of does not", () => {
  fc.assert(
    fc.property(narrowings, ({ wide, narrow }) => {
      expect(breaking("input", wide, narrow)).not.toEqual([]);
      expect(breaking("text", wide, narrow)).not.toEqual([]);
      expect(breaking("input", narrow, wide)).toEqual([]);
    }),
    { numRuns: 400 },
  );
});

test("a narrowing anywhere in a document is named with its operations", () => {
  fc.assert(
    fc.property(narrowings, ({ wide, narrow }) => {
      const operations = ["GET /a/{id}", "GET /b", "POST /a/{id}"];
      const pairs = [
        [documentOf(wide), documentOf(narrow)],
        [documentOf(toTree, tree(wide)), documentOf(toTree, tree(narrow))],
      ] as const;
      for (const [before, after] of pairs) {
        const broken = compareAPI(before, after).filter(({ breaking }) => breaking);
        for (const place of ["body", 'query "q"', 'query "r"']) {
          const at = broken.filter(({ what }) => what.startsWith(place));
          expect([...new Set(at.map(({ operation }) => operation))].toSorted()).toEqual(operations);
        }
        expect(
          compareAPI(after, before).some(
            ({ breaking, what }) => breaking && !what.startsWith("answer"),
          ),
        ).toBe(false);
      }
    }),
    { numRuns: 60 },
  );
});
