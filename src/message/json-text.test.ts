import { expect, test } from "vitest";
import { toJSON } from "./json-text.ts";

test("in JSON a bigint is a number, a Date is UTC with milliseconds, undefined is null", () => {
  expect(toJSON({ id: 9007199254740993n, at: new Date(0) })).toBe(
    '{"id":9007199254740993,"at":"1970-01-01T00:00:00.000Z"}',
  );
  expect(toJSON([1n, null])).toBe("[1,null]");
  expect(toJSON(undefined)).toBe("null");
  expect(toJSON("\ud800")).toBe(String.raw`"\ud800"`);
});

test("what JSON cannot say is an error, not a null", () => {
  for (const number of [NaN, Infinity, -Infinity]) {
    expect(() => toJSON(number)).toThrow(TypeError);
    expect(() => toJSON({ a: [{ b: number }], id: 1n })).toThrow(`JSON has no ${number} (at "b")`);
  }
  const ring: { self?: unknown } = {};
  ring.self = ring;
  expect(() => toJSON(ring)).toThrow(TypeError);
});

test("whatever holds what JSON cannot say, the error names it", () => {
  class Point {
    x = NaN;
  }
  const bare = Object.assign(Object.create(null), { y: -Infinity });
  expect(() => toJSON([new Point()])).toThrow('JSON has no NaN (at "x")');
  expect(() => toJSON({ bare })).toThrow('JSON has no -Infinity (at "y")');
  expect(() => toJSON({ list: [1, Infinity] })).toThrow('JSON has no Infinity (at "1")');
  expect(() => toJSON({ later: Promise.resolve(1) })).toThrow('A promise (at "later")');
  expect(() => toJSON({ tags: new Set(["a"]) })).toThrow('JSON has no Set (at "tags")');
});

test("what says itself how it is written, and what an object only inherits, is not looked into", () => {
  const money = { amount: NaN, toJSON: () => null };
  const heir = Object.create({ rate: NaN });
  expect(toJSON({ money, heir, at: new Date(NaN) })).toBe('{"money":null,"heir":{},"at":null}');
});
