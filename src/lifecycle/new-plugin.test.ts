import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { newFolder } from "../../test/npm-packages.ts";
import { loadPlugins } from "../plugin/index.ts";
import { newPlugin, pack } from "./index.ts";

const root = resolve(import.meta.dirname, "../..");

/** An app as a newcomer has it: the platform and Zod are installed, and nothing else. */
async function newApp(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const app = await newFolder(files);
  await mkdir(join(app, "node_modules"), { recursive: true });
  await symlink(root, join(app, "node_modules/nexus-platform"));
  for (const name of ["zod", "@types", "undici-types"])
    await symlink(join(root, "node_modules", name), join(app, "node_modules", name));
  return app;
}

async function run(folder: string, command: string, ...args: string[]) {
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env["PATH"], NODE_OPTIONS: "--conditions=source" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  const [code] = (await once(child, "close")) as [number];
  return { code, said };
}

test("a new plugin has a route, a table and a service, it is loaded, and its test passes", async () => {
  const app = await newApp();
  const plugins = join(app, "plugins");
  const files = await newPlugin(plugins, "guest-book");
  const names = ["package.json", "index.ts", "index.test.ts"];
  expect(files).toEqual(names.map((name) => join(plugins, "guest-book", name)));
  expect(await readdir(plugins)).toEqual(["guest-book"]);

  const { sources, broken } = await loadPlugins(plugins);
  expect(broken).toEqual([]);
  expect(sources[0]!.manifest).toMatchObject({
    name: "guest-book",
    version: "0.1.0",
    title: "Guest Book",
    platform: `^${JSON.parse(await readFile(join(root, "package.json"), "utf8")).version}`,
  });
  const { type } = sources[0]!;
  expect([type.name, type.prefix, type.services.map(({ name }) => name)]).toEqual([
    "GuestBook",
    "/guest-book",
    ["GuestBookService"],
  ]);
  expect(Object.keys(type.migrations)).toEqual(["0001_guest_book_entries"]);

  const { code, said } = await run(join(plugins, "guest-book"), process.execPath, "--test");
  expect([code, said]).toEqual([0, expect.stringMatching(/pass 2\n[^]*fail 0\n/)]);
});

test("its code has no faults of types, whatever it is called", { timeout: 60_000 }, async () => {
  const app = await newApp({
    "plugins/probe.ts": "const wrong: number = '';\nexport { wrong };\n",
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        target: "esnext",
        module: "nodenext",
        types: ["node"],
        customConditions: ["source"],
        strict: true,
        noEmit: true,
        noUnusedLocals: true,
        erasableSyntaxOnly: true,
        allowImportingTsExtensions: true,
        skipLibCheck: true,
      },
      include: ["plugins"],
    }),
  });
  const plugins = join(app, "plugins");
  // Those that are called as something in the code, in JavaScript or in SQLite.
  for (const name of ["plugin", "generated", "date", "sqlite", "a-2--b-"])
    await newPlugin(plugins, name);
  const { said } = await run(app, join(root, "node_modules/.bin/tsc"), "-p", ".");
  expect(said.split("\n").filter((line) => line.startsWith("plugins"))).toEqual([
    expect.stringContaining("plugins/probe.ts(1,7)"),
  ]);
  for (const name of ["plugin", "sqlite"])
    expect((await run(join(plugins, name), process.execPath, "--test")).code).toBe(0);
});

test("it can be packed at once, without its test", async () => {
  const app = await newApp();
  await newPlugin(join(app, "plugins"), "guest-book");
  const to = await newFolder();
  const { name, version } = await pack(join(app, "plugins/guest-book"), { to });
  expect([name, version]).toEqual(["guest-book", "0.1.0"]);
});

test("where the app has vitest, the test is one of vitest's", async () => {
  const app = await newFolder({ "package.json": '{ "devDependencies": { "vitest": "*" } }' });
  await newPlugin(join(app, "plugins"), "notes");
  const read = (name: string) => readFile(join(app, "plugins/notes", name), "utf8");
  expect(await read("index.test.ts")).toContain('import { test } from "vitest";');
  expect(JSON.parse(await read("package.json"))).toMatchObject({ scripts: { test: "vitest run" } });
});

test.each([
  ["Guest Book", '"guest-book"'],
  ["../notes", '"notes"'],
  ["2", '"my-plugin"'],
  ["", '"my-plugin"'],
  ["x".repeat(101), '"my-plugin"'],
])("no plugin can be called %j", async (name, example) => {
  const folder = join(await newFolder(), "plugins");
  const refused = newPlugin(folder, name);
  await expect(refused).rejects.toMatchObject({ code: "NX_PLUGIN_NAME" });
  await expect(refused).rejects.toThrow(`as in ${example}.`);
  await expect(readdir(folder)).rejects.toThrow("ENOENT");
});

test("a name that a plugin has is taken, wherever and however it has it", async () => {
  const folder = await newFolder({
    "clock.ts": "",
    "Notes/index.ts": "",
    "shop/package.json": '{ "name": "@acme/the-shop" }',
    "_helper/index.ts": "",
  });
  for (const name of ["clock", "notes", "shop", "the-shop", "installed-one"]) {
    const refused = newPlugin(folder, name, { taken: ["installed-one"] });
    await expect(refused).rejects.toMatchObject({
      code: "NX_PLUGIN_NAME",
      message: `There is a plugin called "${name}" already. Choose another name, or remove that plugin first.`,
    });
  }
  await newPlugin(folder, "helper");
  await writeFile(join(folder, "helper/index.ts"), "changed");
  await expect(newPlugin(folder, "helper")).rejects.toThrow("already");
  expect(await readFile(join(folder, "helper/index.ts"), "utf8")).toBe("changed");
  expect((await readdir(folder)).filter((name) => name.startsWith(".new"))).toEqual([]);
});
