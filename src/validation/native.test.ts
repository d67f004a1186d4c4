import { expect, test } from "vitest";
import { z } from "zod";
import { reviverOf } from "./native.ts";
import { describe as describeSchema } from "./schema.ts";

test("a schema without dates and bigints needs no second look at a body", () => {
  expect(reviver(z.object({ a: z.string(), b: z.array(z.int()) }))).toBeUndefined();
  expect(reviverOf(undefined)).toBeUndefined();
});

test("where a schema wants a Date, its text becomes one", () => {
  const revive = reviver(z.object({ at: z.date(), name: z.string() }))!;
  expect(revive({ at: "2026-01-02T03:04:05Z", name: "2026-01-02T03:04:05Z" })).toEqual({
    at: new Date("2026-01-02T03:04:05Z"),
    name: "2026-01-02T03:04:05Z",
  });
});

test("where a schema wants a bigint, a whole number becomes one", () => {
  const revive = reviver(z.object({ id: z.bigint() }))!;
  expect(revive({ id: 7 })).toEqual({ id: 7n });
  expect(revive({ id: 9007199254740993n })).toEqual({ id: 9007199254740993n });
});

test("what is no date and no integer stays, for the schema to refuse", () => {
  const revive = reviver(z.object({ at: z.date(), id: z.bigint() }))!;
  for (const value of [
    { at: "soon", id: 1.5 },
    { at: 5, id: "7" },
    { at: null, id: 2 ** 53 },
    {},
    null,
    [],
    "x",
  ]) {
    expect(revive(value)).toEqual(value);
  }
});

test("they are found in lists, records, optional fields and deep inside", () => {
  const schema = z.object({
    list: z.array(z.object({ at: z.date().nullable() })),
    byName: z.record(z.string(), z.date()),
    maybe: z.bigint().optional(),
  });
  const at = new Date("2026-01-02");
  expect(
    reviver(schema)!({
      list: [{ at: "2026-01-02" }, { at: null }],
      byName: { a: "2026-01-02" },
      maybe: 1,
    }),
  ).toEqual({ list: [{ at }, { at: null }], byName: { a: at }, maybe: 1n });
});

test("a body is not changed, but copied, and its other keys are kept", () => {
  const body = { at: "2026-01-02", other: 1 };
  const revived = reviver(z.object({ at: z.date() }))!(body);
  expect(body.at).toBe("2026-01-02");
  expect(revived).toEqual({ at: new Date("2026-01-02"), other: 1 });
});

test("a key called __proto__ has no effect", () => {
  const body: unknown = JSON.parse('{"at":"2026-01-02","__proto__":{"admin":true}}');
  const revived = reviver(z.object({ at: z.date() }))!(body) as { admin?: boolean };
  expect(revived.admin).toBeUndefined();
  expect(Object.getPrototypeOf(revived)).toBe(Object.prototype);
  const record = reviver(z.record(z.string(), z.date()))!(body) as { admin?: boolean };
  expect(record.admin).toBeUndefined();
});

function reviver(schema: z.ZodType) {
  return reviverOf(describeSchema(schema, "input"));
}
