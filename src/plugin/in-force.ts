import { existsSync } from "node:fs";
import { NexusError } from "../exceptions.ts";
import type { PutOptions } from "./put-options.ts";
import { nameTaken } from "./checks.ts";
import type { PluginHost } from "./host.ts";
import { loadPlaces, type ModuleLoader } from "./loader.ts";
import type { BrokenSource, PluginSource } from "./source.ts";

export interface InForceOptions {
  readonly host: PluginHost;
  readonly modules?: ModuleLoader | undefined;
  readonly migrations?: PutOptions["migrations"];
  /** Somebody writes there: a folder with nothing in it yet is passed over. */
  readonly isWritten?: boolean;
}

/** Hears what becomes of each. */
export interface InForceNews {
  /** @param plugins all that were started with these */
  put(sources: readonly PluginSource[], plugins: readonly string[]): void;
  /** Its files are gone, or have another name now. */
  removed(name: string): Promise<void>;
  failed(fault: PlaceFault): void;
}

export interface PlaceFault {
  readonly name: string;
  readonly place: string;
  readonly error: unknown;
  /** Not even its code could be loaded. */
  readonly isBroken: boolean;
}

/** A plugin, and its file or folder. */
interface Place {
  readonly name: string;
  readonly place: string;
}

/**
 * Brings plugins in force as their files are: those that are new or have changed start, those that are
 * gone end, and each that cannot fails alone.
 * @param places files and folders of plugins, which may be there no more
 */
export async function bringInForce(
  places: readonly string[],
  options: InForceOptions,
  news: InForceNews,
): Promise<void> {
  const { host, modules, isWritten } = options;
  const { sources, broken } = await loadPlaces(places, modules);
  await removeOthers(places, sources, options, news);
  for (const one of broken) {
    const { name, folder: place, reason: error } = one;
    if (isWritten && isEmpty(one) && !namesAt(host, place).length) continue;
    await host.lose(one);
    news.failed({ name, place, error, isBroken: true });
  }
  // Together, in one step; where that fails each as far as it can.
  if (sources.length > 1) {
    const isDone = await put(sources, options, news).then(
      () => true,
      () => false,
    );
    if (isDone) return;
  }
  const each = sources.map((source) => {
    return { name: source.manifest.name, place: source.folder!, source };
  });
  await eachOf(each, news, ({ source }) => put([source], options, news));
}

/** The names of the plugins that stand at a place. */
export function namesAt(host: PluginHost, place: string): string[] {
  return host.plugins.flatMap(({ name, folder }) => (folder === place ? name : []));
}

/** Ends what is gone, and what has another name now. */
async function removeOthers(
  places: readonly string[],
  sources: readonly PluginSource[],
  { host }: InForceOptions,
  news: InForceNews,
): Promise<void> {
  const names = new Set(sources.map(({ manifest }) => manifest.name));
  const known = new Set(sources.map(({ folder }) => folder));
  const gone = places
    .filter((place) => known.has(place) || !existsSync(place))
    .flatMap((place) => namesAt(host, place).map((name) => ({ name, place })))
    .filter(({ name }) => !names.has(name));
  await eachOf(gone, news, async ({ name }) => {
    await host.remove(name);
    await news.removed(name);
  });
}

async function put(
  sources: readonly PluginSource[],
  { host, migrations }: InForceOptions,
  news: InForceNews,
): Promise<void> {
  for (const source of sources) checkName(host, source);
  const { plugins } = await host.put(sources, { keep: true, ...(migrations && { migrations }) });
  news.put(sources, plugins);
}

/** One after the other, and again as long as that helps: one may have to wait for the next. */
async function eachOf<T extends Place>(
  all: readonly T[],
  news: InForceNews,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const faults = new Map<T, unknown>();
  for (const one of all) await work(one).catch((error: unknown) => faults.set(one, error));
  if (faults.size && faults.size < all.length) return eachOf([...faults.keys()], news, work);
  for (const [{ name, place }, error] of faults)
    news.failed({ name, place, error, isBroken: false });
}

/** What was copied still has the name of the other one. @throws NX_PLUGIN_TWICE */
function checkName(host: PluginHost, { manifest: { name }, folder }: PluginSource): void {
  const known = host.status(name);
  if (!known || known.folder === folder) return;
  if (known.folder !== undefined && !existsSync(known.folder)) return;
  throw nameTaken(name, host.sourceOf(name), folder!);
}

/** Whether a folder that has just been made has nothing in it yet. */
function isEmpty({ manifest, reason }: BrokenSource): boolean {
  return reason instanceof NexusError && reason.code === "NX_NO_ENTRY" && !manifest;
}
