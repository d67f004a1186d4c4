import { createHash, hash } from "node:crypto";
import { createReadStream, type Dirent } from "node:fs";
import { open, readdir, readFile, readlink, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { isRecord } from "../config/place.ts";
import { messageOf, NexusError } from "../exceptions.ts";
import { syncFolder } from "../commit.ts";

/** What an installed version was when it was installed; stands among its files. */
export interface Seal {
  /** Of the plugin, and of its package as npm knows it. */
  readonly name: string;
  readonly package: string;
  readonly version: string;
  /** Of the tarball, as npm writes it: `sha512-…`. */
  readonly integrity: string;
  /** What was asked for. */
  readonly from: string;
  readonly installedAt: string;
  /** The SHA-256 of each file by its path, and of a link where it leads. */
  readonly files: Readonly<Record<string, string>>;
}

/** The file that holds the seal. */
export const sealFile = ".nexus-seal.json";

/** The integrity of a file, as npm writes it. */
export async function integrityOf(file: string): Promise<string> {
  return `sha512-${await hashOf(file, "sha512")}`;
}

/**
 * Puts all files of a folder onto the disk, and writes down what they are.
 * @throws NX_PACKAGE for a link that leads out of the folder
 */
export async function seal(folder: string, about: Omit<Seal, "files">): Promise<Seal> {
  const entries = await entriesOf(folder);
  await inTurns(entries, async (entry) => {
    if (entry.isSymbolicLink()) await checkLink(folder, pathOf(entry));
  });
  const files = await digestsOf(folder, entries);
  const sealed: Seal = { ...about, files };
  await using handle = await open(join(folder, sealFile), "wx", 0o600);
  await handle.writeFile(`${JSON.stringify(sealed, null, 2)}\n`);
  await handle.sync();
  await inTurns(entries, putOnDisk);
  await syncFolder(folder);
  return sealed;
}

/** @throws NX_INTEGRITY for a folder without one */
export async function readSeal(folder: string): Promise<Seal> {
  const file = join(folder, sealFile);
  try {
    const found: unknown = JSON.parse(await readFile(file, "utf8"));
    if (isSeal(found)) return found;
    throw new Error("something is missing in it");
  } catch (cause) {
    throw new NexusError(
      "NX_INTEGRITY",
      `${file} cannot be read, so nobody knows what was installed: ${messageOf(cause)}.`,
      { cure: "Install this version again: that mends it.", cause },
    );
  }
}

/**
 * Whether an installed version is still what was installed, with its dependencies.
 * @throws NX_INTEGRITY naming the files that are not
 */
export async function verify(folder: string): Promise<void> {
  const { name, version, from, files } = await readSeal(folder);
  const found = await digestsOf(folder, await entriesOf(folder));
  const faults = [...new Set([...Object.keys(files), ...Object.keys(found)])].flatMap((path) => {
    if (found[path] === files[path]) return [];
    if (found[path] === undefined) return [`${path} is missing`];
    return [files[path] === undefined ? `${path} was added` : `${path} was changed`];
  });
  if (!faults.length) return;
  const more = faults.length > 3 ? `, and ${faults.length - 3} more` : "";
  throw new NexusError(
    "NX_INTEGRITY",
    `${name} ${version} is not what was installed: ${faults.slice(0, 3).join(", ")}${more} (in ${folder}).`,
    { cure: `Install it again, which mends it; it came from ${from}.` },
  );
}

function isSeal(found: unknown): found is Seal {
  if (!isRecord(found) || !isRecord(found["files"])) return false;
  const { files, ...rest } = found;
  const texts = ["name", "package", "version", "integrity", "from", "installedAt"].map(
    (key) => rest[key],
  );
  return [...texts, ...Object.values(files as object)].every((one) => typeof one === "string");
}

/** What is sealed: all but the seal. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await entriesBelow(folder);
  return entries.filter((entry) => pathOf(entry) !== join(folder, sealFile));
}

/** Node's own way to go down follows links. */
async function entriesBelow(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory());
  const inner = await Promise.all(folders.map((entry) => entriesBelow(pathOf(entry))));
  return [entries, ...inner].flat();
}

function pathOf(entry: Dirent): string {
  return join(entry.parentPath, entry.name);
}

async function digestsOf(
  folder: string,
  entries: readonly Dirent[],
): Promise<Record<string, string>> {
  const digests: [string, string][] = [];
  await inTurns(entries, async (entry) => {
    if (entry.isDirectory()) return;
    const path = pathOf(entry);
    const digest = entry.isSymbolicLink()
      ? `link to ${await readlink(path)}`
      : // A pipe would keep its reader waiting.
        entry.isFile()
        ? await hashOf(path, "sha256")
        : "no file";
    digests.push([relative(folder, path).replaceAll(sep, "/"), digest]);
  });
  return Object.fromEntries(digests.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function hashOf(file: string, algorithm: string): Promise<string> {
  // Most are small, and there are many.
  if ((await stat(file)).size <= 1024 ** 2) return hash(algorithm, await readFile(file), "base64");
  const hashing = createHash(algorithm);
  for await (const chunk of createReadStream(file)) hashing.update(chunk as Buffer);
  return hashing.digest("base64");
}

async function checkLink(folder: string, path: string): Promise<void> {
  const written = await readlink(path);
  const target = await realpath(path).catch(() => "");
  // The folder moves when it is complete, and would leave an absolute one behind.
  if (!isAbsolute(written) && target.startsWith((await realpath(folder)) + sep)) return;
  throw new NexusError(
    "NX_PACKAGE",
    `${relative(folder, path)} is a link to ${written}, which is not in the package.`,
    { cure: "Pack what it leads to in its place." },
  );
}

async function putOnDisk(entry: Dirent): Promise<void> {
  if (entry.isDirectory()) return syncFolder(pathOf(entry));
  if (!entry.isFile()) return;
  await using handle = await open(pathOf(entry));
  await handle.sync();
}

/** A few at a time: there may be thousands of files. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const turn = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: 16 }, turn));
}
