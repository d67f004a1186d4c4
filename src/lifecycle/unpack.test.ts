import { readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Header, type HeaderData } from "tar";
import { expect, test } from "vitest";
import { newFolder, tarballOf } from "../../test/npm-packages.ts";
import { install, type InstallOptions, Versions } from "./index.ts";

const json = JSON.stringify({ name: "notes", version: "1.0.0", nexus: { entry: "index.js" } });

/** An archive as no well-meaning program makes it. */
async function archive(entries: readonly (HeaderData & { content?: string })[]): Promise<string> {
  const whole = [{ path: "package/package.json", content: json }, ...entries];
  const blocks = whole.flatMap(({ content = "", ...data }) => {
    const header = new Header({
      type: "File",
      mode: 0o644,
      size: Buffer.byteLength(content),
      ...data,
    });
    header.encode();
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
    body.write(content);
    return [header.block!, body];
  });
  const file = join(await newFolder(), "archive.tgz");
  await writeFile(file, gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
  return file;
}

/** Installs it, which must be refused without a trace. */
async function refusal(tarball: string, options?: InstallOptions): Promise<string> {
  const folder = await newFolder();
  const versions = new Versions(join(folder, "plugins"));
  const error = await install(versions, tarball, options).then(
    () => new Error("It was installed"),
    (error: Error) => error,
  );
  expect(error).toMatchObject({ code: "NX_PACKAGE" });
  expect(await readdir(folder, { recursive: true })).toEqual(["plugins", "plugins/.drafts"]);
  return error.message;
}

test.each([
  ["package/../../evil.js", {}],
  ["package/../evil.js", {}],
  ["../evil.js", {}],
  ["/etc/evil.js", {}],
  ["package//etc/evil.js", {}],
  ["package/./evil.js", {}],
  ["./package/evil.js", {}],
  ["package/c:/evil.js", {}],
  ["package/..\\..\\evil.js", {}],
  [`package${"/a".repeat(100)}`, {}],
])("a file at %s is refused", async (path, more) => {
  const message = await refusal(await archive([{ path, content: "evil", ...more }]));
  expect(message).toMatch(/is no plain path\. Make it with `npm pack`/);
});

test.each([
  ["SymbolicLink", { linkpath: "/etc/passwd" }],
  ["SymbolicLink", { linkpath: "index.js" }],
  ["Link", { linkpath: "package/package.json" }],
  ["FIFO", {}],
  ["CharacterDevice", {}],
] as const)("a %s is refused: a package holds files", async (type, more) => {
  const message = await refusal(await archive([{ path: "package/odd", type, ...more }]));
  expect(message).toContain(`package/odd is neither a file nor a folder, but a ${type}.`);
});

test("what is too large is refused, however small it is packed", async () => {
  const large = await archive([{ path: "package/zeros", content: "0".repeat(2_000_000) }]);
  expect((await stat(large)).size).toBeLessThan(10_000);
  expect(await refusal(large, { limits: { bytes: 1_000_000 } })).toContain(
    "more than 1000000 bytes",
  );
  const claimed = await archive([{ path: "package/claimed", size: 300 * 1024 ** 2 }]);
  expect(await refusal(claimed)).toContain("more than 268435456 bytes");
  const many = await archive(Array.from({ length: 5 }, (_, n) => ({ path: `package/${n}` })));
  expect(await refusal(many, { limits: { entries: 5 } })).toContain("more than 5 files");
  const all = await archive(
    ["a", "b"].map((path) => ({ path: `package/${path}`, content: "12345" })),
  );
  const bytes = json.length + 10;
  expect(await refusal(all, { limits: { bytes: bytes - 1 } })).toContain(
    `more than ${bytes - 1} by`,
  );
  expect((await install(new Versions(await newFolder()), all, { limits: { bytes } })).added).toBe(
    true,
  );
  const versions = new Versions(await newFolder());
  const fits = { limits: { entries: 6, bytes: json.length } };
  expect((await install(versions, many, fits)).added).toBe(true);
});

test("what is damaged is refused", async () => {
  const folder = await newFolder({ "text.tgz": "no archive", "empty.tgz": "" });
  for (const name of ["text.tgz", "empty.tgz"])
    expect(await refusal(join(folder, name))).toContain(`${join(folder, name)} is refused: `);
  const half = await tarballOf({ json: JSON.parse(json), files: { "index.js": "x".repeat(9999) } });
  await truncate(half, (await stat(half)).size - 30);
  expect(await refusal(half)).toContain("is refused: ");
});

test("an archive without a package.json is no package", async () => {
  const file = join(await newFolder(), "bare.tgz");
  const header = new Header({ path: "package/index.js", type: "File", size: 0 });
  header.encode();
  await writeFile(file, gzipSync(Buffer.concat([header.block!, Buffer.alloc(1024)])));
  expect(await refusal(file)).toBe(
    `${file} has no package.json. Pack a plugin's folder with \`npm pack\`, or give its name.`,
  );
});

test("settings of npm and a seal that come along are left out, further down they are files", async () => {
  const entries = ["package/.npmrc", "package/.nexus-seal.json", "package/data/.npmrc"];
  const file = await archive(entries.map((path) => ({ path, content: "ignore-scripts=false" })));
  const { folder, seal } = await install(new Versions(await newFolder()), file);
  expect(seal).toMatchObject({ name: "notes" });
  expect(Object.keys(seal.files)).toEqual(["data/.npmrc", "package.json"]);
  expect((await readdir(folder)).toSorted()).toEqual([".nexus-seal.json", "data", "package.json"]);
});

test("files can be read and run as their author meant it, and are this user's", async () => {
  const file = await archive([
    { path: "package/locked", mode: 0, content: "x", uid: 12345, gid: 12345 },
    { path: "package/tool", mode: 0o4711, content: "x" },
    { path: "package/folder/", type: "Directory", mode: 0 },
    { path: "package/folder/inner", mode: 0o600, content: "inner" },
  ]);
  const { folder } = await install(new Versions(await newFolder()), file);
  const about = async (name: string) => {
    const { mode, uid } = await stat(join(folder, name));
    return [(mode & 0o7700).toString(8), uid === process.getuid?.()];
  };
  expect(await about("locked")).toEqual(["600", true]);
  expect(await about("tool")).toEqual(["700", true]);
  expect(await about("folder")).toEqual(["700", true]);
  expect(await readFile(join(folder, "folder/inner"), "utf8")).toBe("inner");
});
