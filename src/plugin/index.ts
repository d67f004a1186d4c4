export {
  type Failure,
  type HostOptions,
  hostKey,
  PluginHost,
  type PluginState,
  type PluginStatus,
} from "./host.ts";
export { registerPluginHooks } from "./hooks.ts";
export { importDefault } from "./import.ts";
export { type Found, loadPlugin, loadPlugins } from "./loader.ts";
export { isPermission, type Manifest, manifestOf, readManifest } from "./manifest.ts";
export { Plugin, type PluginClass, pluginInfo, type PluginInfo } from "./plugin.ts";
export { type BrokenSource, type PluginSource, sourceOf } from "./source.ts";
export { RouteTable, tableKey } from "./table.ts";
