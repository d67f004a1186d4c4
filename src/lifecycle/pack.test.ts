import { mkdir, readdir, readFile, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { integrityOf, newFolder } from "../../test/npm-packages.ts";
import { install, pack, type PackOptions, Versions } from "./index.ts";

const json = (more: object = {}): string =>
  JSON.stringify({
    name: "@acme/notes",
    version: "1.0.0",
    type: "module",
    nexus: { entry: "index.ts" },
    ...more,
  });
const index = (more = ""): string => `import { Plugin } from "nexus-platform";
${more}
export default class Notes extends Plugin {}
`;

async function refusal(files: Record<string, string>, options?: PackOptions): Promise<string> {
  const folder = await newFolder(files);
  const to = await newFolder();
  const error = await pack(folder, { to, ...options }).then(
    () => new Error("It was packed"),
    (error: Error) => error,
  );
  expect(await readdir(to)).toEqual([]);
  // What was tried out is gone as well.
  expect((await readdir(folder)).filter((name) => name.startsWith(".nexus"))).toEqual([]);
  return error.message;
}

test("a plugin is packed into a tarball, and what is said of it is so; it can be installed", async () => {
  const folder = await newFolder({
    "package.json": json({ files: ["*.ts", "!*.test.ts"] }),
    "index.ts": index(`import "./inner.ts";`),
    "inner.ts": "",
    "index.test.ts": "",
  });
  const to = await newFolder();
  const packed = await pack(folder, { to });
  expect(packed).toEqual({
    name: "notes",
    version: "1.0.0",
    file: join(to, "acme-notes-1.0.0.tgz"),
    size: (await stat(packed.file)).size,
    integrity: await integrityOf(packed.file),
  });
  expect(await readdir(to)).toEqual(["acme-notes-1.0.0.tgz"]);
  expect((await readdir(folder)).toSorted()).toEqual([
    "index.test.ts",
    "index.ts",
    "inner.ts",
    "package.json",
  ]);
  const installed = await install(new Versions(await newFolder()), packed.file);
  expect(installed.seal.integrity).toBe(packed.integrity);
  expect(Object.keys(installed.seal.files)).toEqual(["index.ts", "inner.ts", "package.json"]);
});

test("its own scripts run, and what they make is packed", async () => {
  const build = `node -e "fs.mkdirSync('dist');fs.copyFileSync('index.ts','dist/index.ts')"`;
  const folder = await newFolder({
    "package.json": json({
      files: ["dist"],
      scripts: { prepack: build },
      nexus: { entry: "dist/index.ts" },
    }),
    "index.ts": index(),
  });
  const { file } = await pack(folder, { to: await newFolder() });
  const { seal } = await install(new Versions(await newFolder()), file);
  expect(Object.keys(seal.files)).toEqual(["dist/index.ts", "package.json"]);
});

test("a plugin may import packages of the app around it", async () => {
  const app = await newFolder({
    "node_modules/kit/package.json": '{ "name": "kit", "version": "1.0.0", "main": "index.js" }',
    "node_modules/kit/index.js": "",
    "plugins/notes/package.json": json({ dependencies: { kit: "*" } }),
    "plugins/notes/index.ts": index(`import "kit";`),
  });
  const { name } = await pack(join(app, "plugins/notes"), { to: await newFolder() });
  expect(name).toBe("notes");
});

test("a file that is left out, and that it needs, is missed before anybody has the tarball", async () => {
  const message = await refusal({
    "package.json": json({ files: ["index.ts"] }),
    "index.ts": index(`import "./inner.ts";`),
    "inner.ts": "",
  });
  expect(message).toMatch(
    /^What is packed of \S+ does not load: package\/index\.ts could not be loaded: .*\/inner\.ts.* If a file is missing, let "files" in its package\.json name it\.$/,
  );
  expect(message).not.toContain(".nexus-pack-");
  expect(await refusal({ "package.json": json(), "main.ts": index() })).toContain(
    "does not load: package has no index.ts.",
  );
});

test("what is no plugin is not packed", async () => {
  const message = await refusal({ "package.json": json(), "index.ts": "export default 7;" });
  expect(message).toContain("package/index.ts exports a value of type number by default");
  expect(await refusal({ "index.ts": index() })).toMatch(/^There is no .*package\.json\. Give/);
  expect(await refusal({ "package.json": '{ "name": "notes" }' })).toMatch(
    /"nexus" is missing.*\n.*"version" is missing/,
  );
});

test("a script that fails says why, on whichever stream", async () => {
  const scripts = { prepack: "echo a.ts:1 is wrong; echo no luck today >&2; exit 3" };
  const message = await refusal({ "package.json": json({ scripts }), "index.ts": index() });
  expect(message).toMatch(
    /^npm pack failed: command failed\na\.ts:1 is wrong\nno luck today\. It was told: npm pack --json/,
  );
});

test("a link in a plugin's folder is not packed, so what stands behind it is missed", async () => {
  const outside = await newFolder({ "inner.ts": "" });
  const folder = await newFolder({
    "package.json": json(),
    "index.ts": index(`import "./inner.ts";`),
  });
  await symlink(join(outside, "inner.ts"), join(folder, "inner.ts"));
  await mkdir(join(folder, "to"));
  await expect(pack(folder, { to: join(folder, "to") })).rejects.toThrow("inner.ts");
});

test("the manifest that is packed is the one that was checked", async () => {
  const folder = await newFolder({ "package.json": json(), "index.ts": index() });
  const before = await readFile(join(folder, "package.json"), "utf8");
  await pack(folder, { to: await newFolder() });
  expect(await readFile(join(folder, "package.json"), "utf8")).toBe(before);
});
