import { NexusError } from "../exceptions.ts";
import { type BrokenSource, type Manifest, placeOf, type PluginSource } from "../plugin/index.ts";
import { fallBack } from "./fall-back.ts";
import { loadInstalled } from "./options.ts";
import type { PluginStates } from "./state.ts";
import type { Versions } from "./versions.ts";

export interface Installed {
  readonly sources: readonly PluginSource[];
  /** Those that cannot be loaded, and those that are disabled, which are not. */
  readonly broken: readonly BrokenSource[];
}

/**
 * Loads the version of each installed plugin that runs: the one before, where a new one has crashed.
 * @param others those that were found elsewhere
 * @param options `isLed`: by another process, which has not crashed
 * @throws NX_PLUGIN_TWICE where one of them has the name of an installed one
 */
export async function openInstalled(
  versions: Versions,
  states: PluginStates,
  others: readonly (PluginSource | BrokenSource)[],
  { isLed = false } = {},
): Promise<Installed> {
  if (!isLed) await fallBack(states);
  const sources: PluginSource[] = [];
  const broken: BrokenSource[] = [];
  for (const name of states.names) {
    const { version, enabled } = states.get(name)!;
    if (version === undefined) continue;
    const folder = versions.folderOf(name, version) ?? versions.folder;
    const twice = others.find((other) => nameOf(other) === name);
    if (twice) throw nameTaken(name, folder, twice);
    let manifest: Manifest | undefined;
    try {
      const found = await versions.find(name, version);
      ({ manifest } = found);
      if (!enabled) broken.push({ name, manifest, folder, reason: "It is disabled" });
      else sources.push(await loadInstalled(found));
    } catch (reason) {
      broken.push({ name, manifest, folder, reason });
    }
  }
  return { sources, broken };
}

function nameOf(one: PluginSource | BrokenSource): string {
  return "type" in one ? one.manifest.name : one.name;
}

function nameTaken(name: string, folder: string, other: PluginSource | BrokenSource): NexusError {
  const place = "type" in other ? placeOf(other) : other.folder;
  return new NexusError(
    "NX_PLUGIN_TWICE",
    `Two plugins are called "${name}": ${place} and the installed one in ${folder}.`,
    { cure: `Take one of them away: the files, or with \`nexus plugin remove ${name}\`.` },
  );
}
