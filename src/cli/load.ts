import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { access, constants, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type App, createApp, type NexusConfig } from "../app/index.ts";
import { ConfigError, readSettings, type Settings, unknownIn } from "../config/index.ts";
import { messageOf, NexusError } from "../exceptions.ts";
import { claimUnlessServed, isClaimed, type Release } from "./data-claim.ts";
import { logKey, silent } from "../log.ts";
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
  importDefault,
  loadPlugins,
  type ModuleLoader,
  registerPluginHooks,
  sourceOf,
} from "../plugin/index.ts";

const names = ["nexus.config.ts", "nexus.config.js", "nexus.config.mjs"];

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

/** The accounts of a folder's app on its database, which may be in use, and none of its plugins. */
export async function openAccounts(folder: string): Promise<App> {
  const { config, settings } = await readStored(folder, "NX_USER");
  if (config.accounts !== false) return createBare(config, settings);
  throw new NexusError("NX_USER", "The app of this folder has no accounts.", elsewhere);
}

/** As `openAccounts`, for its tasks: of them even an app without accounts may have some. */
export async function openTaskStore(folder: string): Promise<App> {
  const { config, settings } = await readStored(folder, "NX_TASK_COMMAND");
  return createBare(config, settings);
}

const elsewhere = { cure: "Call it in the folder of another app." };

async function readStored(folder: string, code: string) {
  registerPluginHooks();
  const { config, settings } = await readAll(folder);
  if (settings.databaseUrl !== "sqlite::memory:") return { config, settings };
  throw new NexusError(code, "The database is gone when the app stops.", elsewhere);
}

function createBare({ accounts = true, config }: NexusConfig, settings: Settings): Promise<App> {
  return createApp({
    accounts,
    docs: false,
    log: silent,
    config: { accounts: config?.["accounts"] },
    // Who the environment names is made when the app starts.
    settings: { ...settings, admin: undefined },
  });
}

/** All faults of the environment and the config file at once. */
async function readAll(folder: string): Promise<{ settings: Settings; config: NexusConfig }> {
  const faults: string[] = [];
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      faults.push(...(error instanceof ConfigError ? error.faults : [messageOf(error)]));
      return undefined;
    }
  };
  const config = await attempt(() => loadConfig(folder));
  const settings = await attempt(() =>
    readSettings({ ...variablesOf(config?.settings), ...set(process.env) }),
  );
  const dataDir = settings?.dataDir ?? resolve(set(process.env)["NEXUS_DATA_DIR"] ?? "data");
  await attempt(() => makeDataDir(dataDir));
  if (faults.length) throw new ConfigError("The app cannot start:", faults);
  return { settings: settings!, config: config! };
}

/** What the config file sets, as the environment says it: it is checked in the same way, and loses. */
function variablesOf(settings: NexusConfig["settings"] = {}): Record<string, string | undefined> {
  const { port, host, dataDir, secret, admin, log, databaseUrl, smtpUrl, mailFrom } = settings;
  const values = {
    PORT: port,
    HOST: host,
    NEXUS_DATA_DIR: dataDir,
    NEXUS_SECRET: secret,
    NEXUS_ADMIN_USER: admin?.user,
    NEXUS_ADMIN_PASSWORD: admin?.password,
    NEXUS_LOG: log,
    DATABASE_URL: databaseUrl,
    NEXUS_SMTP_URL: smtpUrl,
    NEXUS_MAIL_FROM: mailFrom,
    NEXUS_WORKERS: settings.workers,
    NEXUS_SHUTDOWN_TIMEOUT: settings.shutdownTimeout,
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value?.toString()]),
  );
}

/** An empty variable counts as unset. */
function set(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value));
}

async function loadConfig(folder: string): Promise<NexusConfig> {
  const file = names.map((name) => resolve(folder, name)).find((path) => existsSync(path));
  if (!file) return {};
  const found = await importDefault(file, "NX_CONFIG_FILE");
  if (typeof found === "object" && found !== null) return checkKeys(found, file);
  throw new NexusError("NX_CONFIG_FILE", `${file} exports no settings by default.`, {
    cure: "Write `export default defineConfig({ … })`.",
  });
}

const known =
  "plugins pluginsFolder middleware config errorHandlers errorFormat docs accounts server startTimeout stopTimeout settings".split(
    " ",
  );

function checkKeys(config: object, file: string): NexusConfig {
  const unknown = unknownIn(config, known);
  if (!unknown) return config;
  const { names, cure } = unknown;
  throw new NexusError("NX_CONFIG_FILE", `${file} has ${names}, which is unknown.`, { cure });
}

async function makeDataDir(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new NexusError(
      "NX_DATA_DIR",
      `The data folder ${folder} cannot be made, or not be written: ${messageOf(cause)}.`,
      {
        cure: "Set NEXUS_DATA_DIR to a folder that this process may write.",
        cause,
      },
    );
  }
}
