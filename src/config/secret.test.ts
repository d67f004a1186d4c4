import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { describe } from "../validation/index.ts";
import { mask, secret } from "./index.ts";

test("secret marks a schema, keeps its type, and leaves the original alone", () => {
  const plain = z.string().min(8).describe("A key");
  const marked = secret(plain);
  expectTypeOf(marked).toEqualTypeOf(plain);
  const mark = { writeOnly: true, format: "password" };
  expect(describe(marked, "input")).toMatchObject({ ...mark, description: "A key", minLength: 8 });
  expect(describe(plain, "input")).not.toMatchObject(mark);
  expect(marked.safeParse("short").success).toBe(false);
});

test("secret marks schemas of any library", async () => {
  for (const plain of [type("string"), v.string()]) {
    const marked = secret(plain);
    expect(describe(marked, "input")).toMatchObject({ writeOnly: true });
    expect(await marked["~standard"].validate(1)).toHaveProperty("issues");
    expect(await marked["~standard"].validate("x")).toMatchObject({ value: "x" });
    expect(mask(marked, "x")).toBe("********");
  }
  const account = type({ name: "string", key: secret(type("string")) });
  expect(mask(account, { name: "n", key: "k" })).toEqual({ name: "n", key: "********" });
  const wrapped = v.object({ key: secret(v.string()) });
  expect(v.parse(wrapped, { key: "x" })).toEqual({ key: "x" });
});

test("a mark of one's own will do, where a library's converter takes it over", () => {
  const key = v.pipe(v.string(), v.metadata({ writeOnly: true }));
  const schema = toStandardJsonSchema(v.object({ name: v.string(), key }));
  expect(mask(schema, { name: "n", key: "k" })).toEqual({ name: "n", key: "********" });
});

test("mask shows a copy in which secrets are covered, wherever they are", () => {
  const key = secret(z.string());
  const schema = z.object({
    name: z.string(),
    key: key.optional(),
    unset: key.nullable(),
    list: z.array(z.object({ key, n: z.int() })),
    pair: z.tuple([z.string(), key]),
    byName: z.record(z.string(), key),
    either: z.union([z.object({ key }), z.object({ word: z.string() })]),
    both: z.intersection(z.object({ key }), z.object({ n: z.int() })),
    whole: secret(z.object({ a: z.int() })),
    named: z.object({ key }).meta({ id: "SecretTestNamed" }),
    piped: key.transform((text) => text.length),
    filled: key.default("abc"),
    when: z.date(),
  });
  const when = new Date(0);
  const value = {
    name: "n",
    key: "k",
    unset: null,
    list: [{ key: "k", n: 1 }],
    pair: ["a", "k"],
    byName: { x: "k" },
    either: { key: "k" },
    both: { key: "k", n: 1 },
    whole: { a: 1 },
    named: { key: "k" },
    piped: 7,
    filled: "abc",
    when,
  };
  const before = structuredClone(value);
  const dots = "********";
  expect(mask(schema, value)).toEqual({
    name: "n",
    key: dots,
    unset: null,
    list: [{ key: dots, n: 1 }],
    pair: ["a", dots],
    byName: { x: dots },
    either: { key: dots },
    both: { key: dots, n: 1 },
    whole: dots,
    named: { key: dots },
    piped: dots,
    filled: dots,
    when,
  });
  expect(value).toEqual(before);
});

test("mask follows a schema that contains itself", () => {
  interface Tree {
    key: string;
    branches: Tree[];
  }
  const tree: z.ZodType<Tree> = z.lazy(() =>
    z.object({ key: secret(z.string()), branches: z.array(tree) }),
  );
  const value = { key: "a", branches: [{ key: "b", branches: [] }] };
  expect(JSON.stringify(mask(tree, value))).not.toMatch(/"[ab]"/);
});

test("of a schema that cannot describe itself everything is covered", () => {
  const schema = v.object({ a: v.string(), b: v.array(v.number()) });
  expect(mask(schema, { a: "x", b: [1], c: undefined })).toEqual({
    a: "********",
    b: ["********"],
    c: undefined,
  });
});
