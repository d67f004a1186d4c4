import { type Manifest, type PluginClass, type PluginSource, sourceOf } from "../plugin/index.ts";

/** A plugin as it would be found in a folder of this name, for a test that needs a manifest. */
export function pluginNamed(type: PluginClass, manifest: Partial<Manifest>): PluginSource {
  const source = sourceOf(type);
  return { ...source, manifest: { ...source.manifest, ...manifest } };
}
