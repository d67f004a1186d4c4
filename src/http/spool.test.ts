import { createHash } from "node:crypto";
import { mkdtemp, mkdir, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { file, post } from "./index.ts";

let dataDir: string;
let folder: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "nexus-spool-"));
  folder = join(dataDir, "uploads");
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const content = "x".repeat(100_000);
class Files extends Plugin {
  up = post("/", { form: { file: file() } }, async ({ file }) => {
    const names = await readdir(folder);
    const modes = [folder, ...names.map((name) => join(folder, name))].map(async (path) =>
      ((await stat(path)).mode & 0o777).toString(8),
    );
    return { size: file.size, names: names.toSorted(), modes: await Promise.all(modes) };
  });
}

test("a large file lies in the data folder while its request runs, for the process alone", async () => {
  await using client = await TestClient.of(Files, { settings: { dataDir } });
  const response = await client.post("/", { files: { file: { filename: "a", content } } });
  expect(await response.json()).toMatchObject({ size: 100_000, modes: ["700", "600"] });
  expect(await readdir(folder)).toEqual([]);
});

test("before its first file an app removes what dead processes have left, and nothing else", async () => {
  await mkdir(folder, { recursive: true });
  const machine = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
  const ofDead = `${machine}-${2 ** 22 + 1}-0000aaaa-x`;
  const ofLiving = `${machine}-${process.ppid}-0000aaaa-x`;
  const ofNamesake = `${machine}-${process.pid}-0000aaaa-x`;
  const elsewhere = "00000000-1-0000aaaa-x";
  const longAgo = "00000000-1-0000bbbb-x";
  const strange = "notes.txt";
  const names = [ofDead, ofLiving, ofNamesake, elsewhere, longAgo, strange];
  for (const name of names) await writeFile(join(folder, name), "x");
  const past = new Date(Date.now() - 25 * 3_600_000);
  for (const name of [ofLiving, ofNamesake, longAgo, strange])
    await utimes(join(folder, name), past, past);

  await using client = await TestClient.of(Files, { settings: { dataDir } });
  await client.post("/", { files: { file: { filename: "a", content: "small" } } });
  expect(await readdir(folder)).toHaveLength(names.length);
  await client.post("/", { files: { file: { filename: "a", content } } });
  expect((await readdir(folder)).toSorted()).toEqual([ofLiving, elsewhere, strange].toSorted());
});

test("what another app of the same process has there is none of what dead ones have left", async () => {
  await using other = await TestClient.of(Files, { settings: { dataDir } });
  class Asks extends Plugin {
    up = post("/", { form: { file: file() } }, async ({ file }) => {
      await other.post("/", { files: { file: { filename: "a", content } } });
      return (await file.bytes()).byteLength;
    });
  }
  await using client = await TestClient.of(Asks, { settings: { dataDir } });
  const response = await client.post("/", { files: { file: { filename: "a", content } } });
  expect(await response.json()).toBe(100_000);
});

test("the folder may be removed meanwhile", async () => {
  await using client = await TestClient.of(Files, { settings: { dataDir } });
  for (let turn = 0; turn < 2; turn++) {
    await rm(folder, { recursive: true, force: true });
    const response = await client.post("/", { files: { file: { filename: "a", content } } });
    expect(await response.json()).toMatchObject({ size: 100_000 });
  }
});

test("where files cannot be kept, small ones still come in, and the log says why others do not", async () => {
  const other = await mkdtemp(join(tmpdir(), "nexus-spool-"));
  await writeFile(join(other, "uploads"), "in the way");
  class Sizes extends Plugin {
    up = post("/", { form: { file: file() } }, ({ file }) => file.size);
  }
  {
    await using client = await TestClient.of(Sizes, { settings: { dataDir: other } });
    const small = { filename: "a", content: "small" };
    expect(await (await client.post("/", { files: { file: small } })).json()).toBe(5);
    const large = client.post("/", { files: { file: { filename: "a", content } } });
    await expect(large).rejects.toMatchObject({ code: "NX_DATA_DIR" });
  }
  await rm(other, { recursive: true });
});
