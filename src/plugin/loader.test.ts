import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { messageOf } from "../exceptions.ts";
import { loadPlugin, loadPlugins, Plugin } from "./index.ts";

let folder = "";
afterEach(() => rm(folder, { recursive: true, force: true }));

const code = (name: string) =>
  `import { Plugin } from "nexus-platform"; export default class ${name} extends Plugin {}`;

test("a plugin is a file, or a folder with an index or a package.json", async () => {
  const { sources, broken } = await load({
    "Clock.ts": code("Anything"),
    "notes/index.ts": code("Notes"),
    "shop/package.json": JSON.stringify({
      name: "the-shop",
      version: "2.0.0",
      nexus: { entry: "lib/shop.ts" },
    }),
    "shop/lib/shop.ts": code("Shop"),
    "plain/src/index.ts": code("Plain"),
  });
  expect(broken).toEqual([]);
  expect(sources.map(({ manifest }) => `${manifest.name} ${manifest.version}`)).toEqual([
    "clock 0.0.0",
    "notes 0.0.0",
    "plain 0.0.0",
    "the-shop 2.0.0",
  ]);
  expect(sources.every(({ type }) => type.prototype instanceof Plugin)).toBe(true);
  expect(sources[3]!.folder).toBe(join(folder, "shop"));
});

test("what is no plugin is passed over: dots, underscores, tests, types, other files", async () => {
  const files = ".hidden.ts _helper.ts _shared/index.ts a.test.ts b.d.ts README.md data.json";
  const others = ["node_modules/x/index.ts", ".git/index.ts"];
  const { sources, broken } = await load(
    Object.fromEntries([...files.split(" "), ...others].map((name) => [name, "nonsense("])),
  );
  expect([sources, broken]).toEqual([[], []]);
});

test("a link counts as what it leads to", async () => {
  await load({ "_real/index.ts": code("Linked"), "_real.ts": code("Single") });
  await symlink(join(folder, "_real"), join(folder, "linked"));
  await symlink(join(folder, "_real.ts"), join(folder, "single.ts"));
  await symlink(join(folder, "nowhere"), join(folder, "dangling"));
  const { sources } = await loadPlugins(folder);
  expect(sources.map(({ manifest }) => manifest.name)).toEqual(["linked", "single"]);
});

test("no folder, no plugins", async () => {
  expect(await loadPlugins(join(tmpdir(), "nexus-none"))).toEqual({ sources: [], broken: [] });
});

test("what cannot be loaded is kept with its reason, and the others are loaded", async () => {
  const { sources, broken } = await load({
    "good.ts": code("Good"),
    "nothing/index.ts": "export const here = 1;",
    "other.ts": "export default class Other {}",
    "made.ts": "export default 7;",
    "throws.ts": `throw new Error("at once");`,
    "empty/notes.txt": "",
    "lost/package.json": `{ "name": "lost", "nexus": { "entry": "gone.ts" } }`,
    "typo/package.json": `{ "name": "typo", `,
    "bad/package.json": `{ "name": "BAD", "nexus": { "optional": 1 } }`,
  });
  expect(sources.map(({ manifest }) => manifest.name)).toEqual(["good"]);
  const reasons = Object.fromEntries(broken.map(({ name, reason }) => [name, messageOf(reason)]));
  expect(reasons).toEqual({
    bad: expect.stringMatching(
      /bad\/package\.json is at fault:\n {2}- "name" .*\n {2}- "nexus\.optional"/,
    ),
    empty: expect.stringContaining("empty has no index.ts, index.js"),
    lost: expect.stringContaining("lost has no gone.ts. Name the module"),
    made: expect.stringContaining("made.ts exports a value of type number by default"),
    nothing: expect.stringContaining("index.ts exports nothing by default, which is no plugin."),
    other: expect.stringContaining('exports the class or function "Other" by default'),
    throws: expect.stringContaining("throws.ts could not be loaded: at once"),
    typo: expect.stringContaining("typo/package.json is no JSON"),
  });
});

test("what is said of a plugin that cannot be loaded is still known", async () => {
  const { broken } = await load({
    "folder/package.json": `{ "name": "extra", "version": "1.0.0", "nexus": { "optional": true } }`,
    "folder/index.ts": "export {};",
  });
  expect(broken).toMatchObject([{ name: "extra", manifest: { optional: true, version: "1.0.0" } }]);
});

test("one plugin can be loaded by its place", async () => {
  await load({ "one/index.ts": code("One"), "one/package.json": `{ "name": "first" }` });
  expect((await loadPlugin(join(folder, "one"))).manifest.name).toBe("first");
  await expect(loadPlugin(join(folder, "two"))).rejects.toMatchObject({ code: "NX_NO_ENTRY" });
});

test("an entry that is a folder says so", async () => {
  const json = JSON.stringify({ name: "one", nexus: { entry: "src" } });
  const { broken } = await load({ "one/src/index.ts": code("One"), "one/package.json": json });
  expect(broken).toMatchObject([
    {
      name: "one",
      reason: {
        code: "NX_NO_ENTRY",
        message: expect.stringMatching(
          /one.src is a folder, and no module\. Name the module in it/,
        ),
      },
    },
  ]);
});

async function load(files: Readonly<Record<string, string>>) {
  folder = await mkdtemp(join(tmpdir(), "nexus-plugins-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return loadPlugins(folder);
}
