import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, NexusError } from "../exceptions.ts";
import { registerPluginHooks } from "./hooks.ts";
import { type Manifest, manifestOf, readManifest } from "./manifest.ts";
import { type BrokenSource, checkClass, type PluginSource } from "./source.ts";

export interface Found {
  readonly sources: readonly PluginSource[];
  readonly broken: readonly BrokenSource[];
}

/** Loads every plugin of a folder: `name.ts`, or a folder `name/` with a package.json or an index.ts. */
export async function loadPlugins(folder: string): Promise<Found> {
  const entries = existsSync(folder) ? await readdir(folder, { withFileTypes: true }) : [];
  const places = entries
    .filter((entry) => (entry.isDirectory() ? isPluginName(entry.name) : isModule(entry.name)))
    .map((entry) => join(folder, entry.name))
    .sort();
  const sources: PluginSource[] = [];
  const broken: BrokenSource[] = [];
  for (const place of places) {
    try {
      sources.push(await loadPlugin(place));
    } catch (reason) {
      broken.push({ name: basename(place, extname(place)), folder: place, reason });
    }
  }
  return { sources, broken };
}

/** @throws NX_MANIFEST NX_NO_ENTRY NX_NO_PLUGIN_CLASS NX_LOAD */
export async function loadPlugin(place: string): Promise<PluginSource> {
  registerPluginHooks();
  const isFile = isModule(place);
  const manifest = isFile ? undefined : await findManifest(place);
  const entry = isFile ? place : entryOf(place, manifest);
  const type = checkClass(await importDefault(entry), entry);
  return {
    type,
    manifest: manifest ?? { ...manifestOf(type), name: basename(place, extname(place)) },
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

async function importDefault(file: string): Promise<unknown> {
  const url = pathToFileURL(file).href;
  try {
    return ((await import(/* @vite-ignore */ url)) as { default?: unknown }).default;
  } catch (cause) {
    throw new NexusError("NX_LOAD", `${file} could not be loaded: ${messageOf(cause)}`, { cause });
  }
}

function isPluginName(name: string): boolean {
  return !name.startsWith(".") && !name.startsWith("_") && name !== "node_modules";
}

function isModule(name: string): boolean {
  return /(?<!\.test|\.d)\.m?[jt]s$/.test(name) && !basename(name).startsWith(".");
}
