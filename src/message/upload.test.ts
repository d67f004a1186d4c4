import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UploadFile } from "./index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nexus-upload-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = "ä".repeat(50_000);
const about = { filename: "../a.txt", contentType: "text/plain", size: 100_000 };
const inMemory = (): UploadFile => new UploadFile({ ...about, content: Buffer.from(text) });
const onDisk = async (): Promise<UploadFile> => {
  const content = join(folder, "spooled");
  await writeFile(content, text, { mode: 0o600 });
  return new UploadFile({ ...about, content });
};

test.each([
  ["memory", inMemory],
  ["a file", onDisk],
])("a file in %s is read in pieces, whole, or as a text, again and again", async (_, make) => {
  const file = await make();
  for (let turn = 0; turn < 2; turn++) {
    const pieces: Uint8Array[] = [];
    for await (const piece of file.stream()) pieces.push(piece);
    expect(pieces.map(({ byteLength }) => byteLength)).toEqual([65_536, 34_464]);
    expect(Buffer.concat(pieces).toString()).toBe(text);
    expect(await file.text()).toBe(text);
    // What one reader does with its copy is not seen by the next.
    for (const copy of [...pieces, await file.bytes()]) copy.fill(0);
  }
});

test.each([
  ["memory", inMemory],
  ["a file", onDisk],
])("a file in %s is saved for its owner alone, and can still be read", async (_, make) => {
  const file = await make();
  const path = join(folder, "saved");
  await file.saveTo(path);
  expect(await readFile(path, "utf8")).toBe(text);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await file.text()).toBe(text);
  await file[Symbol.asyncDispose]();
  expect(await readFile(path, "utf8")).toBe(text);
  await rm(path);
  expect(await readdir(folder)).toEqual(existsSync(join(folder, "spooled")) ? ["spooled"] : []);
});

test.each([
  ["memory", inMemory],
  ["a file", onDisk],
])("what is there already stays, unless it is to be overwritten (%s)", async (_, make) => {
  const file = await make();
  const path = join(folder, "saved");
  await writeFile(path, "mine");
  await expect(file.saveTo(path)).rejects.toMatchObject({ code: "EEXIST" });
  expect(await readFile(path, "utf8")).toBe("mine");
  await file.saveTo(path, { overwrite: true });
  expect(await readFile(path, "utf8")).toBe(text);
  await expect(file.saveTo(join(folder, "none/a"))).rejects.toMatchObject({ code: "ENOENT" });
  await file[Symbol.asyncDispose]();
  await rm(path);
  expect(await readdir(folder)).toEqual([]);
});

test("what is saved twice are two files, of any name that the disk takes", async () => {
  const file = await onDisk();
  const [one, other] = [join(folder, "a".repeat(255)), join(folder, "b")];
  await file.saveTo(one);
  await file.saveTo(other);
  await writeFile(one, "changed in place", { flag: "r+" });
  expect(await readFile(other, "utf8")).toBe(text);
  await file[Symbol.asyncDispose]();
  for (const path of [one, other]) await rm(path);
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  ["memory", inMemory],
  ["a file", onDisk],
])("a stream of a file in %s that is read too late says so, too", async (_, make) => {
  const file = await make();
  const stream = file.stream();
  await file[Symbol.asyncDispose]();
  await expect(stream.next()).rejects.toMatchObject({ code: "NX_UPLOAD_GONE" });
});

test("a file that was given up says so, and takes its temporary file along", async () => {
  const file = await onDisk();
  await file[Symbol.asyncDispose]();
  expect(await readdir(folder)).toEqual([]);
  expect(() => file.stream()).toThrow(
    'The uploaded file "../a.txt" was read after its request had ended.',
  );
  await expect(file.bytes()).rejects.toMatchObject({ code: "NX_UPLOAD_GONE" });
  await expect(file.saveTo(join(folder, "b"))).rejects.toMatchObject({ code: "NX_UPLOAD_GONE" });
});

test("in a log a file is its name, type and size", () => {
  expect(JSON.parse(JSON.stringify(inMemory()))).toEqual(about);
});
