import { existsSync } from "node:fs";
import { readdir, readFile, rename, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { NexusError } from "../exceptions.ts";
import { isPluginName, isVersion, type Manifest, parseManifest } from "../plugin/manifest.ts";
import { newestFirst } from "../semver.ts";
import { commit, isMissing, syncFolder } from "../commit.ts";
import { type DraftFolder, DraftFolders } from "./draft-folders.ts";
import { readSeal, type Seal, verify } from "./integrity.ts";

/** A version of a plugin, complete with its dependencies in a folder of its own. */
export interface InstalledVersion {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly seal: Seal;
}

/** The installed versions of all plugins, `<name>/<version>/` each: a version is complete, or not there. */
export class Versions {
  /** Also where plugins' states are kept; nobody else writes there. */
  readonly folder: string;
  readonly #drafts: DraftFolders;

  constructor(folder: string) {
    this.folder = folder;
    this.#drafts = new DraftFolders(join(folder, ".drafts"));
  }

  /** Removes what killed installations have left. */
  async sweep(): Promise<void> {
    await this.#drafts.sweep();
  }

  /** The plugins with an installed version. */
  async names(): Promise<string[]> {
    const names = (await foldersIn(this.folder)).filter(isPluginName).toSorted();
    const counts = await Promise.all(names.map(async (name) => (await this.list(name)).length));
    return names.filter((_, at) => counts[at]);
  }

  /** The installed versions of a plugin, the newest first. */
  async list(name: string): Promise<string[]> {
    const found = isPluginName(name) ? await foldersIn(join(this.folder, name)) : [];
    return newestFirst(found.filter(isVersion));
  }

  /** @throws NX_VERSION_UNKNOWN, NX_INTEGRITY for one that nobody can tell anything of */
  async find(name: string, version: string): Promise<InstalledVersion> {
    const folder = this.folderOf(name, version);
    if (folder === undefined || !existsSync(folder)) throw await this.#unknown(name, version);
    const seal = await readSeal(folder);
    if (seal.name !== name || seal.version !== version) {
      throw new NexusError(
        "NX_INTEGRITY",
        `${folder} holds ${seal.name} ${seal.version}, which was not installed there.`,
        { cure: "Move it back, or remove it and install what belongs there." },
      );
    }
    const file = join(folder, "package.json");
    // Else it says which of its files are gone.
    if (!existsSync(file)) await verify(folder);
    const manifest = parseManifest(await readFile(file, "utf8"), file);
    return { name, version, folder, manifest, seal };
  }

  /** A folder on the same disk, for a version that is to be added. */
  async draft(): Promise<DraftFolder> {
    return this.#drafts.make();
  }

  /**
   * Moves a complete version to its place, in one step.
   * @returns whether it is there now; false where there is one already
   */
  async add(draft: string, name: string, version: string): Promise<boolean> {
    const folder = this.folderOf(name, version);
    if (folder === undefined) throw await this.#unknown(name, version);
    try {
      await commit(draft, folder);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOTEMPTY" || code === "EEXIST") return false;
      throw error;
    }
  }

  /**
   * Removes a version that nobody runs, in one step for those who read.
   * @returns whether there was one
   */
  async remove(name: string, version: string): Promise<boolean> {
    const folder = this.folderOf(name, version);
    if (folder === undefined || !existsSync(folder)) return false;
    await using draft = await this.draft();
    await rename(folder, join(draft.path, version));
    await syncFolder(dirname(folder));
    // With the last version goes the plugin's own folder.
    await rmdir(dirname(folder)).catch(() => {});
    return true;
  }

  /** None where no version could be. */
  folderOf(name: string, version: string): string | undefined {
    return isPluginName(name) && isVersion(version) ? join(this.folder, name, version) : undefined;
  }

  async #unknown(name: string, version: string): Promise<NexusError> {
    const others = await this.list(name);
    return new NexusError(
      "NX_VERSION_UNKNOWN",
      `Version "${version}" of the plugin "${name}" is not installed.`,
      { cure: others.length ? `Installed are ${others.join(", ")}.` : "Install it first." },
    );
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
