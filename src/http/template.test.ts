import { expect, expectTypeOf, test } from "vitest";
import { converters, parseTemplate, type PathParams, shapeOf, type Template } from "./template.ts";

test("a template is texts and parameters between slashes", () => {
  expect(parseTemplate("/users/{id:int}/{rest:path}")).toEqual([
    { kind: "literal", text: "users" },
    { kind: "parameter", name: "id", converter: "int", prefix: "", suffix: "" },
    { kind: "parameter", name: "rest", converter: "path", prefix: "", suffix: "" },
  ]);
  expect(parseTemplate("/")).toEqual([{ kind: "literal", text: "" }]);
});

test("a parameter may have text around it", () => {
  expect(parseTemplate("/v{version:int}.json")).toEqual([
    { kind: "parameter", name: "version", converter: "int", prefix: "v", suffix: ".json" },
  ]);
});

test("a template that cannot be meant is refused, and says why", () => {
  for (const [template, why] of [
    ["users", 'does not start with "/"'],
    ["", 'does not start with "/"'],
    ["/{a}{b}", "has two parameters in the segment"],
    ["/{a", "has unbalanced braces"],
    ["/a}", "has unbalanced braces"],
    ["/{{a}}", "has unbalanced braces"],
    ["/{}", "has a parameter without a name"],
    ["/{:int}", "has a parameter without a name"],
    ["/{id:integer}", 'has no converter "integer"'],
    ["/{id:int:int}", 'has no converter "int:int"'],
    ["/{id:constructor}", 'has no converter "constructor"'],
    ["/{id}/{id}", "has {id} twice"],
    ["/{rest:path}/more", "has {rest:path} before its end"],
    ["/x{rest:path}", "has {rest:path} before its end"],
  ] as const) {
    expect(() => parseTemplate(template)).toThrow(
      expect.objectContaining({ code: "NX_TEMPLATE", message: expect.stringContaining(why) }),
    );
  }
});

test("templates that differ only in their parameters' names have one shape", () => {
  expect(shape("/users/{id}")).toBe(shape("/users/{user_id:str}"));
  expect(shape("/users/{id}")).not.toBe(shape("/users/{id:int}"));
  expect(shape("/users/{id}")).not.toBe(shape("/users/{id}.json"));
  expect(shape("/users")).not.toBe(shape("/users/"));
});

test("an int may be negative, or have a fraction of zeros", () => {
  expect(converters.int("-3")).toEqual({ value: -3 });
  expect(converters.int("1.0")).toEqual({ value: 1 });
  for (const text of ["abc", "1e2", "1.5", ""]) {
    expect(converters.int(text).fault?.type).toBe("int_parsing");
  }
});

test("a float is a finite number", () => {
  expect(converters.float("1e2")).toEqual({ value: 100 });
  for (const text of ["NaN", "inf", "x"]) {
    expect(converters.float(text).fault?.type).toBe("float_parsing");
  }
});

test("a UUID may be without hyphens and in capitals, and is normalised", () => {
  const value = "0f8fad5b-d9cb-469f-a165-70867728950e";
  for (const text of [value, value.replaceAll("-", ""), value.toUpperCase()]) {
    expect(converters.uuid(text)).toEqual({ value });
  }
  for (const text of ["", "7", `${value}0`, value.replace("0f", "zz"), `-${value}`]) {
    expect(converters.uuid(text).fault?.type).toBe("uuid_parsing");
  }
});

test("text stays text", () => {
  expect([converters.str("7"), converters.path("a/b")]).toEqual([{ value: "7" }, { value: "a/b" }]);
});

test("the compiler reads a template too", () => {
  expectTypeOf<PathParams<"/a/{id:int}/{name}/{rest:path}">>().toEqualTypeOf<
    { id: number } & { name: string } & { rest: string }
  >();
  expectTypeOf<Template<"/a/{id}">>().toEqualTypeOf<"/a/{id}">();
  expectTypeOf<Template<"a">>().toEqualTypeOf<"a path starts with /">();
  expectTypeOf<Template<"/{id}/{id}">>().toEqualTypeOf<"{id} is in the path twice">();
  expectTypeOf<
    Template<"/{id:integer}">
  >().toEqualTypeOf<"no converter 'integer': use int, float, uuid, path or str">();
});

function shape(template: string): string {
  return shapeOf(parseTemplate(template));
}
