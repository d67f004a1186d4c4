import { join } from "node:path";
import { type Env, settingsKey } from "../config/index.ts";
import { NexusError } from "../exceptions.ts";
import { logKey } from "../log.ts";
import {
  loadPlugin,
  type ModuleLoader,
  type PluginHost,
  type PluginSource,
} from "../plugin/index.ts";
import type { Scope } from "../scope.ts";
import { verify } from "./integrity.ts";
import type { KnownRoutes } from "./known-routes.ts";
import type { PluginStates, SavedState } from "./state.ts";
import type { InstalledVersion, Versions } from "./versions.ts";

/** What the life of plugins is led with. */
export interface LifecycleOptions {
  readonly app: Scope;
  readonly host: PluginHost;
  readonly states: PluginStates;
  /** Where versions are installed; none: nothing can be installed. */
  readonly versions?: Versions | undefined;
  /** The author's plugins; none: all are given in code. */
  readonly pluginsFolder?: string | undefined;
  /** Where exported tables are put; default the data folder's `exports`. */
  readonly exportsFolder?: string | undefined;
  /** Loads code anew; without it what was loaded once stays as it is. */
  readonly modules?: ModuleLoader | undefined;
  /** Remembers the routes of those that run; without it nobody knows what one had that cannot be loaded. */
  readonly routes?: KnownRoutes | undefined;
  /** Another process leads these plugins: what is on its way there is left alone. */
  readonly isLed?: boolean | undefined;
  /** Settings by plugin, from the config file. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly env: Env;
}

/** Whose a plugin is: the author's folder, installed, given in code, or a part of the platform. */
export type Origin = "folder" | "installed" | "code" | "platform";

const platform = ["docs", "accounts", "admin"];

/** @throws NX_PLUGIN_UNKNOWN */
export function originOf({ host, states }: LifecycleOptions, name: string): Origin {
  const { folder } = known(host, name);
  // One that is disabled has not even been loaded.
  if (host.sourceOf(name)?.installed || states.get(name)?.version !== undefined) return "installed";
  if (folder !== undefined) return "folder";
  return platform.includes(name) ? "platform" : "code";
}

/** @throws NX_PLUGIN_UNKNOWN */
export function known(host: PluginHost, name: string) {
  const status = host.status(name);
  if (status) return status;
  const names = host.plugins.map((one) => one.name).join(", ");
  throw new NexusError("NX_PLUGIN_UNKNOWN", `There is no plugin "${name}".`, {
    cure: names ? `There are ${names}.` : "Install it first.",
  });
}

/** An installed version as something that can be started. @throws NX_INTEGRITY NX_LOAD */
export async function loadInstalled({ folder, manifest }: InstalledVersion): Promise<PluginSource> {
  await verify(folder);
  // A version never changes: its folder is loaded once, however often it comes and goes.
  return { ...(await loadPlugin(folder)), manifest, installed: true };
}

/** What a plugin is made of; one that is disabled is loaded for that. @throws NX_VERSION_UNKNOWN NX_LOAD */
export async function currentOf(
  { host, states, versions }: LifecycleOptions,
  name: string,
): Promise<PluginSource | undefined> {
  const source = host.sourceOf(name);
  const version = states.get(name)?.version;
  if (source || version === undefined || !versions) return source;
  return loadInstalled(await versions.find(name, version));
}

/** What was said of a plugin, or nothing yet. */
export function savedOf({ states }: LifecycleOptions, name: string): SavedState {
  return states.get(name) ?? { enabled: true, changedAt: "" };
}

/** Keeps what has changed of a plugin, in one step. */
export async function save(
  options: LifecycleOptions,
  name: string,
  change: Partial<SavedState>,
): Promise<void> {
  const { changedAt: _, ...saved } = savedOf(options, name);
  await options.states.change({ [name]: { ...saved, ...change } });
}

/** @throws NX_PLUGIN_ORIGIN for a plugin that is not an installed one */
export function mustBeInstalled(options: LifecycleOptions, name: string, what: string): void {
  const origin = originOf(options, name);
  if (origin === "installed") return;
  const { folder } = options.host.status(name)!;
  const { why, cure } = {
    folder: {
      why: `stands in the author's folder (${folder})`,
      cure: "Change, or remove, its files there; `nexus dev` hears of it, else reload it.",
    },
    code: {
      why: "is given in the app's code",
      cure: "Change the code, and start the app again.",
    },
    platform: { why: "is a part of the platform", cure: "It comes and goes with the platform." },
  }[origin];
  throw new NexusError("NX_PLUGIN_ORIGIN", `The plugin "${name}" cannot be ${what}: it ${why}.`, {
    cure,
  });
}

/** @throws NX_PLUGIN_TWICE where another plugin has its name */
export function refuseTaken({ host }: LifecycleOptions, { manifest, folder }: PluginSource): void {
  const other = host.status(manifest.name);
  if (!other) return;
  throw new NexusError(
    "NX_PLUGIN_TWICE",
    `Two plugins are called "${manifest.name}": ${other.folder ?? "one given in code"} and ${folder}.`,
    { cure: "Give one of them another name, or take one of them away." },
  );
}

/** A new file for the tables of a plugin, as one of its versions has them. */
export function exportFileFor(
  { app, exportsFolder = join(app.get(settingsKey).dataDir, "exports") }: LifecycleOptions,
  name: string,
  version: string,
): string {
  const moment = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return join(exportsFolder, `${name}-${version}-${moment}.ndjson`);
}

/** What was done to a plugin, for its log. */
export function tell(
  { app }: LifecycleOptions,
  plugin: string,
  text: string,
  level: "info" | "warn" | "error" = "info",
): void {
  app.get(logKey)[level]({ plugin }, text);
}
