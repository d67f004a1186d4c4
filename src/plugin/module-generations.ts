import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { isOwn, loadedFiles, registerPluginHooks } from "./hooks.ts";
import { importOnce } from "./import.ts";
import type { ModuleLoader } from "./loader.ts";
import { Places, realOf } from "./module-places.ts";

/**
 * Imports plugins by Node's own loader. A plugin that has changed is imported anew as a whole, under
 * other URLs: nothing else than Node is needed, and its old code stays in memory.
 */
export function createGenerations(folder: string): ModuleLoader {
  registerPluginHooks();
  return new Generations(folder);
}

class Generations implements ModuleLoader {
  readonly #places: Places;
  /** How often a place has been forgotten, once something of it was imported. */
  readonly #generations = new Map<string, number>();
  /** By place, those that import from it. */
  readonly #importers = new Map<string, Set<string>>();
  /** Files that are known to others than plugins, say to nexus.config.ts, or to `require`. */
  readonly #bound = new Set(loadedFiles);

  /** By the latest import. */
  readonly #loaded = new Set<string>();

  constructor(folder: string) {
    this.#places = new Places(folder);
    registerHooks({
      resolve: (specifier, context, next) => {
        const found = next(specifier, context);
        const isRequired = context.conditions.includes("require");
        return { ...found, url: this.#urlOf(found.url, context.parentURL, isRequired) };
      },
      load: (url, context, next) => {
        const file = url.startsWith("file:") ? fileURLToPath(url) : "";
        if (this.#places.find(file) !== undefined) this.#loaded.add(file);
        const found = next(url, context);
        if (found.format?.startsWith("commonjs")) this.#bound.add(file);
        return found;
      },
    });
  }

  async import(file: string): Promise<{ readonly default?: unknown }> {
    this.#loaded.clear();
    try {
      return await importOnce(file);
    } catch (error) {
      // Needed by nobody else.
      const { explainImport } = await import("./module-faults.ts");
      throw explainImport(error, this.#loaded);
    }
  }

  forget(paths: readonly string[]): readonly string[] {
    this.#places.read();
    const stale = new Set<string>();
    const visit = (place: string): void => {
      if (stale.has(place)) return;
      stale.add(place);
      for (const importer of this.#importers.get(place) ?? []) visit(importer);
    };
    for (const place of this.#places.of([...paths, ...paths.map(realOf)])) visit(place);
    for (const place of stale) {
      const generation = this.#generations.get(place);
      if (generation !== undefined) this.#generations.set(place, generation + 1);
      // What it imports anew is noted anew.
      for (const importers of this.#importers.values()) importers.delete(place);
    }
    return [...stale];
  }

  isBound(path: string): boolean {
    return this.#bound.has(realOf(path));
  }

  #urlOf(url: string, parent = "", isRequired: boolean): string {
    // A query that somebody has written is theirs.
    if (!url.startsWith("file:") || url.includes("?")) return url;
    const file = fileURLToPath(url);
    const place = this.#places.find(file);
    if (place === undefined || this.#bound.has(file)) return url;
    const importer = parent.startsWith("file:")
      ? this.#places.find(fileURLToPath(parent))
      : undefined;
    if (isRequired || (importer === undefined && !isOwn(parent))) {
      this.#bound.add(file);
      return url;
    }
    if (!this.#generations.has(place)) this.#generations.set(place, 0);
    // What an old generation imports late is of that generation.
    const generation = importer === place ? generationOf(parent) : this.#generations.get(place);
    if (importer !== undefined && importer !== place) this.#note(place, importer);
    return generation ? `${url}?v=${generation}` : url;
  }

  #note(place: string, importer: string): void {
    const importers = this.#importers.get(place) ?? new Set();
    this.#importers.set(place, importers.add(importer));
  }
}

function generationOf(url: string): number {
  return Number(/\?v=(\d+)$/.exec(url)?.[1] ?? 0);
}
