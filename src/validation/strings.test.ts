import { expect, test } from "vitest";
import { z } from "zod";
import { describe as describeSchema } from "./schema.ts";
import { readDate, type Reader, readerOf, wantsList } from "./strings.ts";

test("a boolean is said with many words, in any case", () => {
  const read = readerFor(z.boolean());
  for (const word of ["true", "1", "yes", "on", "y", "t", "TRUE", " On "]) {
    expect(read(word)).toEqual({ value: true });
  }
  for (const word of ["false", "0", "no", "off", "n", "f", "False", "OFF"]) {
    expect(read(word)).toEqual({ value: false });
  }
  for (const word of ["2", "maybe", "", "tru", "-1"]) {
    expect(read(word).fault?.type).toBe("bool_parsing");
  }
});

test("an integer has digits, perhaps a sign, spaces around it, zeros before or after it", () => {
  const read = readerFor(z.int());
  for (const [text, value] of [
    ["7", 7],
    ["-3", -3],
    ["+5", 5],
    ["1.0", 1],
    ["2.000", 2],
    ["00012", 12],
    [" 8 ", 8],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ] as const) {
    expect(read(text)).toEqual({ value });
  }
  expect(Object.is((read("-0") as { value: number }).value, 0)).toBe(true);
});

test("nothing else is an integer", () => {
  const read = readerFor(z.int());
  const texts = ["1.5", "1e3", "1e2", "0x10", "inf", "Infinity", "NaN", "", " ", "1_000", "abc"];
  for (const text of [...texts, "१", "1 2", "1.", "--1"]) {
    expect(read(text).fault).toEqual({
      type: "int_parsing",
      msg: "Input should be a valid integer, unable to parse string as an integer",
    });
  }
});

test("an integer that a number would round is refused; a bigint keeps it", () => {
  expect(readerFor(z.int())("9007199254740993").fault?.type).toBe("int_parsing_size");
  const read = readerFor(z.bigint());
  expect(read("9007199254740993")).toEqual({ value: 9007199254740993n });
  expect(read(" +12.0 ")).toEqual({ value: 12n });
  expect(read("-7")).toEqual({ value: -7n });
  for (const text of ["1.5", "", "0x10", "9".repeat(1000)]) {
    expect(read(text).fault?.type).toBe("int_parsing");
  }
});

test("a number may have a fraction and an exponent, but must be finite", () => {
  const read = readerFor(z.number());
  for (const [text, value] of [
    ["1.5", 1.5],
    ["1e3", 1000],
    ["-2.5E-1", -0.25],
    [" .5 ", 0.5],
    ["1.", 1],
  ] as const) {
    expect(read(text)).toEqual({ value });
  }
  for (const text of ["NaN", "inf", "Infinity", "1e400", "", "0x10", "1_000", "1,5", "e3"]) {
    expect(read(text).fault?.type).toBe("float_parsing");
  }
});

test("text stays as it is, the empty one too, and a number in it is no number", () => {
  const read = readerFor(z.string());
  for (const text of ["", " a ", "1", "true", "null"]) expect(read(text)).toEqual({ value: text });
});

test("of a value given twice the last one counts; a list takes them all", () => {
  expect(readerFor(z.int())(["1", "2"])).toEqual({ value: 2 });
  const list = readerFor(z.array(z.int()));
  expect(list(["1", "2"])).toEqual({ value: [1, 2] });
  expect(list("1")).toEqual({ value: [1] });
  expect(readerFor(z.array(z.string()))("1,2")).toEqual({ value: ["1,2"] });
});

test("a fault in a list says which of its items it is", () => {
  expect(readerFor(z.array(z.int()))(["1", "x", "y"]).fault).toMatchObject({
    type: "int_parsing",
    at: 1,
  });
});

test("a default, null or optional changes nothing of how text is read", () => {
  for (const schema of [z.int().default(1), z.int().nullable(), z.int().optional()]) {
    expect(readerFor(schema)("7")).toEqual({ value: 7 });
    expect(readerFor(schema)("").fault?.type).toBe("int_parsing");
  }
  expect(wantsList(json(z.array(z.string()).default([])))).toBe(true);
  expect(wantsList(json(z.array(z.string()).nullable()))).toBe(true);
  expect(wantsList(json(z.string()))).toBe(false);
  expect(wantsList(undefined)).toBe(false);
});

test("of several types the narrowest that fits is read", () => {
  const limit = readerFor(z.union([z.int(), z.literal("all")]));
  expect(limit("7")).toEqual({ value: 7 });
  expect(limit("all")).toEqual({ value: "all" });
  const either = readerFor(z.union([z.int(), z.boolean()]));
  expect(either("1")).toEqual({ value: 1 });
  expect(either("true")).toEqual({ value: true });
  expect(either("maybe").fault?.type).toBe("int_parsing");
});

test("choices are read as what they are", () => {
  expect(readerFor(z.literal([1, 2]))("2")).toEqual({ value: 2 });
  expect(readerFor(z.enum(["1", "2"]))("2")).toEqual({ value: "2" });
  expect(readerOf({ enum: [1, 2] })("2")).toEqual({ value: 2 });
  expect(readerOf({ const: true })("yes")).toEqual({ value: true });
});

test("a schema that says nothing of types gets the text", () => {
  expect(readerOf(undefined)("7")).toEqual({ value: "7" });
  expect(readerOf({})(["a", "b"])).toEqual({ value: "b" });
  expect(readerOf({})([])).toEqual({ value: "" });
});

test("a date is ISO with T or a space, a day alone, or Unix seconds or milliseconds", () => {
  for (const [text, iso] of [
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"],
    ["2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678Z"],
    ["2026-01-02t03:04:05z", "2026-01-02T03:04:05.000Z"],
    ["2026-01-02 03:04", "2026-01-02T03:04:00.000Z"],
    ["2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000Z"],
    ["2026-01-02T03:04:05-0330", "2026-01-02T06:34:05.000Z"],
    ["2026-01-02", "2026-01-02T00:00:00.000Z"],
    [" 2024-02-29 ", "2024-02-29T00:00:00.000Z"],
    ["1767225600", "2026-01-01T00:00:00.000Z"],
    ["1767225600000", "2026-01-01T00:00:00.000Z"],
    ["1767225600.5", "2026-01-01T00:00:00.500Z"],
    ["-1", "1969-12-31T23:59:59.000Z"],
  ] as const) {
    expect(readDate(text)?.toISOString(), text).toBe(iso);
  }
  expect(readerFor(z.date())("2026-01-02")).toEqual({ value: new Date("2026-01-02") });
});

test("a day that no calendar has, and other spellings, are no date", () => {
  for (const text of [
    "2026-02-30",
    "2025-02-29T00:00:00Z",
    "2026-13-01",
    "2026-01-02T25:00:00Z",
    "2026-01-02T03:04:61Z",
    "2026-01-02T03:04:05+99:00",
    "02.01.2026",
    "Jan 2 2026",
    "tomorrow",
    "",
    "99999999999999999",
  ]) {
    expect(readDate(text), text).toBeUndefined();
  }
  expect(readerFor(z.date())("tomorrow").fault?.type).toBe("datetime_parsing");
});

test("even a very long text is read in no time", () => {
  const long = "1".repeat(100_000);
  const start = performance.now();
  for (const schema of [z.int(), z.number(), z.bigint(), z.boolean(), z.date()]) {
    expect(readerFor(schema)(`${long}x`).fault).toBeDefined();
    expect(readerFor(schema)(`${" ".repeat(100_000)}x${" ".repeat(100_000)}`).fault).toBeDefined();
  }
  expect(performance.now() - start).toBeLessThan(5000);
});

function json(schema: z.ZodType) {
  return describeSchema(schema, "input");
}

function readerFor(schema: z.ZodType): Reader {
  return readerOf(json(schema));
}
