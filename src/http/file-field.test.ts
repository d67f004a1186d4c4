import { supportedMimeTypes } from "file-type";
import { expect, expectTypeOf, test } from "vitest";
import type { UploadFile } from "../message/index.ts";
import type { Out } from "../validation/index.ts";
import { file as typedFile, files as typedFiles } from "./index.ts";

// As JavaScript calls them: the types would refuse some of what stands here.
const file = typedFile as (options?: object) => unknown;
const files = typedFiles as (options?: object) => unknown;

test.each([
  [() => file({ max: 2 }), 'file() says "max", which it does not understand.'],
  [() => file({ types: [] }), "file() has [] among its types."],
  [() => file({ types: ["png"] }), 'file() has "png" among its types.'],
  [() => file({ types: "image/png" }), "file() has no list as types."],
  [() => file({ sniff: true }), "file() is to sniff, but says no types."],
  [() => files({ min: 3, max: 2 }), "files() says min: 3 and max: 2."],
  [() => files({ max: 0 }), "files() says min: 1 and max: 0."],
  [() => files({ max: 1.5 }), "files() says min: 1 and max: 1.5."],
  [() => files({ max: 1001 }), "files() says max: 1001."],
  [() => files({ optional: true }), 'files() says "optional", which it does not understand.'],
])("options that do not fit are refused at start: %s", (make, message) => {
  expect(make).toThrow(expect.objectContaining({ code: "NX_ROUTE_SPEC" }));
  expect(make).toThrow(message);
});

test("types that no content can be found to be are refused beside sniff", () => {
  const textual = [
    "text/csv",
    "text/*",
    "image/svg+xml",
    "application/json",
    "application/geo+json",
  ];
  for (const type of textual) {
    const make = (): unknown => files({ types: ["image/png", type.toUpperCase()], sniff: true });
    expect(make).toThrow(expect.objectContaining({ code: "NX_ROUTE_SPEC" }));
    expect(make).toThrow(`files() is to sniff, but no content can be found to be ${type}.`);
  }
});

test("every type that is known by its first bytes may be sniffed for", () => {
  for (const type of supportedMimeTypes)
    if (!type.includes(";")) expect(() => file({ types: [type], sniff: true })).not.toThrow();
});

test("a size that cannot be read is refused at start", () => {
  expect(() => file({ maxSize: "10 megabytes" })).toThrow(
    expect.objectContaining({ code: "NX_SIZE" }),
  );
});

test("the type of a file has undefined unless it is certain that there is one", () => {
  const perhaps = typedFile({ optional: new Date().getTime() > 0 });
  expectTypeOf<Out<typeof perhaps>>().toEqualTypeOf<UploadFile | undefined>();
  const always = typedFile({ optional: false, maxSize: "1MB" });
  expectTypeOf<Out<typeof always>>().toEqualTypeOf<UploadFile>();
});
