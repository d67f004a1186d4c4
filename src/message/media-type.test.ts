import { expect, test } from "vitest";
import { bareType, isMediaRange, isMediaType } from "./media-type.ts";

test("a media type has two names, and perhaps parameters", () => {
  for (const type of ["text/plain", "image/svg+xml", "text/plain; charset=utf-8", "a/b ;c"])
    expect(isMediaType(type)).toBe(true);
  for (const type of ["", "text", "text/", "/plain", "image/*", "a/b c", "a/b;\n", "a/b;ä"])
    expect(isMediaType(type)).toBe(false);
});

test("a range is one type, or all of a kind, and has no parameters", () => {
  for (const range of ["image/png", "image/*"]) expect(isMediaRange(range)).toBe(true);
  for (const range of ["png", "*/*", "*/png", "image/p*", "text/plain; charset=utf-8"])
    expect(isMediaRange(range)).toBe(false);
});

test("types are compared without parameters, whatever their case", () => {
  expect(bareType("Text/HTML ; charset=utf-8")).toBe("text/html");
  expect(bareType("")).toBe("");
});
