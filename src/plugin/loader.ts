import { existsSync, statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { NexusError } from "../exceptions.ts";
import { registerPluginHooks } from "./hooks.ts";
import { importDefault } from "./import.ts";
import { kebab, type Manifest, manifestOf, readManifest } from "./manifest.ts";
import { type BrokenSource, checkClass, type PluginSource } from "./source.ts";

export interface Found {
  readonly sources: readonly PluginSource[];
  readonly broken: readonly BrokenSource[];
}

/** Loads every plugin of a folder: `name.ts`, or a folder `name/` with a package.json or an index.ts. */
export async function loadPlugins(folder: string): Promise<Found> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  const sources: PluginSource[] = [];
  const broken: BrokenSource[] = [];
  for (const name of names.filter(isPlugin).toSorted()) {
    const place = join(folder, name);
    // A link counts as what it leads to.
    const isFolder = statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false;
    if (!isFolder && !isModule(name)) continue;
    let manifest: Manifest | undefined;
    try {
      manifest = isFolder ? await findManifest(place) : undefined;
      sources.push(await load(place, manifest));
    } catch (reason) {
      broken.push({ name: manifest?.name ?? nameOf(place), manifest, folder: place, reason });
    }
  }
  return { sources, broken };
}

/** @throws NX_MANIFEST NX_NO_ENTRY NX_NO_PLUGIN_CLASS NX_LOAD */
export async function loadPlugin(place: string): Promise<PluginSource> {
  return load(place, isModule(place) ? undefined : await findManifest(place));
}

async function load(place: string, manifest: Manifest | undefined): Promise<PluginSource> {
  registerPluginHooks();
  const entry = isModule(place) ? place : entryOf(place, manifest);
  const type = checkClass(
    await importDefault(entry),
    (found) => `${entry} exports ${found} by default, which is no plugin.`,
  );
  return {
    type,
    manifest: manifest ?? { ...manifestOf(type), name: nameOf(place) },
    folder: place,
  };
}

async function findManifest(folder: string): Promise<Manifest | undefined> {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return undefined;
  try {
    return readManifest(JSON.parse(await readFile(file, "utf8")), file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new NexusError("NX_MANIFEST", `${file} is no JSON: ${error.message}.`, { cause: error });
  }
}

const usual = ["index.ts", "index.js", "index.mjs", "src/index.ts", "dist/index.js"];

function entryOf(folder: string, manifest: Manifest | undefined): string {
  const candidates = manifest?.entry ? [manifest.entry] : usual;
  const found = candidates.map((name) => join(folder, name)).find((file) => existsSync(file));
  if (found) return found;
  throw new NexusError("NX_NO_ENTRY", `${folder} has no ${candidates.join(", ")}.`, {
    cure: 'Name the module with the plugin class as "nexus.entry" in its package.json.',
  });
}

function nameOf(place: string): string {
  return kebab(isModule(place) ? basename(place, extname(place)) : basename(place));
}

function isPlugin(name: string): boolean {
  return !/^[._]/.test(name) && name !== "node_modules";
}

function isModule(name: string): boolean {
  return /(?<!\.test|\.d)\.m?[jt]s$/.test(name);
}
