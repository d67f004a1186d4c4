import { type } from "arktype";
import * as v from "valibot";
import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  describe as describeSchema,
  type In,
  isSchema,
  makesJSON,
  nativeType,
  type Out,
  type Schema,
  useLibrary,
  validatorOf,
} from "./schema.ts";

test("a schema is what speaks Standard Schema, of whatever library", () => {
  for (const schema of [z.string(), v.string(), type("string")]) {
    expect(isSchema(schema)).toBe(true);
  }
  for (const other of [undefined, null, {}, "x", () => {}, { "~standard": {} }]) {
    expect(isSchema(other)).toBe(false);
  }
});

test("the check of a schema gives what the schema makes of a value, or the issues", async () => {
  const schema = z.object({ n: z.string().transform(Number) });
  expectTypeOf<In<typeof schema>>().toEqualTypeOf<{ n: string }>();
  expectTypeOf<Out<typeof schema>>().toEqualTypeOf<{ n: number }>();
  const validate = validatorOf(schema);
  expect(await validate({ n: "7" })).toEqual({ value: { n: 7 } });
  expect((await validate({ n: 7 })).issues).toHaveLength(1);
  expect(validatorOf(schema)).toBe(validate);
});

test("a library may have a compiler, which is asked once for each schema, by its first value", async () => {
  const schema = custom("slow");
  let compiled = 0;
  useLibrary("test-library", {
    compile(slow) {
      compiled++;
      return slow === schema ? custom("fast") : slow;
    },
  });
  const validate = validatorOf(schema);
  expect(compiled).toBe(0);
  expect(await validate("x")).toEqual({ value: "fast" });
  expect(await validatorOf(schema)("x")).toEqual({ value: "fast" });
  expect(compiled).toBe(1);
  expect(await validatorOf(custom("plain"))("x")).toEqual({ value: "plain" });
});

test("whether a schema makes plain JSON is for its library to say", () => {
  expect(makesJSON(v.string())).toBe(false);
  useLibrary("test-library", { compile: (schema) => schema });
  expect(makesJSON(custom("a"))).toBe(false);
  useLibrary("test-library", { compile: (schema) => schema, makesJSON: () => true });
  expect(makesJSON(custom("a"))).toBe(true);
});

test("a schema is described from the outside and from the inside", () => {
  const schema = z.object({ page: z.int().min(1).default(1).describe("Page number") });
  expect(describeSchema(schema, "input")).toEqual({
    type: "object",
    properties: {
      page: {
        type: "integer",
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        default: 1,
        description: "Page number",
      },
    },
  });
  expect(describeSchema(schema, "output")).toMatchObject({ required: ["page"] });
});

test("a date is a date-time, a bigint an integer, and both are marked", () => {
  expect(describeSchema(z.date(), "input")).toEqual({
    type: "string",
    format: "date-time",
    [nativeType]: "date",
  });
  expect(describeSchema(z.bigint(), "input")).toEqual({ type: "integer", [nativeType]: "bigint" });
});

test("what a transform makes is anything: it does not make the rest indescribable", () => {
  const schema = z.object({ n: z.string().transform(Number), at: z.date() });
  expect(describeSchema(schema, "input")?.properties?.n).toEqual({ type: "string" });
  expect(describeSchema(schema, "output")?.properties).toMatchObject({
    n: {},
    at: { format: "date-time" },
  });
});

test("a library that cannot describe its schemas gives nothing; one that can is asked", () => {
  expect(describeSchema(v.string(), "input")).toBeUndefined();
  expect(describeSchema(type({ name: "string" }), "input")).toMatchObject({
    type: "object",
    properties: { name: { type: "string" } },
  });
});

function custom(answer: string): Schema {
  return {
    "~standard": { version: 1, vendor: "test-library", validate: () => ({ value: answer }) },
  };
}
