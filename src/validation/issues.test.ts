import { type } from "arktype";
import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";
import { isSecret, itemsOf, shorten } from "./issues.ts";
import { describe as describeSchema, type Schema, validatorOf } from "./schema.ts";

const body = ["body"] as const;

test("a missing field says where, and nothing of the value around it", () => {
  const items = faults(z.object({ a: z.object({ b: z.string() }) }), { a: { c: "hunter2" } });
  expect(items).toEqual([{ loc: ["body", "a", "b"], type: "missing", msg: "Field required" }]);
  expect(faults(z.string(), undefined)).toEqual([
    { loc: ["body"], type: "missing", msg: "Field required" },
  ]);
});

test("every fault is told, in the order of the fields", () => {
  const schema = z.object({ a: z.string(), b: z.int(), c: z.array(z.boolean()) });
  expect(faults(schema, { a: 1, b: 1.5, c: [true, "yes"] })).toMatchObject([
    { loc: ["body", "a"], type: "string_type", input: 1 },
    { loc: ["body", "b"], type: "int_from_float", input: 1.5 },
    { loc: ["body", "c", 1], type: "bool_type", input: "yes" },
  ]);
});

test("JSON is taken strictly: a text is no number, a 1 no boolean, null no text", () => {
  for (const [schema, value, name] of [
    [z.boolean(), "yes", "bool_type"],
    [z.boolean(), 1, "bool_type"],
    [z.number(), "5", "float_type"],
    [z.bigint(), "5", "int_type"],
    [z.string(), 5, "string_type"],
    [z.string(), null, "string_type"],
    [z.array(z.string()), {}, "list_type"],
    [z.object({}), [], "model_attributes_type"],
    [z.record(z.string(), z.string()), [], "dict_type"],
    [z.date(), 5, "datetime_type"],
  ] as const) {
    expect(faults(schema, value)).toMatchObject([{ loc: ["body"], type: name }]);
  }
});

test("a limit is named, with its value", () => {
  for (const [schema, value, name, ctx] of [
    [z.string().min(8), "abc", "string_too_short", { min_length: 8 }],
    [z.string().max(2), "abc", "string_too_long", { max_length: 2 }],
    [z.array(z.int()).min(1), [], "too_short", { min_length: 1 }],
    [z.array(z.int()).max(0), [1], "too_long", { max_length: 0 }],
    [z.int().min(1), 0, "greater_than_equal", { ge: 1 }],
    [z.int().max(100), 101, "less_than_equal", { le: 100 }],
    [z.number().gt(0), 0, "greater_than", { gt: 0 }],
    [z.number().lt(1), 1, "less_than", { lt: 1 }],
    [z.bigint().min(5n), 1n, "greater_than_equal", { ge: 5 }],
    [z.int().multipleOf(5), 7, "multiple_of", { multiple_of: 5 }],
    [z.enum(["a", "b"]), "c", "literal_error", { expected: '"a" or "b"' }],
    [z.string().regex(/^\d$/), "x", "string_pattern_mismatch", { pattern: "/^\\d$/" }],
  ] as const) {
    expect(faults(schema, value)).toMatchObject([{ type: name, ctx }]);
  }
});

test("a rule of one's own is a value_error with its own words", () => {
  const even = z.int().refine((n) => n % 2 === 0, "Not even");
  expect(faults(even, 1)).toEqual([
    { loc: ["body"], type: "value_error", msg: "Not even", input: 1 },
  ]);
});

test("a rule about a field that may be absent keeps its words", () => {
  const contact = z
    .object({ email: z.string().optional(), phone: z.string().optional() })
    .refine(({ email, phone }) => email ?? phone, { path: ["email"], message: "Say how" });
  expect(faults(contact, {})).toEqual([
    { loc: ["body", "email"], type: "value_error", msg: "Say how" },
  ]);
});

test("a key that is not expected is one fault for each such key", () => {
  const items = faults(z.strictObject({ a: z.string() }), { a: "x", b: "hunter2", c: 1 });
  expect(items).toEqual([
    { loc: ["body", "b"], type: "extra_forbidden", msg: "Extra inputs are not permitted" },
    { loc: ["body", "c"], type: "extra_forbidden", msg: "Extra inputs are not permitted" },
  ]);
});

test("the refused value is repeated where it is short and simple", () => {
  expect(faults(z.int(), { a: 1 })[0]).not.toHaveProperty("input");
  expect(faults(z.int(), [1])[0]).not.toHaveProperty("input");
  expect(faults(z.int(), null)[0]).toMatchObject({ input: null });
  expect(faults(z.string(), 12n)[0]).toMatchObject({ input: "12" });
  expect(faults(z.int(), "x".repeat(200))[0]?.input).toBe(`${"x".repeat(100)}…`);
  expect(shorten(7)).toBe(7);
});

test("headers and cookies are not repeated", () => {
  for (const source of ["header", "cookie"]) {
    const [item] = faults(z.string().min(50), "hunter2", [source, "x-api-key"]);
    expect(item).toMatchObject({ loc: [source, "x-api-key"], type: "string_too_short" });
    expect(JSON.stringify(item)).not.toContain("hunter2");
  }
});

test("a secret is not repeated, however deep it stands, and whatever is wrong with it", () => {
  const secret = z.string().min(50).meta({ format: "password" });
  const schema = z.object({
    user: z.object({
      password: secret,
      pins: z.array(z.string().regex(/^\d+$/).meta({ writeOnly: true })),
    }),
    maybe: secret.optional().nullable(),
  });
  const items = faults(schema, {
    user: { password: "hunter2", pins: ["hunter2"] },
    maybe: "hunter2",
  });
  expect(items.map(({ loc }) => loc.at(-1))).toEqual(["password", 0, "maybe"]);
  expect(JSON.stringify(items)).not.toContain("hunter2");
});

test("a library that repeats the value in its message does not give a secret away", () => {
  const email = v.pipe(v.string(), v.email());
  const secret = { properties: { pin: { writeOnly: true } } };
  for (const schema of [v.object({ pin: email }), type({ pin: "string.email" })]) {
    const value = { pin: 'hunter"2' };
    const result = validatorOf(schema)(value) as { issues: [] };
    const shown = JSON.stringify(itemsOf(result.issues, body, value));
    expect(shown).toContain("hunter");
    const hidden = JSON.stringify(itemsOf(result.issues, body, value, secret));
    expect(hidden).not.toContain("hunter");
    const header = itemsOf(result.issues, ["header"], value);
    expect(JSON.stringify(header)).not.toContain("hunter");
  }
});

test("other libraries' faults have their place and their words", () => {
  const schemas = [
    v.object({ age: v.number(), name: v.string() }),
    type({ age: "number", name: "string" }),
  ];
  for (const schema of schemas) {
    const items = faults(schema, { age: "x" });
    expect(items).toHaveLength(2);
    expect(items).toContainEqual(
      expect.objectContaining({ loc: ["body", "age"], type: "value_error", input: "x" }),
    );
    expect(items).toContainEqual({ loc: ["body", "name"], type: "missing", msg: "Field required" });
  }
});

test("what stands in something secret is secret", () => {
  const schema = {
    properties: { card: { writeOnly: true, properties: { number: {} } }, open: {} },
    additionalProperties: { format: "password" },
    prefixItems: [{ writeOnly: true }],
    items: {},
  };
  expect(isSecret(schema, ["card", "number"])).toBe(true);
  expect(isSecret(schema, ["other"])).toBe(true);
  expect(isSecret(schema, ["open"])).toBe(false);
  expect([isSecret(schema, [0]), isSecret(schema, [1])]).toEqual([true, false]);
  expect(isSecret(undefined, ["card"])).toBe(false);
  expect(isSecret({ properties: {} }, ["constructor"])).toBe(false);
});

function faults(schema: Schema, value: unknown, at: readonly string[] = body) {
  const result = validatorOf(schema)(value);
  if (result instanceof Promise || !result.issues) throw new Error("nothing was refused");
  return itemsOf(result.issues, at, value, describeSchema(schema, "input"));
}
