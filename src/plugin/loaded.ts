import { sep } from "node:path";
import { realOf } from "./module-places.ts";

/** A plugin whose code is in this process, whether it runs or not. */
export interface LoadedPlace {
  readonly name: string;
  /** Its file or folder. */
  readonly place: string;
}

/** By where they really are. Node forgets no module, and so it is with these. */
const loaded = new Map<string, LoadedPlace>();

/** Before its modules are loaded: what they begin goes on even where that fails. */
export function noteLoaded(one: LoadedPlace): void {
  loaded.set(realOf(one.place), one);
}

/** The name of the plugin that was last loaded from a place. */
export function nameAt(place: string): string | undefined {
  return loaded.get(realOf(place))?.name;
}

/** Whose code a file is, by its real path. */
export function loadedWith(file: string): LoadedPlace | undefined {
  for (const [real, one] of loaded) if (file === real || file.startsWith(real + sep)) return one;
  return undefined;
}
