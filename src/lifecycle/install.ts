import { copyFile, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, NexusError } from "../exceptions.ts";
import { parseManifest } from "../plugin/manifest.ts";
import { isMissing } from "../commit.ts";
import { addDependencies } from "./dependencies.ts";
import { integrityOf, seal, type Seal, verify } from "./integrity.ts";
import { npm, type NpmOptions } from "./npm.ts";
import { type PackageSpec, readPackageSpec } from "./package-spec.ts";
import { type PackageLimits, unpack } from "./unpack.ts";
import type { InstalledVersion, Versions } from "./versions.ts";

export interface InstallOptions {
  /** Where relative paths begin, and whose .npmrc npm reads; default the working folder. */
  readonly appFolder?: string;
  readonly limits?: PackageLimits;
  readonly signal?: AbortSignal;
}

export interface Installation extends InstalledVersion {
  /** False where this very version was there already, mended or not. */
  readonly added: boolean;
}

/**
 * Installs a version of a plugin, with the packages that it needs: from a folder, a tarball, or an npm
 * package with a range. No scripts run, and nothing of it is loaded. One that is there already, and is the
 * same, stays; where its files have changed since, it is mended.
 * @throws NX_PACKAGE_SPEC NX_PACKAGE NX_MANIFEST NX_NPM NX_INSTALL; NX_VERSION_TAKEN where that version is
 * another package, NX_PLUGIN_TWICE where the plugin is
 */
export async function install(
  versions: Versions,
  what: string,
  { appFolder = process.cwd(), limits, signal }: InstallOptions = {},
): Promise<Installation> {
  const spec = await readPackageSpec(what, appFolder);
  try {
    // npm would say less of what is wrong with it.
    if (spec.kind === "folder") await readPackage(spec.path, what);
    await using draft = await versions.draft();
    const tarball = await obtain(spec, draft.path, { appFolder, signal });
    const integrity = await integrityOf(tarball);
    const folder = join(draft.path, "package");
    await unpack(tarball, folder, { limits, as: what });
    const json = await readPackage(folder, what);
    const about = { ...json.about, integrity, from: what, installedAt: new Date().toISOString() };
    const same = await findSame(versions, about);
    if (same) return { ...same, added: false };
    await addDependencies(folder, json.pack, { appFolder, signal });
    await seal(folder, about);
    signal?.throwIfAborted();
    return await place(versions, folder, about);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new NexusError("NX_INSTALL", `${what} could not be installed: ${messageOf(cause)}.`, {
      cure: `Look for space in ${versions.folder}, and whether this process may write there.`,
      cause,
    });
  }
}

type About = Omit<Seal, "files">;

/** The tarball, where nobody else changes it. */
async function obtain(spec: PackageSpec, draft: string, options: NpmOptions): Promise<string> {
  const folder = join(draft, "tarball");
  await mkdir(folder);
  if (spec.kind === "tarball") await copyFile(spec.path, join(folder, "package.tgz"));
  else {
    const wanted = spec.kind === "npm" ? spec.wanted : spec.path;
    await npm(folder, ["pack", "--ignore-scripts", "--", wanted], options);
  }
  const [name] = await readdir(folder);
  return join(folder, name!);
}

async function readPackage(folder: string, what: string) {
  const file = `package.json of ${what}`;
  try {
    const text = await readFile(join(folder, "package.json"), "utf8");
    const { name, version } = parseManifest(text, file, { published: true });
    const pack = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return { pack, about: { name, package: pack["name"] as string, version } };
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new NexusError("NX_PACKAGE", `${what} has no package.json.`, {
      cure: "Pack a plugin's folder with `npm pack`, or give its name.",
      cause,
    });
  }
}

/** The version that is there, if it is what is to be installed; none where it is damaged. */
async function findSame(versions: Versions, about: About): Promise<InstalledVersion | undefined> {
  const { name, version, integrity } = about;
  for (const other of await versions.list(name)) {
    const found = await versions.find(name, other).catch(() => undefined);
    if (found && found.seal.package !== about.package) {
      throw new NexusError(
        "NX_PLUGIN_TWICE",
        `Two plugins are called "${name}": the package ${found.seal.package}, which is installed, and ${about.package}.`,
        { cure: "Remove the one that is installed first, if the other one shall take its place." },
      );
    }
    if (!found || other !== version) continue;
    if (found.seal.integrity === integrity) {
      const isWhole = await verify(found.folder).then(
        () => true,
        () => false,
      );
      return isWhole ? found : undefined;
    }
    throw new NexusError(
      "NX_VERSION_TAKEN",
      `${name} ${version} is installed from ${found.seal.from} (${found.seal.integrity}), and ${about.from} is another one (${integrity}).`,
      { cure: "Give the new one a version of its own, or remove the installed one first." },
    );
  }
  return undefined;
}

async function place(versions: Versions, folder: string, about: About): Promise<Installation> {
  const { name, version } = about;
  let wasThere = false;
  while (!(await versions.add(folder, name, version))) {
    // Another process was quicker, or what is there is damaged.
    const same = await findSame(versions, about);
    if (same) return { ...same, added: false };
    wasThere = await versions.remove(name, version);
  }
  return { ...(await versions.find(name, version)), added: !wasThere };
}
