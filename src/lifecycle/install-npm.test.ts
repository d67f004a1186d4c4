import { lstat, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../../test/nexus-process.ts";
import { newFolder, startRegistry, tarballOf, type TestPackage } from "../../test/npm-packages.ts";
import { createApp } from "../app/index.ts";
import { loadPlugin } from "../plugin/index.ts";
import { install, verify, Versions } from "./index.ts";

/** A package that would leave a trace if its scripts ran. */
const library = (name: string, version: string, more: object = {}): TestPackage => ({
  json: { name, version, main: "index.js", scripts: { postinstall: "touch ran" }, ...more },
  files: { "index.js": `module.exports = "${name} ${version}";\n` },
});

const libraries = [
  library("greeting", "1.0.0"),
  library("greeting", "1.1.0", { dependencies: { inner: "^1.0.0" } }),
  library("greeting", "2.0.0"),
  library("inner", "1.0.0", { peerDependencies: { "nexus-platform": "^0.1.0" } }),
  library("peer", "1.0.0"),
  library("maybe", "1.0.0"),
];

const code = `import { get, Plugin } from "nexus-platform";
import greeting from "greeting";
export default class Notes extends Plugin {
  hello = get("/hello", () => greeting);
}
`;

const notes = (version: string, more: object = {}): TestPackage => ({
  json: {
    name: "@acme/notes",
    version,
    type: "module",
    nexus: { entry: "index.ts" },
    scripts: { install: "touch ran", postinstall: "touch ran", prepare: "touch ran" },
    dependencies: { greeting: "^1.0.0", "nexus-platform": "^0.1.0" },
    peerDependencies: { "nexus-platform": "^0.1.0", peer: "*", maybe: "*" },
    peerDependenciesMeta: { maybe: { optional: true } },
    devDependencies: { "only-its-author-has-this": "workspace:*" },
    ...more,
  },
  files: { "index.ts": code },
});

const newVersions = async () => new Versions(await newFolder());

test("an npm package is installed by its name and range, with what it needs, and runs", async () => {
  const { appFolder } = await startRegistry([
    ...libraries,
    notes("1.0.0"),
    notes("1.2.0"),
    notes("2.0.0"),
  ]);
  const versions = await newVersions();
  const made = await install(versions, "@acme/notes@^1.0.0", { appFolder });
  expect(made).toMatchObject({ name: "notes", version: "1.2.0", seal: { package: "@acme/notes" } });
  // What the registry says of it.
  const tarball = await tarballOf(notes("1.2.0"));
  expect(made.seal.integrity).toBe(
    (await install(await newVersions(), tarball, { appFolder })).seal.integrity,
  );

  expect((await readdir(join(made.folder, "node_modules"))).toSorted()).toEqual([
    ".package-lock.json",
    "greeting",
    "inner",
    "peer",
  ]);
  const all = await readdir(made.folder, { recursive: true });
  expect(all.filter((name) => /ran$|\.npmrc$/.test(name))).toEqual([]);
  // npm was told of less.
  expect(JSON.parse(await readFile(join(made.folder, "package.json"), "utf8"))).toEqual(
    notes("1.2.0").json,
  );
  await verify(made.folder);

  const source = await loadPlugin(made.folder);
  await using app = await createApp({
    plugins: [source],
    docs: false,
    env: { NEXUS_LOG: "silent" },
  });
  const answer = await app.fetch(new Request("http://test/hello"));
  expect(await answer.json()).toBe("greeting 1.1.0");
});

test("a range or a tag chooses the version, and none is the newest", async () => {
  const packages = [notes("1.0.0"), notes("2.0.0")].map((one) => ({
    ...one,
    json: { ...one.json, dependencies: {}, peerDependencies: {} },
  }));
  const { appFolder } = await startRegistry(packages);
  const versions = await newVersions();
  const versionOf = async (what: string) => (await install(versions, what, { appFolder })).version;
  expect(await versionOf("@acme/notes@>=1 <2")).toBe("1.0.0");
  expect(await versionOf("@acme/notes@latest")).toBe("2.0.0");
  expect(await versionOf("@acme/notes")).toBe("2.0.0");
});

test("its own lock file says which versions it gets", async () => {
  const { appFolder } = await startRegistry(libraries);
  const lock = {
    name: "@acme/notes",
    version: "1.0.0",
    lockfileVersion: 3,
    packages: {
      "": { dependencies: { greeting: "^1.0.0" } },
      "node_modules/greeting": { version: "1.0.0" },
    },
  };
  const { json, files } = notes("1.0.0", { peerDependencies: {} });
  const text = JSON.stringify(lock);
  const tarball = await tarballOf({ json, files: { ...files, "npm-shrinkwrap.json": text } });
  const { folder } = await install(await newVersions(), tarball, { appFolder });
  const found = await readFile(join(folder, "node_modules/greeting/package.json"), "utf8");
  expect(JSON.parse(found)).toMatchObject({ version: "1.0.0" });
  expect(await readFile(join(folder, "npm-shrinkwrap.json"), "utf8")).toBe(text);
});

test("what it needs from a folder becomes a part of it", async () => {
  const { appFolder } = await startRegistry([]);
  const kit = await newFolder({
    "package.json": JSON.stringify(library("kit", "1.0.0").json),
    "index.js": "",
  });
  const dependencies = { kit: `file:${kit}` };
  const tarball = await tarballOf(notes("1.0.0", { dependencies, peerDependencies: {} }));
  const { folder } = await install(await newVersions(), tarball, { appFolder });
  expect((await lstat(join(folder, "node_modules/kit"))).isDirectory()).toBe(true);
});

test("a plugin that needs only the platform, or what it could do without, needs no npm", async () => {
  const peerDependencies = { "nexus-platform": "^0.1.0", maybe: "*" };
  const tarball = await tarballOf(notes("1.0.0", { dependencies: {}, peerDependencies }));
  const path = process.env["PATH"];
  process.env["PATH"] = await newFolder();
  try {
    const { folder } = await install(await newVersions(), tarball);
    expect(await readdir(folder)).not.toContain("node_modules");
    const other = await tarballOf(notes("1.0.0"));
    await expect(install(await newVersions(), other)).rejects.toMatchObject({
      code: "NX_NPM",
      message: expect.stringMatching(/^npm cannot be run: .*ENOENT.*Put npm on the PATH/),
    });
  } finally {
    process.env["PATH"] = path;
  }
});

test("a package that its user has to bring is a reason to ask npm, and one that is there is none", async () => {
  const { appFolder } = await startRegistry(libraries);
  const versions = await newVersions();
  const tarball = await tarballOf(notes("1.0.0", { dependencies: {} }));
  const { folder } = await install(versions, tarball, { appFolder });
  expect(await readdir(join(folder, "node_modules"))).toContain("peer");
  const path = process.env["PATH"];
  process.env["PATH"] = await newFolder();
  try {
    expect((await install(versions, tarball, { appFolder })).added).toBe(false);
  } finally {
    process.env["PATH"] = path;
  }
});

test("nothing stays of a version whose packages cannot be had, and the error says which", async () => {
  const { appFolder, replace } = await startRegistry([...libraries, notes("1.0.0")]);
  const versions = await newVersions();
  const refusal = (what: string) =>
    install(versions, what, { appFolder }).then(
      () => "installed",
      (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
    );
  expect(await refusal("@acme/other")).toMatch(
    /^NX_NPM: npm pack failed: .*@acme%2fother.*\. Look at the name and the range\.$/,
  );
  expect(await refusal("@acme/notes@^9.0.0")).toMatch(
    /^NX_NPM: npm pack failed: No matching version found for @acme\/notes@\^9\.0\.0\. Look at/,
  );
  expect(await refusal("private-notes")).toMatch(
    /^NX_NPM: npm pack failed: .*private-notes.*\. npm takes a login from the \.npmrc of the app's/,
  );
  const needy = await tarballOf(notes("1.0.0", { dependencies: { nowhere: "1.0.0" } }));
  expect(await refusal(needy)).toMatch(/^NX_NPM: npm install failed: .*nowhere.*\. Look at/);
  replace(Buffer.from("something else"));
  expect(await refusal("@acme/notes")).toMatch(
    /^NX_NPM: npm pack failed: .*integrity.*The registry gave/i,
  );
  expect(await versions.names()).toEqual([]);
  expect(await readdir(join(versions.folder, ".drafts"))).toEqual([]);
});

test("whatever an npm that is broken says is told", async () => {
  const path = process.env["PATH"];
  const folder = await newFolder();
  process.env["PATH"] = folder;
  const said = () => install(new Versions(folder), "notes").catch((error: Error) => error.message);
  try {
    for (const [script, message] of [
      ["exit 7", "npm pack failed: it ended with 7. It was told: npm pack --json"],
      [
        "echo 'npm warn x' >&2; echo 'No such Node.' >&2; exit 1",
        "npm pack failed: No such Node. It",
      ],
      ["kill -9 $$", "npm pack failed: it ended with SIGKILL. It was told"],
    ] as const) {
      await writeFile(join(folder, "npm"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      expect(await said()).toContain(message);
    }
  } finally {
    process.env["PATH"] = path;
  }
});

test("a registry that cannot be reached is npm's to tell", async () => {
  const appFolder = await newFolder({
    ".npmrc": "registry=http://127.0.0.1:9/\nfetch-retries=0\n",
  });
  await expect(install(await newVersions(), "notes", { appFolder })).rejects.toMatchObject({
    code: "NX_NPM",
    message: expect.stringMatching(/ECONNREFUSED 127\.0\.0\.1:9\. It was told: npm pack --json/),
  });
});

test("an installation that is given up ends npm, and leaves nothing", async () => {
  const registry = await startRegistry([notes("1.0.0")]);
  registry.hang();
  const versions = await newVersions();
  const giveUp = new AbortController();
  const { appFolder } = registry;
  const installing = install(versions, "@acme/notes", { appFolder, signal: giveUp.signal });
  await until(() => registry.asked.length > 0);
  const reason = new Error("Enough");
  giveUp.abort(reason);
  await expect(installing).rejects.toBe(reason);
  expect(await readdir(join(versions.folder, ".drafts"))).toEqual([]);
  // One that is over before it begins asks nobody.
  const before = registry.asked.length;
  const again = install(versions, "@acme/notes", { appFolder, signal: giveUp.signal });
  await expect(again).rejects.toBe(reason);
  expect(registry.asked).toHaveLength(before);
});

test("packages that came along in the tarball stay, and are sealed too", async () => {
  const { appFolder } = await startRegistry([]);
  const json = {
    ...notes("1.0.0", { peerDependencies: {}, dependencies: { greeting: "^1.0.0" } }).json,
    bundleDependencies: ["greeting"],
  };
  const own = "node_modules/greeting";
  const files = {
    "index.ts": code,
    [`${own}/package.json`]: JSON.stringify(library("greeting", "1.0.5").json),
    [`${own}/index.js`]: "",
  };
  const { folder, seal } = await install(await newVersions(), await tarballOf({ json, files }), {
    appFolder,
  });
  expect(Object.keys(seal.files)).toContain(`${own}/index.js`);
  expect(await readdir(join(folder, own))).toContain("package.json");
});

test("a project around the data folder does not matter to npm, only the app's folder does", async () => {
  const packages = [notes("1.0.0", { dependencies: { greeting: "1.0.0" } }), ...libraries];
  const { appFolder } = await startRegistry(packages);
  const project = await newFolder({
    "package.json": JSON.stringify({ name: "around", workspaces: ["data/**"] }),
    ".npmrc": "registry=http://127.0.0.1:9/\nfetch-retries=0\n",
  });
  const versions = new Versions(join(project, "data/plugins"));
  expect((await install(versions, "@acme/notes", { appFolder })).added).toBe(true);
  expect((await readdir(project)).toSorted()).toEqual([".npmrc", "data", "package.json"]);
});

test("a link of the app's .npmrc is enough, and its settings do not stay", async () => {
  const { appFolder } = await startRegistry([
    notes("1.0.0", { dependencies: {}, peerDependencies: {} }),
  ]);
  const other = await newFolder();
  await symlink(join(appFolder, ".npmrc"), join(other, ".npmrc"));
  const { folder } = await install(await newVersions(), "@acme/notes", { appFolder: other });
  expect(await readdir(folder)).not.toContain(".npmrc");
});
