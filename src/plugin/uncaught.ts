import { hearerKey } from "../events/bus.ts";
import { findScope } from "../scope.ts";
import { filesIn, isPlatform } from "./code-frame.ts";
import { hostKey, type PluginHost } from "./host.ts";
import { type LoadedPlace, loadedWith, loadingKey } from "./loaded.ts";
import { Unit, unitOf } from "./unit.ts";

export interface Culprit {
  /** A part of a plugin, or its place: of what its modules do by themselves, and where only its code is known. */
  readonly plugin: Unit | LoadedPlace;
  /** None of what happens in modules, which belong to no app. */
  readonly host: PluginHost | undefined;
}

/**
 * Finds out to which plugin an error belongs that nobody caught. Node calls whoever hears of it in the scope in
 * which it happened, and that plugin it is whose code is in the stack, too; else one whose code is, the
 * innermost. Where no plugin's code is, the scope has the last word; but a request was the app's before it was
 * a plugin's, and what began then stays in it: there code of the app or the platform is nobody's.
 */
export function findCulprit(error: unknown): Culprit | undefined {
  const scope = findScope();
  // A listener runs in the scope of who tells it.
  const owner = scope?.find(hearerKey) ?? scope;
  const host = owner?.find(hostKey);
  const plugin = owner && (unitOf(owner) ?? owner.find(loadingKey));
  const folder = plugin instanceof Unit ? plugin.source.folder : plugin?.place;
  const files = filesIn(error);
  const places = files.flatMap((file) => loadedWith(file) ?? []);
  if (places.length && !places.some(({ place }) => place === folder))
    return { plugin: places[0]!, host };
  if (plugin === undefined) return undefined;
  // Of a class given in code nobody knows which files are its own.
  const isSure = places.length || folder === undefined || !owner!.nearest("request");
  return isSure || !files.some(isOthers) ? { plugin, host } : undefined;
}

/** What only packages are in may be anybody's. */
const isOthers = (file: string): boolean =>
  isPlatform(file) || !/[/\\]node_modules[/\\]/.test(file);
