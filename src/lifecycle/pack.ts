import { copyFile, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, NexusError } from "../exceptions.ts";
import { loadPlugin } from "../plugin/index.ts";
import { parseManifest } from "../plugin/manifest.ts";
import { isMissing } from "../commit.ts";
import { integrityOf } from "./integrity.ts";
import { npm } from "./npm.ts";
import { unpack } from "./unpack.ts";

export interface PackOptions {
  /** Where the tarball goes; default the working folder. */
  readonly to?: string;
  readonly signal?: AbortSignal;
}

/** A tarball that can be installed. */
export interface PackedPlugin {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** As npm writes it: `sha512-…`. */
  readonly integrity: string;
}

/**
 * Packs a plugin's folder, as `npm pack` does and with its scripts, and tries what was packed: it must
 * load without what was left out.
 * @throws NX_MANIFEST NX_NPM NX_PACKAGE
 */
export async function pack(
  folder: string,
  { to = process.cwd(), signal }: PackOptions = {},
): Promise<PackedPlugin> {
  const { name, version } = await readPackedManifest(folder);
  const draft = await mkdtemp(join(tmpdir(), "nexus-pack-"));
  try {
    await npm(draft, ["pack", "--", folder], { appFolder: process.cwd(), signal });
    const [packed] = await readdir(draft);
    const tarball = join(draft, packed!);
    await tryOut(tarball, folder);
    const file = join(to, packed!);
    await copyFile(tarball, file);
    return {
      name,
      version,
      file,
      size: (await stat(file)).size,
      integrity: await integrityOf(file),
    };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function readPackedManifest(folder: string) {
  const file = join(folder, "package.json");
  try {
    return parseManifest(await readFile(file, "utf8"), file, { published: true });
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new NexusError("NX_PACKAGE", `There is no ${file}.`, {
      cure: "Give the folder of a plugin that has one.",
      cause,
    });
  }
}

/** Inside the plugin's own folder, where what it imports is found. */
async function tryOut(tarball: string, folder: string): Promise<void> {
  const place = await mkdtemp(join(folder, ".nexus-pack-"));
  try {
    await unpack(tarball, join(place, "package"));
    await loadPlugin(join(place, "package"));
  } catch (cause) {
    const what = messageOf(cause).replaceAll(`${place}/`, "");
    throw new NexusError("NX_PACKAGE", `What is packed of ${folder} does not load: ${what}`, {
      cure: 'If a file is missing, let "files" in its package.json name it.',
      cause,
    });
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
