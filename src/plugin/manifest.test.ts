import { expect, test } from "vitest";
import type { ManifestError } from "./manifest-faults.ts";
import {
  isPluginName,
  isVersion,
  kebab,
  manifestOf,
  parseManifest,
  readManifest,
} from "./manifest.ts";

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
    license: "MIT",
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

/** What is wrong, a line each. */
const faultsOf = (json: unknown, published = false): readonly string[] => {
  try {
    readManifest(json, "notes/package.json", { published });
  } catch (error) {
    return (error as ManifestError).faults;
  }
  return [];
};

test("all faults of a manifest are told at once, each with its cure", () => {
  const broken = {
    name: "My Notes",
    version: "one",
    description: 7,
    license: { type: "MIT" },
    nexus: {
      entry: [],
      title: true,
      platform: "newest",
      plugins: { auth: "whatever is there", mail: 1 },
      optional: "yes",
      plugin: {},
      colour: "green",
    },
  };
  const known = "entry, platform, plugins, permissions, title, optional, isolation";
  expect(() => read(broken)).toThrow(
    [
      "notes/package.json is at fault:",
      `"nexus.plugin" is unknown. Did you mean "plugins"?`,
      `"nexus.colour" is unknown. Known are ${known}.`,
      `"name" is "My Notes". Write lower-case letters, digits and dashes, as in "my-notes".`,
      `"version" is "one". Write a version, as in "1.0.0".`,
      `"nexus.platform" is "newest". Write a range, as in "^1.0.0".`,
      `"nexus.optional" is "yes". Write true or false.`,
      `"description" is 7. Write a text.`,
      `"license" is {"type":"MIT"}. Write a text.`,
      `"nexus.title" is true. Write a text.`,
      `"nexus.entry" is []. Write a text.`,
      `"nexus.plugins.auth" is "whatever is there". Write a range, as in "^1.0.0".`,
      `"nexus.plugins.mail" is 1. Write a range, as in "^1.0.0".`,
    ].join("\n  - "),
  );
  expect(() => read(broken)).toThrow(expect.objectContaining({ code: "NX_MANIFEST" }));
});

test("a name without a letter to begin with is given another example, and no name at all too", () => {
  const cure = 'Write lower-case letters, digits and dashes, as in "my-plugin".';
  expect(faultsOf({ name: "2 Notes" })).toEqual([`"name" is "2 Notes". ${cure}`]);
  expect(faultsOf({})).toEqual([`"name" is missing. ${cure}`]);
  expect(faultsOf({ name: 7 })).toEqual([`"name" is 7. ${cure}`]);
  expect(faultsOf({ name: `x${"y".repeat(100)}` })).toEqual([
    expect.stringContaining("yyy…. Write"),
  ]);
});

test("a plugin that is given away says its version, and that it is a plugin", () => {
  expect(faultsOf({ name: "notes" }, true)).toEqual([
    `"nexus" is missing. Write an object, as in { "entry": "index.ts" }.`,
    `"version" is missing. Write a version, as in "1.0.0".`,
  ]);
  expect(faultsOf({ name: "notes", version: "1.0.0", nexus: {} }, true)).toEqual([]);
});

test("a version has one spelling, since it is a folder too", () => {
  for (const version of ["1.0.0", "1.0.0-beta.1", "1.0.0+build.5"])
    expect(isVersion(version)).toBe(true);
  const others = [
    "v1.0.0",
    " 1.0.0",
    "1.0.0 ",
    "1.0",
    "01.0.0",
    "1.0.0/..",
    `1.0.0-${"a".repeat(99)}`,
  ];
  for (const version of [...others, 1, undefined]) expect(isVersion(version)).toBe(false);
});

test("a name is at home in paths, folders and variables", () => {
  for (const name of ["notes", "notes-2", "x".repeat(100)]) expect(isPluginName(name)).toBe(true);
  const others = ["Notes", "2notes", "-notes", "a/b", "..", "a_b", "a.b", "", "x".repeat(101)];
  for (const name of [...others, 1, undefined]) expect(isPluginName(name)).toBe(false);
});

test("the module with the plugin class is in the plugin's own folder", () => {
  for (const entry of ["index.ts", "./dist/index.js", "a/../b.js", "..a.js"])
    expect(read({ name: "notes", nexus: { entry } }).entry).toBe(entry);
  const cure = "Name a file in the same folder, or below it.";
  for (const entry of ["../index.ts", "a/../../b.ts", "/etc/index.js", ".."]) {
    expect(faultsOf({ name: "notes", nexus: { entry } })).toEqual([
      `"nexus.entry" is "${entry}". ${cure}`,
    ]);
    expect(faultsOf({ name: "notes", main: entry })).toEqual([`"main" is "${entry}". ${cure}`]);
  }
});

test("a plugin needs others, each once and by its name, and not itself", () => {
  const plugins = { Auth: "*", "@acme/notes": "*", mail: "^1.0.0", "@acme/mail": "^2.0.0" };
  expect(faultsOf({ name: "notes", nexus: { plugins } })).toEqual([
    `"nexus.plugins" has "Auth". Write the name of a plugin.`,
    `"nexus.plugins" has "@acme/notes", which is itself. Remove it.`,
    `"nexus.plugins" has "mail" twice. Remove one of them.`,
  ]);
});

test("a text that is no JSON is no manifest, and one that is, is", () => {
  expect(parseManifest('{ "name": "notes" }', "package.json").name).toBe("notes");
  expect(() => parseManifest('{ "name": ', "notes/package.json")).toThrow(
    /^notes\/package\.json is no JSON: .+\.$/,
  );
  expect(() => parseManifest("{}", "package.json", { published: true })).toThrow('"nexus" is');
});

test.each([
  null,
  [],
  "text",
  { name: "a", nexus: [] },
  { name: "a", nexus: null },
  { name: "a", nexus: { plugins: null } },
  { name: "a", nexus: { plugins: "b" } },
  {},
])("%o is no manifest", (json) => {
  expect(() => read(json)).toThrow(expect.objectContaining({ code: "NX_MANIFEST" }));
});

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
  const permissions = { "notes:*": "All", "": "", "a b": "", ok: 1 };
  const cure = 'Write words and colons, as in "notes:write".';
  expect(faultsOf({ name: "notes", nexus: { permissions } })).toEqual([
    `"nexus.permissions" has "notes:*". ${cure}`,
    `"nexus.permissions" has "". ${cure}`,
    `"nexus.permissions" has "a b". ${cure}`,
    '"nexus.permissions.ok" is 1. Write in a text what it allows.',
  ]);
  expect(faultsOf({ name: "notes", nexus: { permissions: [1] } })).toEqual([
    `"nexus.permissions" has 1. ${cure}`,
  ]);
  expect(() => permissionsOf("notes:write")).toThrow("Write an object, as in");
});
