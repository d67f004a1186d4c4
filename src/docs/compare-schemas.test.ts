import { expect, test } from "vitest";
import { compare, number, one, ref, text, whole } from "../../test/differences.ts";
import type { JSONSchema } from "../validation/index.ts";

/** Both ways, as an input and as an answer. */
function eachWay(wide: JSONSchema, narrow: JSONSchema): Record<string, string[]> {
  return {
    narrower: compare("input", wide, narrow),
    wider: compare("input", narrow, wide),
    "answers more": compare("output", narrow, wide),
    "answers less": compare("output", wide, narrow),
  };
}

test("a type of an input may get wider, one of an answer narrower", () => {
  expect(eachWay({ type: ["string", "null"] }, text)).toEqual({
    narrower: ["! : type string, was string or null"],
    wider: [": type string or null, was string"],
    "answers more": ["! : type string or null, was string"],
    "answers less": [": type string, was string or null"],
  });
  expect(eachWay(number, whole)).toEqual({
    narrower: ["! : type integer, was number"],
    wider: [": type number, was integer"],
    "answers more": ["! : type number, was integer"],
    "answers less": [": type integer, was number"],
  });
  expect(eachWay({}, text)).toMatchObject({
    narrower: ["! : type string, was anything"],
    "answers more": ["! : type anything, was string"],
  });
  expect(eachWay(one({}), one({ not: {} }))).toMatchObject({
    narrower: ["! .a: type nothing, was anything"],
  });
  expect(compare("input", { type: ["integer", "string"] }, { type: "array" })).toContain(
    "! : type array, was string or integer",
  );
  expect(compare("input", { enum: [1, 1.5] }, text)).toContain("! : type string, was number");
  expect(compare("input", { type: "boolean" }, { enum: [true, 1.5] })).toEqual([
    "! : no longer takes false",
    ": type number or boolean, was boolean",
  ]);
});

test("of values each that comes or goes is named", () => {
  expect(eachWay({ enum: ["a", "b", null] }, { enum: ["a", null] })).toEqual({
    narrower: ['! : no longer takes "b"'],
    wider: [': takes "b" too'],
    "answers more": ['! : may be "b" too'],
    "answers less": [': is no longer "b"'],
  });
  expect(eachWay(text, { type: "string", enum: ["a", "b"] })).toEqual({
    narrower: ['! : only "a" or "b", was any string'],
    wider: [': any string, was only "a" or "b"'],
    "answers more": ['! : any string, was only "a" or "b"'],
    "answers less": [': only "a" or "b", was any string'],
  });
  expect(
    compare("input", { enum: ["ab", 3, 4] }, { type: ["string", "number"], multipleOf: 3 }),
  ).toEqual([
    "! : no longer takes 3, 4",
    ": any number, was only 3 or 4",
    ': any string, was only "ab"',
  ]);
});

test("limits of an input may be loosened; those of an answer nobody relies on", () => {
  expect(eachWay({ ...text, maxLength: 9 }, { ...text, maxLength: 5 })).toEqual({
    narrower: ["! : at most 5 characters, was at most 9 characters"],
    wider: [": at most 9 characters, was at most 5 characters"],
    "answers more": [": at most 9 characters, was at most 5 characters"],
    "answers less": [": at most 5 characters, was at most 9 characters"],
  });
  expect(eachWay(text, { ...text, minLength: 1, pattern: "^a" })).toEqual({
    narrower: ["! : now at least 1 characters", '! : now pattern "^a"'],
    wider: [": no longer at least 1 characters", ': no longer pattern "^a"'],
    "answers more": [": no longer at least 1 characters", ': no longer pattern "^a"'],
    "answers less": [": now at least 1 characters", ': now pattern "^a"'],
  });
  const narrower = (wide: JSONSchema, narrow: JSONSchema) => eachWay(wide, narrow)["narrower"];
  expect(narrower({ ...number, minimum: 1 }, { ...number, exclusiveMinimum: 1 })).toEqual([
    "! : more than 1, was at least 1",
  ]);
  expect(narrower({ ...number, maximum: 2 }, { ...number, exclusiveMaximum: 2 })).toEqual([
    "! : less than 2, was at most 2",
  ]);
  expect(narrower({ type: "array" }, { type: "array", minItems: 2, maxItems: 3 })).toEqual([
    "! : now at least 2 items",
    "! : now at most 3 items",
  ]);
  expect(narrower({ type: "object" }, { type: "object", minProperties: 1 })).toEqual([
    "! : now at least 1 fields",
  ]);
  expect(narrower({ ...number, multipleOf: 2 }, { ...number, multipleOf: 4 })).toEqual([
    "! : multipleOf 4, was multipleOf 2",
  ]);
  expect(compare("input", { ...number, multipleOf: 4 }, { ...number, multipleOf: 2 })).toEqual([
    ": multipleOf 2, was multipleOf 4",
  ]);
  const both = { allOf: [{ ...text, pattern: "a" }, { pattern: "b" }] };
  expect(narrower({ ...text, pattern: "a" }, both)).toEqual([
    '! : pattern "a" and "b", was pattern "a"',
  ]);
});

test("what says the same in other words is the same", () => {
  const same: [JSONSchema, JSONSchema][] = [
    [
      { ...whole, exclusiveMinimum: 0, maximum: 4.5 },
      { ...whole, minimum: 1, exclusiveMaximum: 5 },
    ],
    [{ type: ["string", "null"] }, { anyOf: [{ type: "null" }, text] }],
    [{ const: 1 }, { enum: [1] }],
    [{ enum: ["a", 1] }, { oneOf: [{ const: 1 }, { const: "a" }] }],
    [{ type: "boolean" }, { enum: [false, true] }],
    [
      { ...text, pattern: "a", minLength: 1 },
      { allOf: [{ ...text, pattern: "a" }, { minLength: 1 }] },
    ],
    [{ ...text, minLength: 0 }, text],
    [
      { ...number, minimum: 2, exclusiveMinimum: 1 },
      { ...number, minimum: 2 },
    ],
    [
      { type: "array", items: false, prefixItems: [text] },
      { type: "array", prefixItems: [text], maxItems: 1 },
    ],
    [
      { type: "object", additionalProperties: true },
      { type: "object", additionalProperties: {} },
    ],
    [{ not: true }, { not: {} }],
    [{ not: {} }, { type: "string", minLength: 2, maxLength: 1 }],
    [{ not: {} }, { ...number, exclusiveMinimum: 2, maximum: 2 }],
    [{ not: {} }, { ...number, minimum: 2, exclusiveMaximum: 2 }],
    [{}, { anyOf: [{}, text] }],
    [
      { ...text, "x-hint": 1, title: "A" },
      { ...text, description: "B", deprecated: true, default: "c" },
    ],
    [one(text, "a", "b"), { ...one(text, "b", "a"), properties: { b: {}, a: text } }],
    [{ not: { const: 1, type: "number" } }, { not: { type: "number", const: 1 } }],
    [{ enum: [{ a: 1, b: [2] }] }, { const: { b: [2], a: 1 } }],
    [
      { allOf: [one(text, "a"), { type: "object", properties: { b: whole } }] },
      { type: "object", properties: { a: text, b: whole }, required: ["a"] },
    ],
    [{ allOf: [one({ enum: ["x", "y"] }), one({ enum: ["y", "z"] })] }, one({ const: "y" })],
    [
      { type: "array", prefixItems: [whole], items: number },
      {
        allOf: [
          { type: "array", items: number },
          { type: "array", prefixItems: [whole] },
        ],
      },
    ],
  ];
  for (const [before, after] of same) {
    for (const usage of ["input", "text", "output"] as const) {
      expect([before, after, compare(usage, before, after)]).toEqual([before, after, []]);
      expect([after, before, compare(usage, after, before)]).toEqual([after, before, []]);
    }
  }
});

test("a format is how a value is read: it may not change, whoever sends it", () => {
  expect(eachWay({ ...text, format: "email" }, { ...text, format: "date" })).toEqual({
    narrower: ['! : format "date", was format "email"'],
    wider: ['! : format "email", was format "date"'],
    "answers more": ['! : format "email", was format "date"'],
    "answers less": ['! : format "date", was format "email"'],
  });
  expect(eachWay(text, { ...text, contentMediaType: "image/png" })).toMatchObject({
    narrower: ['! : now contentMediaType "image/png"'],
    "answers more": ['! : no longer contentMediaType "image/png"'],
    "answers less": [': now contentMediaType "image/png"'],
  });
  expect(
    compare("input", { ...whole, format: "int32" }, { ...whole, format: "int64" }),
  ).toHaveLength(1);
  expect(compare("input", { type: "null", format: "a" }, { type: "null", format: "b" })).toEqual(
    [],
  );
});

test("what cannot be understood is compared by its text", () => {
  const list = { type: "array" };
  expect(eachWay(list, { ...list, contains: { const: "x".repeat(150) } })).toMatchObject({
    narrower: [`! : now contains {"const":"${"x".repeat(90)}…`],
    wider: [expect.stringContaining("no longer contains")],
    "answers more": [expect.stringContaining("no longer contains")],
  });
  expect(compare("input", { not: text }, { not: whole })).toContain(
    '! : not {"type":"integer"}, was not {"type":"string"}',
  );
  // To lift these can make others stricter.
  const least = { ...list, contains: text, minContains: 0 };
  expect(compare("input", least, { ...list, contains: text })).toEqual([
    "! : no longer minContains 0",
  ]);
  const named = { type: "object", patternProperties: { "^x": text } };
  expect(compare("input", named, { type: "object" })).toEqual([
    '! : no longer patternProperties {"^x":{"type":"string"}}',
  ]);
  expect(compare("input", named, { ...named })).toEqual([]);
  const twice = { allOf: [named, { patternProperties: { y: text } }] };
  expect(compare("input", twice, named)).toEqual([
    expect.stringContaining('! : patternProperties {"^x":{"type":"string"}}, was'),
  ]);
  expect(compare("input", ref("Gone"), ref("Away"))).not.toEqual([]);
  expect(compare("input", ref("Away"), ref("Away"))).toEqual([]);
});

test("what is sent as text is a number, too, where any text will do", () => {
  expect(compare("text", whole, text)).toEqual([": type string, was integer"]);
  expect(compare("text", { type: "boolean" }, text)).toEqual([": type string, was boolean"]);
  expect(compare("text", text, whole)).toEqual(["! : type integer, was string"]);
  expect(compare("text", whole, { ...text, minLength: 2 })).toContain(
    "! : type string, was integer",
  );
  expect(compare("text", whole, { ...text, format: "date" })).toContain(
    "! : type string, was integer",
  );
  expect(compare("text", whole, { enum: ["a"] })).toContain("! : type string, was integer");
  expect(compare("text", one(whole), text)).toContain("! : type string, was object");
  expect(compare("input", whole, text)).toEqual(["! : type string, was integer"]);
});

const event = (item: JSONSchema) => ({ ...text, contentSchema: item });

test("JSON in a text, as events have it, is compared too", () => {
  expect(compare("output", event(one(text)), event(one(whole)))).toEqual([
    "! .a: type integer, was string",
  ]);
  expect(compare("input", text, event(true as never))).toEqual([]);
});
