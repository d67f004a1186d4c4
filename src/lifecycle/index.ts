export { openInstalled, type Installed } from "./current.ts";
export { fallenBack } from "./fall-back.ts";
export type { PluginInfo } from "./info.ts";
export { install, type Installation, type InstallOptions } from "./install.ts";
export { type Seal, verify } from "./integrity.ts";
export type { DataFate } from "./installations.ts";
export { KnownRoutes } from "./known-routes.ts";
export { Lifecycle, lifecycleKey } from "./lifecycle.ts";
export { newPlugin, type NewPluginOptions } from "./new-plugin.ts";
export type { LifecycleOptions, Origin } from "./options.ts";
export { pack, type PackedPlugin, type PackOptions } from "./pack.ts";
export { type PackageSpec, readPackageSpec } from "./package-spec.ts";
export type { Plan } from "./plan.ts";
export type { NewSettings, PluginSettings } from "./plugin-settings.ts";
export {
  MemoryStates,
  type PluginStates,
  type PreviousVersion,
  type SavedState,
  type StateChanges,
} from "./state.ts";
export { FileStates } from "./state-file.ts";
export type { PackageLimits } from "./unpack.ts";
export type { Target } from "./target.ts";
export type { RollbackOptions, UpgradeOptions } from "./upgrades.ts";
export type { LastUpgrade } from "./watches.ts";
export { type InstalledVersion, Versions } from "./versions.ts";
