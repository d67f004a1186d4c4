import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { appendFile, mkdir, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newFolder, tarballOf } from "../../test/npm-packages.ts";
import { install, verify, Versions } from "./index.ts";
import { seal } from "./integrity.ts";

const files = { "index.js": "export default 1;\n", "lib/a.js": "a", "lib/b.js": "b", "c.js": "c" };

async function installed() {
  const versions = new Versions(await newFolder());
  const tarball = await tarballOf({
    json: { name: "notes", version: "1.0.0", nexus: { entry: "index.js" } },
    files,
  });
  const { folder } = await install(versions, tarball);
  return { versions, tarball, folder };
}

test("an installed version that nobody has touched is what was installed", async () => {
  const { folder } = await installed();
  await verify(folder);
});

test("a file that was changed, removed or added is named, with the cure", async () => {
  const { folder, tarball } = await installed();
  await appendFile(join(folder, "lib/a.js"), "!");
  const refused = verify(folder);
  await expect(refused).rejects.toMatchObject({ code: "NX_INTEGRITY" });
  await expect(refused).rejects.toThrow(
    `notes 1.0.0 is not what was installed: lib/a.js was changed (in ${folder}). Install it again, which mends it; it came from ${tarball}.`,
  );
  await unlink(join(folder, "c.js"));
  await writeFile(join(folder, "lib/d.js"), "d");
  const all = verify(folder);
  for (const fault of ["lib/a.js was changed", "c.js is missing", "lib/d.js was added"])
    await expect(all).rejects.toThrow(fault);
  await unlink(join(folder, "package.json"));
  await rm(join(folder, "lib"), { recursive: true });
  await expect(verify(folder)).rejects.toThrow(/: (\S+ is missing, ){3}and 1 more \(in /);
});

test("a file in the place of a link, a link or a pipe in the place of a file, is a change", async () => {
  const { folder } = await installed();
  await unlink(join(folder, "c.js"));
  await symlink("index.js", join(folder, "c.js"));
  await expect(verify(folder)).rejects.toThrow("c.js was changed");
  await unlink(join(folder, "c.js"));
  spawnSync("mkfifo", [join(folder, "c.js")]);
  await expect(verify(folder)).rejects.toThrow("c.js was changed");
});

test("links between the files of a version are sealed as well", async () => {
  const folder = await newFolder({ "tools/run.js": "1", "tools/other.js": "2" });
  await mkdir(join(folder, ".bin"));
  await symlink("../tools/run.js", join(folder, ".bin/run"));
  const { files } = await seal(folder, about);
  expect(files).toEqual({
    ".bin/run": "link to ../tools/run.js",
    "tools/other.js": expect.stringMatching(/^.{43}=$/),
    "tools/run.js": expect.stringMatching(/^.{43}=$/),
  });
  await unlink(join(folder, ".bin/run"));
  await symlink("../tools/other.js", join(folder, ".bin/run"));
  await expect(verify(folder)).rejects.toThrow(".bin/run was changed");
});

test("a link that leads out of the package, or will, is refused", async () => {
  const outside = await newFolder({ "a.js": "" });
  for (const [at, target] of [
    ["out.js", join(outside, "a.js")],
    ["up/out.js", "../../a.js"],
    ["nowhere.js", "./nothing.js"],
    ["all.js", "."],
  ] as const) {
    const folder = await newFolder({ "up/a.js": "" });
    await symlink(target, join(folder, at));
    await expect(seal(folder, about)).rejects.toMatchObject({
      code: "NX_PACKAGE",
      message: `${at} is a link to ${target}, which is not in the package. Pack what it leads to in its place.`,
    });
  }
  const folder = await newFolder({ "a.js": "" });
  await symlink(join(folder, "a.js"), join(folder, "b.js"));
  await expect(seal(folder, about)).rejects.toThrow("b.js is a link to");
});

test("a large file is sealed like a small one", async () => {
  const text = "0123456789abcdef".repeat(2 ** 17);
  const folder = await newFolder({ "large.js": text });
  const { files } = await seal(folder, about);
  expect(files).toEqual({ "large.js": hash("sha256", text, "base64") });
  await verify(folder);
});

test("only the seal of the version itself stands outside of what is sealed", async () => {
  const { folder } = await installed();
  await writeFile(join(folder, "lib/.nexus-seal.json"), "{}");
  await expect(verify(folder)).rejects.toThrow("lib/.nexus-seal.json was added");
});

test("a version without its seal, or with half of one, is none that anybody can tell of", async () => {
  const { folder, versions } = await installed();
  const file = join(folder, ".nexus-seal.json");
  for (const text of ["", "{}", '{ "files": {} }', "[]", '{"name":"notes","files":{"a":1}}']) {
    await writeFile(file, text);
    for (const read of [() => verify(folder), () => versions.find("notes", "1.0.0")])
      await expect(read()).rejects.toMatchObject({ code: "NX_INTEGRITY" });
  }
  await rm(file);
  await expect(verify(folder)).rejects.toThrow(
    /seal\.json cannot be read, so nobody knows what was installed: .* Install this version again/,
  );
});

test("a version that somebody moved, or whose manifest is gone, is not found where it is", async () => {
  const { folder, versions } = await installed();
  await unlink(join(folder, "package.json"));
  await expect(versions.find("notes", "1.0.0")).rejects.toThrow("package.json is missing");
  await rename(folder, join(folder, "../2.0.0"));
  await expect(versions.find("notes", "2.0.0")).rejects.toMatchObject({
    code: "NX_INTEGRITY",
    message: expect.stringContaining("2.0.0 holds notes 1.0.0, which was not installed there."),
  });
  await mkdir(join(versions.folder, "other"));
  await rename(join(versions.folder, "notes/2.0.0"), join(versions.folder, "other/1.0.0"));
  await expect(versions.find("other", "1.0.0")).rejects.toThrow("holds notes 1.0.0");
});

const about = {
  name: "notes",
  package: "notes",
  version: "1.0.0",
  integrity: "sha512-",
  from: "here",
  installedAt: new Date(0).toISOString(),
};
