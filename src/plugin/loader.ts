import { existsSync, statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { NexusError } from "../exceptions.ts";
import { Scope } from "../scope.ts";
import { setSpot } from "./code-frame.ts";
import { registerPluginHooks } from "./hooks.ts";
import { type Import, importDefault, importOnce } from "./import.ts";
import { type Loading, loadingKey, noteLoaded } from "./loaded.ts";
import { kebab, type Manifest, manifestOf, parseManifest } from "./manifest.ts";
import { ManifestError } from "./manifest-faults.ts";
import { jsonSpot } from "./module-json.ts";
import { type BrokenSource, checkClass, type PluginSource } from "./source.ts";

/** Where the code of plugins comes from, and how it comes anew. */
export interface ModuleLoader {
  readonly import: Import;
  /**
   * Forgets files that have changed, or all files of folders, and whatever imports them.
   * @returns the places of plugins that are to be loaded anew
   */
  forget(paths: readonly string[]): readonly string[];
  /** Whether a file stays what it is until the process ends: somebody else than a plugin has loaded it. */
  isBound(path: string): boolean;
}

export interface Found {
  readonly sources: readonly PluginSource[];
  readonly broken: readonly BrokenSource[];
}

/** Loads every plugin of a folder. */
export async function loadPlugins(folder: string, modules?: ModuleLoader): Promise<Found> {
  return loadPlaces(await placesIn(folder), modules);
}

/** The plugins of a folder: `name.ts`, or a folder `name/` with a package.json or an index.ts. */
export async function placesIn(folder: string): Promise<string[]> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  const places = names.toSorted().map((name) => join(folder, name));
  return places.filter(isPlugin);
}

/** Loads those of some files and folders that are plugins. */
export async function loadPlaces(
  places: readonly string[],
  modules?: ModuleLoader,
): Promise<Found> {
  const sources: PluginSource[] = [];
  const broken: BrokenSource[] = [];
  for (const place of places.filter(isPlugin)) {
    let manifest: Manifest | undefined;
    try {
      manifest = isModule(place) ? undefined : await findManifest(place);
      sources.push(await load(place, manifest, modules));
    } catch (reason) {
      broken.push({ name: manifest?.name ?? nameOf(place), manifest, folder: place, reason });
    }
  }
  return { sources, broken };
}

/**
 * Loads one plugin, as it is now.
 * @throws NX_MANIFEST NX_NO_ENTRY NX_NO_PLUGIN_CLASS NX_LOAD
 */
export async function loadPlugin(place: string, modules?: ModuleLoader): Promise<PluginSource> {
  modules?.forget([place]);
  return load(place, isModule(place) ? undefined : await findManifest(place), modules);
}

async function load(
  place: string,
  manifest: Manifest | undefined,
  modules?: ModuleLoader,
): Promise<PluginSource> {
  registerPluginHooks();
  const entry = isModule(place) ? place : entryOf(place, manifest);
  const load: Import = modules ? (file) => modules.import(file) : importOnce;
  // What its modules begin belongs to nobody's request, and is known to be its own.
  const scope = new Scope("call", `loading of ${place}`);
  const loading: Loading = { name: manifest?.name ?? nameOf(place), place, type: undefined };
  scope.provide(loadingKey, loading);
  noteLoaded(loading);
  const type = checkClass(
    await scope.run(() => importDefault(entry, "NX_LOAD", load)),
    (found) => `${entry} exports ${found} by default, which is no plugin.`,
  );
  loading.type = type;
  return {
    type,
    manifest: manifest ?? { ...manifestOf(type), name: nameOf(place) },
    folder: place,
  };
}

async function findManifest(folder: string): Promise<Manifest | undefined> {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return undefined;
  const text = await readFile(file, "utf8");
  try {
    return parseManifest(text, file);
  } catch (error) {
    const [fault = ""] = error instanceof ManifestError ? error.faults : [];
    const member = /^"([^"]+)"/.exec(fault)?.[1]?.split(".") ?? [];
    throw setSpot(error as NexusError, jsonSpot(file, text, member));
  }
}

const usual = ["index.ts", "index.js", "index.mjs", "src/index.ts", "dist/index.js"];

function entryOf(folder: string, manifest: Manifest | undefined): string {
  const candidates = manifest?.entry ? [manifest.entry] : usual;
  const files = candidates.map((name) => join(folder, name)).filter((file) => existsSync(file));
  const found = files.find((file) => !statSync(file).isDirectory());
  if (found) return found;
  if (files.length) {
    throw new NexusError("NX_NO_ENTRY", `${files[0]} is a folder, and no module.`, {
      cure: 'Name the module in it as "nexus.entry" in the package.json, such as src/index.ts.',
    });
  }
  throw new NexusError("NX_NO_ENTRY", `${folder} has no ${candidates.join(", ")}.`, {
    cure: 'Name the module with the plugin class as "nexus.entry" in its package.json.',
  });
}

function nameOf(place: string): string {
  return kebab(isModule(place) ? basename(place, extname(place)) : basename(place));
}

/** Whether something in a folder of plugins is one, whatever it does. */
function isPlugin(place: string): boolean {
  const name = basename(place);
  if (/^[._]/.test(name) || name === "node_modules") return false;
  // A link counts as what it leads to.
  const stats = statSync(place, { throwIfNoEntry: false });
  return stats !== undefined && (stats.isDirectory() || isModule(name));
}

function isModule(name: string): boolean {
  return /(?<!\.test|\.d)\.m?[jt]s$/.test(name);
}
