import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeFiles } from "../../test/nexus-process.ts";
import { integrityOf, newFolder, tarballOf, type TestPackage } from "../../test/npm-packages.ts";
import { install, verify, Versions } from "./index.ts";

const notes = (version = "1.0.0", text = "Hello", more: object = {}): TestPackage => ({
  json: { name: "@acme/notes", version, type: "module", nexus: { entry: "index.ts" }, ...more },
  files: { "index.ts": `export default ${JSON.stringify(text)};\n`, "data/en.txt": text },
});

async function newVersions(): Promise<Versions> {
  return new Versions(join(await newFolder(), "data", "plugins"));
}

/** What stands in the folder of all versions, without what is of no interest to anybody. */
async function standing(versions: Versions): Promise<string[]> {
  const found = await readdir(versions.folder, { recursive: true });
  return found.filter((name) => name !== ".drafts").toSorted();
}

/** For tests in which npm must not be needed, or is missing. */
async function withoutNpm<T>(work: () => Promise<T>): Promise<T> {
  const path = process.env["PATH"];
  process.env["PATH"] = await newFolder();
  try {
    return await work();
  } finally {
    process.env["PATH"] = path;
  }
}

test("a tarball becomes a folder of its version, and its integrity is written down", async () => {
  const versions = await newVersions();
  const tarball = await tarballOf(notes());
  const begun = Date.now();
  const installed = await withoutNpm(() => install(versions, tarball));
  const folder = join(versions.folder, "notes", "1.0.0");
  expect(installed).toMatchObject({
    added: true,
    name: "notes",
    version: "1.0.0",
    folder,
    manifest: { name: "notes", version: "1.0.0", entry: "index.ts" },
    seal: { package: "@acme/notes", integrity: await integrityOf(tarball), from: tarball },
  });
  const when = Date.parse(installed.seal.installedAt);
  expect(when).toBeGreaterThanOrEqual(begun);
  expect(when).toBeLessThanOrEqual(Date.now());
  expect(await readFile(join(folder, "data/en.txt"), "utf8")).toBe("Hello");
  expect(await standing(versions)).toEqual([
    "notes",
    "notes/1.0.0",
    "notes/1.0.0/.nexus-seal.json",
    "notes/1.0.0/data",
    "notes/1.0.0/data/en.txt",
    "notes/1.0.0/index.ts",
    "notes/1.0.0/package.json",
  ]);
  expect(await versions.find("notes", "1.0.0")).toEqual({ ...installed, added: undefined });
});

test("versions stand side by side, each with its own files", async () => {
  const versions = await newVersions();
  for (const version of ["1.9.0", "1.10.0", "2.0.0-beta.1", "1.10.0+build.2"])
    await install(versions, await tarballOf(notes(version, version)));
  expect(await versions.list("notes")).toEqual([
    "2.0.0-beta.1",
    "1.10.0+build.2",
    "1.10.0",
    "1.9.0",
  ]);
  for (const version of await versions.list("notes")) {
    const { folder } = await versions.find("notes", version);
    expect(await readFile(join(folder, "data/en.txt"), "utf8")).toBe(version);
  }
});

test("the same version again is left as it is", async () => {
  const versions = await newVersions();
  const first = await install(versions, await tarballOf(notes()));
  const at = await stat(join(first.folder, "index.ts"));
  const again = await withoutNpm(async () => install(versions, await tarballOf(notes())));
  expect(again).toEqual({ ...first, added: false });
  expect((await stat(join(first.folder, "index.ts"))).ino).toBe(at.ino);
});

test("another package of the same version is refused, and the error names both", async () => {
  const versions = await newVersions();
  const [one, other] = [await tarballOf(notes()), await tarballOf(notes("1.0.0", "Bye"))];
  const first = await install(versions, one);
  const refused = install(versions, other);
  await expect(refused).rejects.toMatchObject({ code: "NX_VERSION_TAKEN" });
  for (const part of [one, other, await integrityOf(one), await integrityOf(other)])
    await expect(refused).rejects.toThrow(part);
  expect(await versions.find("notes", "1.0.0")).toEqual({ ...first, added: undefined });
});

test("a plugin is one package: another one of its name, in any version, is refused", async () => {
  const versions = await newVersions();
  await install(versions, await tarballOf(notes()));
  const stranger = await tarballOf(notes("2.0.0", "Mine now", { name: "@evil/notes" }));
  await expect(install(versions, stranger)).rejects.toMatchObject({
    code: "NX_PLUGIN_TWICE",
    message: expect.stringMatching(/@acme\/notes, which is installed, and @evil\/notes/),
  });
  await versions.remove("notes", "1.0.0");
  expect((await install(versions, stranger)).added).toBe(true);
});

test("installed again, a version whose files were changed, or that lost its seal, is mended", async () => {
  const versions = await newVersions();
  const tarball = await tarballOf(notes());
  const { folder } = await install(versions, tarball);
  await writeFile(join(folder, "index.ts"), "changed");
  expect((await install(versions, tarball)).added).toBe(false);
  expect(await readFile(join(folder, "index.ts"), "utf8")).toContain("Hello");
  await rm(join(folder, ".nexus-seal.json"));
  expect((await install(versions, tarball)).added).toBe(false);
  await verify(folder);
});

test("of two that install the same at once one has added it, and both have it", async () => {
  const folder = await newFolder();
  const tarball = await tarballOf(notes());
  const made = await Promise.all(
    Array.from({ length: 5 }, () => install(new Versions(folder), tarball)),
  );
  expect(made.filter(({ added }) => added)).toHaveLength(1);
  expect(new Set(made.map(({ seal }) => seal.installedAt)).size).toBe(1);
  expect(await readdir(join(folder, ".drafts"))).toEqual([]);
});

test("an installation that is given up in time has not happened", async () => {
  const versions = await newVersions();
  const installing = install(versions, await tarballOf(notes()), { signal: AbortSignal.abort() });
  await expect(installing).rejects.toMatchObject({ name: "AbortError" });
  expect(await versions.names()).toEqual([]);
});

test("a folder is packed as npm does it: with what belongs into it, and without running its scripts", async () => {
  const versions = await newVersions();
  const scripts = { prepack: "touch ran", prepare: "touch ran", postpack: "touch ran" };
  const { json, files } = notes("1.0.0", "Hello", { scripts, files: ["index.ts"] });
  const app = await newFolder();
  await writeFiles(join(app, "mine"), { "package.json": JSON.stringify(json), ...files! });
  const { seal, folder } = await install(versions, "./mine", { appFolder: app });
  expect(seal).toMatchObject({
    from: "./mine",
    integrity: expect.stringMatching(/^sha512-.{88}$/),
  });
  expect((await readdir(folder)).toSorted()).toEqual([
    ".nexus-seal.json",
    "index.ts",
    "package.json",
  ]);
  expect((await readdir(join(app, "mine"))).toSorted()).toEqual([
    "data",
    "index.ts",
    "package.json",
  ]);
  expect((await install(versions, join(app, "mine"))).added).toBe(false);
});

test("what is installed is for one user alone", async () => {
  const versions = await newVersions();
  const { folder } = await install(versions, await tarballOf(notes()));
  for (const path of [join(versions.folder, "notes"), folder])
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe("700");
});

test.each([
  ["./nowhere", /There is no .*nowhere\./],
  ["./nowhere.tgz", /There is no .*nowhere\.tgz\./],
  ["nowhere.tar.gz", /There is no .*nowhere\.tar\.gz\./],
  ["./index.ts", /index\.ts is neither a folder nor a tarball\./],
  ["plugins/notes", /"plugins\/notes" is neither a path nor an npm package\./],
  ["", /"" is neither/],
  ["--registry=http://evil", /"--registry.*" is neither/],
  ["notes@", /"notes@" is neither/],
  ["notes@file:../x", /is neither/],
  ["notes@npm:other", /is neither/],
  ["@acme/notes@not a range", /is neither/],
  ["Notes", /is neither/],
  ["https://user:secret@example.com/notes.tgz", /^Nothing is installed from a URL\. Give/],
  ["git+ssh://git@github.com/acme/notes.git", /^Nothing is installed from a URL\./],
  ["github:acme/notes", /^Nothing is installed from a URL\./],
])("%j is nothing that can be installed", async (what, message) => {
  const versions = await newVersions();
  const appFolder = await newFolder({ "index.ts": "" });
  const refused = install(versions, what, { appFolder });
  await expect(refused).rejects.toMatchObject({ code: "NX_PACKAGE_SPEC" });
  await expect(refused).rejects.toThrow(message);
  await expect(readdir(versions.folder)).rejects.toThrow("ENOENT");
});

test("a folder that cannot be written is said with what was to be installed", async () => {
  const folder = await newFolder({ file: "" });
  const tarball = await tarballOf(notes());
  await expect(install(new Versions(join(folder, "file")), tarball)).rejects.toMatchObject({
    code: "NX_INSTALL",
    message: expect.stringContaining(`${tarball} could not be installed: `),
  });
});

test("a folder's manifest is checked before npm sees it, and names what was asked for", async () => {
  const app = await newFolder({ "mine/package.json": '{ "name": "My Notes", "nexus": {} }' });
  const versions = await newVersions();
  const refused = withoutNpm(() => install(versions, "./mine", { appFolder: app }));
  await expect(refused).rejects.toThrow(
    /^package\.json of \.\/mine is at fault:\n {2}- "name" .*\n {2}- "version" is missing/,
  );
  const empty = await newFolder();
  await expect(install(versions, empty)).rejects.toThrow(`${empty} has no package.json.`);
});

test("a folder that is there needs no dot before it, where it can be no npm package", async () => {
  const app = await newFolder({ "mine/notes/package.json": '{ "name": "My Notes", "nexus": {} }' });
  const refused = withoutNpm(async () =>
    install(await newVersions(), "mine/notes", { appFolder: app }),
  );
  await expect(refused).rejects.toThrow(/^package\.json of mine\/notes is at fault/);
  const nowhere = install(await newVersions(), "mine/others", { appFolder: app });
  await expect(nowhere).rejects.toThrow('"mine/others" is neither a path nor an npm package.');
});
