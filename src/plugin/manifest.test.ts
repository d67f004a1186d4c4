import { expect, test } from "vitest";
import { kebab, manifestOf, readManifest } from "./manifest.ts";

const read = (json: unknown) => readManifest(json, "notes/package.json");
const permissionsOf = (permissions: unknown) =>
  read({ name: "notes", nexus: { permissions } }).permissions;

test("a package.json is a manifest", () => {
  expect(
    read({
      name: "@acme/notes",
      version: "1.2.3",
      description: "Notes",
      main: "dist/index.js",
      license: "MIT",
      nexus: {
        entry: "src/index.ts",
        title: "Your notes",
        platform: ">=0.1.0 <2",
        plugins: { "@acme/auth": "^1.0.0", mail: "*" },
        permissions: { "notes:write": "Change notes" },
        optional: true,
      },
    }),
  ).toEqual({
    name: "notes",
    version: "1.2.3",
    description: "Notes",
    title: "Your notes",
    entry: "src/index.ts",
    platform: ">=0.1.0 <2",
    plugins: { auth: "^1.0.0", mail: "*" },
    optional: true,
    permissions: { "notes:write": "Change notes" },
  });
});

test("a name is enough", () => {
  expect(read({ name: "notes" })).toMatchObject({
    version: "0.0.0",
    plugins: {},
    optional: false,
    entry: undefined,
  });
  expect(read({ name: "notes", main: "lib/index.js" }).entry).toBe("lib/index.js");
});

test("all faults of a manifest are told at once", () => {
  const broken = {
    name: "My Notes",
    version: "one",
    description: 7,
    nexus: {
      entry: [],
      title: true,
      platform: "newest",
      plugins: { auth: "whatever is there", mail: 1 },
      optional: "yes",
      plugin: {},
    },
  };
  const faults = [
    "notes/package.json is at fault",
    '"nexus.plugin" is unknown; known are entry, platform',
    '"name" must be lower-case letters',
    '"version" must be a version',
    '"nexus.platform" must be a range',
    '"nexus.plugins.auth" must be a range',
    '"nexus.plugins.mail" must be a range',
    '"nexus.optional" must be true or false',
    '"description" must be a text',
    '"nexus.title" must be a text',
    '"nexus.entry" must be a text',
  ];
  for (const fault of faults) expect(() => read(broken)).toThrow(fault);
});

test.each([null, [], "text", { name: "a", nexus: [] }, { name: "a", nexus: { plugins: "b" } }, {}])(
  "%j is no manifest",
  (json) => {
    expect(() => read(json)).toThrow(expect.objectContaining({ code: "NX_MANIFEST" }));
  },
);

test("a class without a package.json is called as itself, in kebab-case", () => {
  expect(manifestOf(class MyPlugin extends Array {})).toEqual({
    name: "my-plugin",
    version: "0.0.0",
    plugins: {},
    optional: false,
  });
  const names = {
    HTTPServer: "http-server",
    Notes2Go: "notes2-go",
    $Odd_Name$: "odd-name",
    "": "plugin",
  };
  for (const [name, made] of Object.entries(names)) expect(kebab(name)).toBe(made);
});

test("a plugin names the permissions that it brings, with or without what they allow", () => {
  expect(permissionsOf(undefined)).toBeUndefined();
  expect(permissionsOf(["notes:read", "notes:write"])).toEqual({
    "notes:read": "",
    "notes:write": "",
  });
  expect(() => permissionsOf({ "notes:*": "All", "": "", "a b": "", ok: 1 })).toThrow(
    /"notes:\*", which.*"", which.*"a b", which.*"nexus.permissions.ok" must be a text/,
  );
  expect(() => permissionsOf([1])).toThrow("1, which is no name");
  expect(() => permissionsOf("notes:write")).toThrow("must be an object");
});
