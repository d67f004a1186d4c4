import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { post } from "./http/index.ts";
import { toJSON } from "./message/index.ts";
import { Plugin } from "./plugin/index.ts";
import { TestClient } from "./testing/index.ts";
import { makesJSON, type Result, type Schema, validatorOf } from "./validation/index.ts";
import "./zod.ts";

test("lengths count characters, whether compiled or not: an emoji is one (V5)", () => {
  const name = z.string().min(2).max(3);
  for (const schema of [name, z.compile(name)]) {
    for (const [value, fits] of [
      ["😀", false],
      ["😀😀😀", true],
      ["😀😀😀😀", false],
    ] as const) {
      expect([value, schema.safeParse(value).success]).toEqual([value, fits]);
    }
  }
});

test("schemas that can be compiled and schemas that cannot check the same", async () => {
  interface Tree {
    children: Tree[];
  }
  const Tree: z.ZodType<Tree> = z.object({
    get children() {
      return z.array(Tree);
    },
  });
  for (const [schema, fits, not] of [
    [z.object({ a: z.int() }), { a: 1 }, { a: "1" }],
    [Tree, { children: [{ children: [] }] }, { children: [{}] }],
    [z.lazy(() => z.string()), "a", 1],
    [z.preprocess((value) => Number(value), z.int()), "7", "x"],
    [z.string().refine(async (word) => word !== "taken"), "new", "taken"],
    [z.custom<string>((value) => value === "me"), "me", "you"],
    [z.codec(z.string(), z.int(), { decode: Number, encode: String }), "7", "x"],
    [z.json(), { a: [1, null] }, undefined],
    [z.record(z.enum(["a", "b"]), z.int()), { a: 1, b: 2 }, { a: 1 }],
    [z.strictObject({ a: z.int().catch(5) }), { a: "x" }, { b: 1 }],
  ] as [Schema, unknown, unknown][]) {
    class Checking extends Plugin {
      check = post("/", { body: schema }, () => "fits");
    }
    await using client = await TestClient.of(Checking);
    expect(await (await client.post("/", { json: fits })).json()).toBe("fits");
    expect((await client.post("/", { json: not })).status).toBe(422);
  }
});

const names = ["a", "b", "toString"];

class Own {
  a = "x";
  get b() {
    return 1;
  }
}

/** What handlers return and clients send, and what neither should. */
const odd: readonly (readonly unknown[])[] = [
  ["", "a", "ab", " a ", "😀", "\ud800", "x".repeat(60), "2020-01-01", true, false, null],
  [0, -0, 1, 1.5, 3, 100, 2 ** 53, -1, NaN, Infinity, 1n, undefined, new Date(0)],
  [new Date(NaN), new Map(), Promise.resolve(1), /a/, new Own(), Object.create({ a: "x" })],
  [JSON.parse('{"__proto__":{"a":1},"a":"a"}'), Object.assign([], { 1: "a" })],
];

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { arbitrary: fc.constantFrom(...odd.flat()), weight: 3 },
    { arbitrary: fc.array(tie("value"), { maxLength: 3 }), weight: 1 },
    {
      arbitrary: fc.dictionary(fc.constantFrom(...names, "c", "__proto__"), tie("value"), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
      weight: 3,
    },
  ),
}));

const leaves: readonly (() => z.ZodType)[] = [
  () => z.string(),
  () => z.string().min(1).max(3),
  () => z.string().regex(/^a/g),
  () => z.string().regex(/a/y),
  () => z.iso.date(),
  () => z.string().trim(),
  () => z.string().refine((text) => text !== "ab"),
  () => z.string().transform((text) => text.length),
  () => z.string().superRefine((_, context) => void Object.assign(context, { value: NaN })),
  () => z.int().min(0).max(10),
  () => z.number().gt(0).lt(3).multipleOf(0.5),
  () => z.number(),
  () => z.number().overwrite((number) => number / 0),
  () => z.boolean(),
  () => z.null(),
  () => z.literal(["a", 1, null]),
  () => z.enum({ A: 1, B: NaN }),
  () => z.date(),
  () => z.bigint(),
  () => z.nan(),
  () => z.any(),
  () => z.number().default(NaN),
  () => z.string().prefault("p"),
  () => z.preprocess((given) => (typeof given === "string" ? given.length : given), z.number()),
  () => z.stringbool(),
  () => z.custom((given) => given === 1),
  () => z.map(z.any(), z.any()),
  () => z.json(),
  () => z.lazy(() => z.string()),
];

// Two corners are left out in which Zod 4.6 compiles to something else: a tuple that is shorter than
// its items, and an intersection of what cannot be merged.
const { schema } = fc.letrec<{ schema: z.ZodType }>((tie) => {
  const one = tie("schema");
  const of = (make: (inner: z.ZodType) => z.ZodType) => ({ arbitrary: one.map(make), weight: 1 });
  const ofTwo = (make: (one: z.ZodType, other: z.ZodType) => z.ZodType) => ({
    arbitrary: fc.tuple(one, one).map(([a, b]) => make(a, b)),
    weight: 1,
  });
  const shape = fc.dictionary(fc.constantFrom(...names), one, {
    maxKeys: 3,
    noNullPrototype: true,
  });
  const object: fc.Arbitrary<z.ZodType> = fc
    .tuple(shape, fc.nat(4))
    .map(
      ([members, kind]) =>
        [
          z.object(members),
          z.strictObject(members),
          z.looseObject(members),
          z.object(members).catchall(z.string()),
          z.object(members).partial(),
        ][kind]!,
    );
  return {
    schema: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { arbitrary: fc.constantFrom(...leaves).map((make) => make()), weight: 4 },
      { arbitrary: object, weight: 4 },
      of((inner) => z.array(inner)),
      of((inner) => z.array(inner).min(1).max(2)),
      of((inner) => inner.optional()),
      of((inner) => inner.nullable()),
      of((inner) => inner.readonly()),
      of((inner) => z.record(z.string(), inner)),
      of((inner) => z.record(z.enum(["a", "b"]), inner)),
      ofTwo((first, second) => z.union([first, second])),
      ofTwo((first, second) => first.pipe(second)),
    ),
  };
});

test("what was compiled accepts, makes and refuses what Zod itself does; what it knows to be JSON is", async () => {
  const checking = fc.asyncProperty(schema, fc.tuple(value, value, value), async (zod, values) => {
    const validate = validatorOf(zod);
    const isJSON = makesJSON(zod);
    for (const given of values) {
      const fast = await outcomeOf(validate(given));
      const slow = await outcomeOf((zod as Schema)["~standard"].validate(given));
      expect(isDeepStrictEqual(fast, slow)).toBe(true);
      if ("value" in fast && isJSON)
        expect(JSON.stringify(fast.value) ?? "null").toBe(toJSON(fast.value));
    }
  });
  await fc.assert(checking, { numRuns: 300 });
});

test.each<[boolean, z.ZodType]>([
  [true, z.object({ a: z.int(), b: z.array(z.string().nullable()).optional() })],
  [true, z.strictObject({ at: z.date(), kind: z.enum(["a", "b"]), of: z.literal([1, null]) })],
  [true, z.preprocess(String, z.email().min(3))],
  [true, z.record(z.string(), z.tuple([z.number().gt(0)], z.boolean()))],
  [true, z.discriminatedUnion("a", [z.object({ a: z.literal(1) }), z.object({ a: z.null() })])],
  [false, z.object({ a: z.any() })],
  [false, z.looseObject({})],
  [false, z.string().transform(() => NaN)],
  [false, z.number().overwrite(() => NaN)],
  [false, z.number().refine(() => true)],
  [false, z.number().default(NaN)],
  [false, z.number().catch(NaN)],
  [false, z.union([z.string(), z.bigint()])],
  [false, z.literal([1n])],
  [false, z.set(z.string())],
  [false, z.object({ deep: z.object({ a: z.custom() }) })],
])("whether a schema makes plain JSON is %s only where that is certain (%#)", (is, zod) => {
  expect(makesJSON(zod)).toBe(is);
});

test("a schema that stands in itself makes plain JSON where all of it does", () => {
  const Tree = z.object({
    name: z.string(),
    get children() {
      return z.array(Tree);
    },
  });
  const Loose = z.looseObject({
    get next() {
      return Loose.optional();
    },
  });
  expect([makesJSON(Tree), makesJSON(Loose)]).toEqual([true, false]);
});

/** What came of it, with the order and the holders of all members. */
async function outcomeOf(result: Result | Promise<Result>) {
  const { issues, ...made } = (await result) as Result & { readonly value?: unknown };
  if (issues) return { issues: issues.map(({ message, path }) => ({ message, path })) };
  return { ...made, order: orderOf(made.value) };
}

function orderOf(of: unknown): unknown {
  if (typeof of !== "object" || of === null || of instanceof Date) return typeof of;
  const members = Reflect.ownKeys(of).map((key) => [key, orderOf(Reflect.get(of, key))]);
  return [Object.getPrototypeOf(of), ...members];
}
