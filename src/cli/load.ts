import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { type App, createApp, type NexusConfig } from "../app/index.ts";
import type { Settings } from "../config/index.ts";
import { logKey } from "../log.ts";
import {
  fallenBack,
  FileStates,
  KnownRoutes,
  MemoryStates,
  openInstalled,
  type PluginStates,
  Versions,
} from "../lifecycle/index.ts";
import {
  createGenerations,
  loadPlugins,
  type ModuleLoader,
  registerPluginHooks,
  sourceOf,
} from "../plugin/index.ts";
import { claimUnlessServed, isClaimed, type Release } from "./data-claim.ts";
import { readAll } from "./read-config.ts";

export interface LoadOptions {
  /** Whoever only looks decides nothing: what is to be kept of plugins stays as it is. */
  readonly looksOnly?: boolean;
  /** The data folder is taken already. */
  readonly claimed?: Release | undefined;
  /** Loads the code of plugins, each time anew; default Node's own loader, which keeps the old code. */
  readonly openModules?: (pluginsFolder: string) => ModuleLoader | Promise<ModuleLoader>;
}

export interface LoadedApp {
  readonly app: App;
  readonly settings: Settings;
  readonly modules: ModuleLoader;
  /** Gives the data folder free: once the app is closed. */
  readonly release: Release;
}

/** Seconds that a start waits for a server that ends, or for a command. */
const patience = 30;

/**
 * The app of a folder: its nexus.config, its plugins, and the environment over both. Unless it only looks, it
 * has the data folder, or is led by the server that has it.
 * @throws NX_DATA_HELD where another process has it, and is no server that runs
 */
export async function loadApp(
  folder: string,
  over: Partial<Settings> = {},
  options: LoadOptions = {},
): Promise<LoadedApp> {
  registerPluginHooks();
  const { config, ...environment } = await readAll(folder);
  const settings: Settings = { ...environment.settings, ...over };
  const { dataDir } = settings;
  const release = options.looksOnly
    ? undefined
    : (options.claimed ?? (await claimUnlessServed(dataDir, patience)));
  // Two on one data folder is a mistake, which must not undo what the first one is about to do.
  const isLed = options.looksOnly ? isClaimed(dataDir) : !release;
  try {
    const loaded = await makeApp({ folder, config, settings, isLed }, options);
    return { ...loaded, settings, release: () => release?.() };
  } catch (error) {
    release?.();
    throw error;
  }
}

interface Found {
  readonly folder: string;
  readonly config: NexusConfig;
  readonly settings: Settings;
  readonly isLed: boolean;
}

async function makeApp(
  { folder, config: read, settings, isLed }: Found,
  { looksOnly = false, openModules = createGenerations }: LoadOptions,
): Promise<Pick<LoadedApp, "app" | "modules">> {
  const { pluginsFolder: place = "plugins", ...config } = read;
  const pluginsFolder = resolve(folder, place);
  const modules = await openModules(pluginsFolder);
  const { sources, broken } = await loadPlugins(pluginsFolder, modules);
  const versions = new Versions(join(settings.dataDir, "plugins"));
  const states = await openStates(versions, { looksOnly, isLed });
  const others = [...(config.plugins ?? []).map(sourceOf), ...sources, ...broken];
  const routes = looksOnly ? undefined : await KnownRoutes.open(versions.folder);
  const installed = await openInstalled(versions, states, others, { isLed });
  const app = await createApp({
    accounts: true,
    ...config,
    plugins: [...(config.plugins ?? []), ...sources, ...installed.sources],
    broken: [...broken, ...installed.broken],
    lifecycle: { states, versions, pluginsFolder, modules, routes, isLed },
    tolerant: true,
    settings,
  });
  if (!others.length && !installed.sources.length && !installed.broken.length)
    app.scope.get(logKey).warn(`There are no plugins in ${pluginsFolder}`);
  return { app, modules };
}

/** What was decided of plugins; who only looks decides nothing. */
async function openStates(
  versions: Versions,
  { looksOnly, isLed }: { readonly looksOnly: boolean; readonly isLed: boolean },
): Promise<PluginStates> {
  const states = await FileStates.open(versions.folder);
  if (!looksOnly) {
    await versions.sweep();
    return states;
  }
  const copy = new MemoryStates();
  // As the next start would have it, without what that does to tables.
  const all = states.names.map((name) => {
    const state = states.get(name)!;
    const next = isLed ? undefined : fallenBack(state);
    return [name, { ...state, ...next, change: undefined, watch: undefined }];
  });
  await copy.change(Object.fromEntries(all));
  return copy;
}

/** For commands that look and leave: on a database in memory, without a log. What failed is said on stderr. */
export async function loadSilently(folder: string): Promise<App> {
  const over = {
    log: "silent",
    databaseUrl: "sqlite::memory:",
    // Nobody signs in, so no secret and no administrator is made.
    secret: randomBytes(32).toString("hex"),
    admin: undefined,
  };
  const { app } = await loadApp(folder, over, { looksOnly: true });
  for (const { name, failure } of app.plugins.plugins) {
    if (!failure) continue;
    process.stderr.write(`The plugin "${name}" failed: ${failure.reason}\n`);
    process.exitCode = 1;
  }
  return app;
}
