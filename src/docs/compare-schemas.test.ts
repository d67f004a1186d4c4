import { expect, test } from "vitest";
import type { JSONSchema } from "../validation/index.ts";
import { SchemaComparison, type Usage } from "./compare-schemas.ts";

type Schemas = Readonly<Record<string, JSONSchema>>;

/** What is different, `!` before what breaks somebody. */
function compare(
  usage: Usage,
  before: JSONSchema,
  after: JSONSchema,
  [known, now]: readonly [Schemas, Schemas] = [{}, {}],
): string[] {
  return new SchemaComparison({ schemas: known }, { schemas: now })
    .of(before, after, usage)
    .map(({ path, what, breaking }) => `${breaking ? "! " : ""}${path}: ${what}`)
    .toSorted();
}

const text = { type: "string" };
const whole = { type: "integer" };
const number = { type: "number" };
const ref = (name: string) => ({ $ref: `#/schemas/${name}` });
const one = (field: JSONSchema, ...required: string[]) => ({
  type: "object",
  properties: { a: field },
  required,
});
const either = (...options: JSONSchema[]) => ({ oneOf: options });
const closed = { additionalProperties: false };

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

test("references are followed, whatever the names are; what refers to itself comes to an end", () => {
  const tree = (name: string, label: JSONSchema): Schemas => ({
    [name]: {
      type: "object",
      properties: { label, inside: { type: "array", items: ref(name) } },
      required: ["label", "inside"],
    },
  });
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

test("what fits only while something else does is found out, wherever that stands", () => {
  // Each has the other inside; only the inner one changes.
  const schemas = (leaf: JSONSchema): Schemas => ({
    A: { type: "object", properties: { b: ref("B") }, required: ["b"] },
    B: { type: "object", properties: { a: ref("A"), leaf }, required: ["a", "leaf"] },
  });
  const pair = [schemas(text), schemas(whole)] as const;
  expect(compare("input", ref("A"), ref("A"), pair)).toEqual([
    "! .b.leaf: type integer, was string",
  ]);
  expect(compare("input", ref("B"), ref("B"), pair)).toEqual(["! .leaf: type integer, was string"]);
  // An alternative that seemed to fit, until what is inside it was found not to.
  const choice = (first: JSONSchema): Schemas => ({
    A: {
      anyOf: [
        one(ref("A"), "a"),
        { type: "object", properties: { a: text, leaf: first }, required: ["a", "leaf"] },
      ],
    },
  });
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

test("JSON in a text, as events have it, is compared too", () => {
  const event = (item: JSONSchema) => ({ ...text, contentSchema: item });
  expect(compare("output", event(one(text)), event(one(whole)))).toEqual([
    "! .a: type integer, was string",
  ]);
  expect(compare("input", text, event(true as never))).toEqual([]);
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
