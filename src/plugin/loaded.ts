import { sep } from "node:path";
import { key } from "../scope.ts";
import { realOf } from "./module-places.ts";
import type { PluginClass } from "./plugin.ts";

/** A plugin whose code is in this process, whether it runs or not. */
export interface LoadedPlace {
  readonly name: string;
  /** Its file or folder. */
  readonly place: string;
}

/** One time that it is loaded: a module that comes anew leaves what the old one has begun. */
export interface Loading extends LoadedPlace {
  /** None until it is there. */
  type: PluginClass | undefined;
}

/** Found in what the modules of a plugin do while they are loaded, and begin. */
export const loadingKey = key<Loading>("nexus/loading");

/** By where they really are. Node forgets no module, and so it is with these. */
const loaded = new Map<string, LoadedPlace>();

/** Before its modules are loaded: what they begin goes on even where that fails. */
export function noteLoaded({ name, place }: LoadedPlace): void {
  loaded.set(realOf(place), { name, place });
}

/** Whose code a file is, by its real path. */
export function loadedWith(file: string): LoadedPlace | undefined {
  for (const [real, one] of loaded) if (file === real || file.startsWith(real + sep)) return one;
  return undefined;
}
