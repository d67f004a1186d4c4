import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { until, writeFiles } from "../../test/nexus-process.ts";
import { newFolder, tarballOf } from "../../test/npm-packages.ts";
import { install, verify, Versions } from "./index.ts";

const tarball = (version: string, name = "notes", count = 1) =>
  tarballOf({
    json: { name, version, nexus: { entry: "f0.js" } },
    files: Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}.js`, `${n}`])),
  });

test("no folder, no versions", async () => {
  const versions = new Versions(join(await newFolder(), "none"));
  expect([await versions.names(), await versions.list("notes")]).toEqual([[], []]);
  expect(await versions.remove("notes", "1.0.0")).toBe(false);
  await versions.sweep();
  expect(existsSync(versions.folder)).toBe(false);
});

test("plugins are listed by their names, those with a version", async () => {
  const versions = new Versions(await newFolder());
  await install(versions, await tarball("1.0.0"));
  await install(versions, await tarball("0.1.0", "clock"));
  await writeFiles(versions.folder, {
    "state.json": "{}",
    "Odd/1.0.0/x": "",
    "empty/notes.txt": "",
    "notes/newest/x": "",
    "notes/3.0.0": "a file",
  });
  expect(await versions.names()).toEqual(["clock", "notes"]);
  expect(await versions.list("notes")).toEqual(["1.0.0"]);
});

test("a version that is removed leaves nothing, and the last one takes the plugin's folder along", async () => {
  const versions = new Versions(await newFolder());
  for (const version of ["1.0.0", "2.0.0"]) await install(versions, await tarball(version));
  expect(await versions.remove("notes", "1.0.0")).toBe(true);
  expect(await versions.remove("notes", "1.0.0")).toBe(false);
  expect(await versions.list("notes")).toEqual(["2.0.0"]);
  expect(await versions.remove("notes", "2.0.0")).toBe(true);
  expect(await readdir(versions.folder, { recursive: true })).toEqual([".drafts"]);
});

test("a version that is not there is said, with those that are", async () => {
  const versions = new Versions(await newFolder());
  await expect(versions.find("notes", "1.0.0")).rejects.toMatchObject({
    code: "NX_VERSION_UNKNOWN",
    message: 'Version "1.0.0" of the plugin "notes" is not installed. Install it first.',
  });
  for (const version of ["1.0.0", "2.0.0"]) await install(versions, await tarball(version));
  await expect(versions.find("notes", "3.0.0")).rejects.toThrow("Installed are 2.0.0, 1.0.0.");
});

test("names and versions lead nowhere else", async () => {
  const root = await newFolder({ "outside/1.0.0/package.json": "{}" });
  const versions = new Versions(join(root, "plugins"));
  await mkdir(versions.folder);
  const draft = await newFolder();
  for (const [name, version] of [
    ["../outside", "1.0.0"],
    ["notes", "../../outside/1.0.0"],
    [".drafts", "1.0.0"],
    ["notes", ""],
    ["", "1.0.0"],
  ] as const) {
    const unknown = { code: "NX_VERSION_UNKNOWN" };
    await expect(versions.find(name, version)).rejects.toMatchObject(unknown);
    await expect(versions.add(draft, name, version)).rejects.toMatchObject(unknown);
    expect(await versions.remove(name, version)).toBe(false);
  }
  expect(await versions.list("../outside")).toEqual([]);
  expect(existsSync(join(root, "outside/1.0.0/package.json"))).toBe(true);
});

test("a version is added once: what is there stays", async () => {
  const versions = new Versions(await newFolder());
  for (const [text, isAdded] of [
    ["first", true],
    ["second", false],
  ] as const) {
    await using draft = await versions.draft();
    await writeFile(join(draft.path, text), text);
    expect(await versions.add(draft.path, "notes", "1.0.0")).toBe(isAdded);
  }
  expect(await readdir(join(versions.folder, "notes/1.0.0"))).toEqual(["first"]);
  expect(await readdir(join(versions.folder, ".drafts"))).toEqual([]);
});

test("sweeping takes away what dead processes have left, and nothing of those that live", async () => {
  const versions = new Versions(await newFolder());
  const drafts = join(versions.folder, ".drafts");
  await using mine = await versions.draft();
  const [folder] = (await readdir(drafts)).filter((name) => name.startsWith("folder-"));
  const ofDead = folder!.replace(/-\d+-[\da-f]+-/, `-${2 ** 22 + 1}-0000aaaa-`);
  await writeFiles(drafts, {
    [`${ofDead}/half`]: "",
    [ofDead.replace("folder-", "")]: "",
    "of-somebody-else": "",
  });
  await versions.sweep();
  expect((await readdir(drafts)).toSorted()).toEqual(
    [folder!.replace("folder-", ""), folder!, "of-somebody-else"].toSorted(),
  );
  expect(existsSync(mine.path)).toBe(true);
});

const own = (name: string) => JSON.stringify(resolve(import.meta.dirname, name));

test(
  "killed at any moment, an installation leaves versions that are complete, and no others",
  {
    timeout: 60_000,
  },
  async () => {
    const folder = await newFolder();
    const script = join(folder, "install.ts");
    await writeFile(
      script,
      `import { install } from ${own("install.ts")};
    import { Versions } from ${own("versions.ts")};
    const [folder, ...tarballs] = process.argv.slice(2);
    const versions = new Versions(folder);
    for (const tarball of tarballs) {
      console.log("installing");
      await install(versions, tarball);
    }
    setInterval(() => {}, 1000);`,
    );
    const sources = await Promise.all(
      ["1.0.0", "2.0.0", "3.0.0"].map((version) => tarball(version, "notes", 60)),
    );
    const versions = new Versions(join(folder, "plugins"));
    const drafts = () => readdir(join(versions.folder, ".drafts")).catch(() => []);
    const found = { complete: 0, halves: 0 };
    for (let kill = 0; kill < 9; kill++) {
      const args = ["--conditions=source", script, versions.folder, ...sources];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      const ended = once(child, "close");
      onTestFinished(() => void child.kill("SIGKILL"));
      let said = "";
      child.stdout.on("data", (text) => (said += text));
      const begun = 1 + (kill % 3);
      await until(() => said.split("installing").length > begun || child.exitCode !== null);
      // Any moment at all: that is what is tried.
      await sleep(Math.random() * 150);
      child.kill("SIGKILL");
      await ended;
      found.halves += (await drafts()).length;
      await versions.sweep();
      expect(await drafts()).toEqual([]);
      for (const version of await versions.list("notes")) {
        await verify((await versions.find("notes", version)).folder);
        await versions.remove("notes", version);
        found.complete += 1;
      }
    }
    // Else nothing was tried.
    expect(found.halves).toBeGreaterThan(0);
    expect(found.complete).toBeGreaterThanOrEqual(9);
  },
);
