import { NexusError } from "../exceptions.ts";
import { loadPlugin, type PluginSource } from "../plugin/index.ts";
import { satisfies } from "../semver.ts";
import { known, type LifecycleOptions, loadInstalled, mustBeInstalled } from "./options.ts";
import type { PreviousVersion } from "./state.ts";
import type { Versions } from "./versions.ts";

/** Where an upgrade leads: to an installed version, or to a package, which is installed first. */
export type Target = { readonly version: string } | { readonly spec: string };

/** What an upgrade leads to. @throws NX_PLUGIN_ORIGIN NX_PLUGIN_OTHER NX_VERSION_UNKNOWN, and what `install` throws */
export async function targetSource(
  options: LifecycleOptions,
  name: string,
  target: Target,
): Promise<PluginSource> {
  known(options.host, name);
  mustBeInstalled(options, name, "upgraded");
  // An installed plugin has come from there.
  const versions = options.versions!;
  if ("version" in target)
    return loadInstalled(await versions.find(name, await fit(versions, name, target.version)));
  const { install } = await import("./install.ts");
  const installed = await install(versions, target.spec);
  if (installed.name === name) return loadInstalled(installed);
  if (installed.added) await versions.remove(installed.name, installed.version);
  throw new NexusError(
    "NX_PLUGIN_OTHER",
    `${target.spec} is the plugin "${installed.name}", and not "${name}".`,
    { cure: "Give a package of this plugin, or install the other one." },
  );
}

/** What a rollback leads to. @throws NX_NO_PREVIOUS NX_VERSION_UNKNOWN NX_INTEGRITY */
export async function previousSource(
  { host, versions }: LifecycleOptions,
  name: string,
  { version }: PreviousVersion,
): Promise<PluginSource> {
  const source = host.sourceOf(name);
  if (version !== undefined && versions && source?.manifest.version !== version)
    return loadInstalled(await versions.find(name, version));
  // Only its settings were changed.
  if (source) return source;
  throw new NexusError("NX_NO_PREVIOUS", `The plugin "${name}" could not be loaded.`, {
    cure: "Mend it first.",
  });
}

/** The code of a plugin as it is now, loaded anew where that can have changed. */
export async function freshSource(
  { host, modules, versions, states }: LifecycleOptions,
  name: string,
): Promise<PluginSource> {
  const { folder } = known(host, name);
  const version = states.get(name)?.version;
  if (version !== undefined && versions) return loadInstalled(await versions.find(name, version));
  return folder === undefined ? host.sourceOf(name)! : loadPlugin(folder, modules);
}

/** The newest installed version in a range, or the version as it was said. */
async function fit(versions: Versions, name: string, version: string): Promise<string> {
  const all = await versions.list(name);
  return all.find((one) => satisfies(one, version)) ?? version;
}
