import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type App, createApp, type NexusConfig } from "../app/index.ts";
import { ConfigError, readSettings, type Settings } from "../config/index.ts";
import { messageOf, NexusError } from "../exceptions.ts";
import { loadPlugins, registerPluginHooks } from "../plugin/index.ts";

const names = ["nexus.config.ts", "nexus.config.js", "nexus.config.mjs"];

/** The app of a folder: its nexus.config, its plugins, and the environment over both. */
export async function loadApp(
  folder: string,
  over: Partial<Settings> = {},
): Promise<{ readonly app: App; readonly settings: Settings }> {
  registerPluginHooks();
  const { settings, config } = await readAll(folder);
  const effective = { ...config.settings, ...given(settings, process.env), ...over };
  const { sources, broken } = await loadPlugins(resolve(folder, config.pluginsFolder ?? "plugins"));
  const app = await createApp({
    ...config,
    plugins: [...(config.plugins ?? []), ...sources],
    broken,
    tolerant: true,
    settings: { ...settings, ...effective },
  });
  return { app, settings: { ...settings, ...effective } };
}

/** For commands that look and leave: on a database in memory, and without a log. */
export async function loadSilently(folder: string): Promise<App> {
  const { app } = await loadApp(folder, { log: "silent", databaseUrl: "sqlite::memory:" });
  return app;
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
  const settings = await attempt(() => readSettings(process.env));
  const config = await attempt(() => loadConfig(folder));
  if (settings) await attempt(() => makeDataDir(settings.dataDir));
  if (faults.length) throw new ConfigError("The app cannot start:", faults);
  return { settings: settings!, config: config! };
}

async function loadConfig(folder: string): Promise<NexusConfig> {
  const file = names.map((name) => resolve(folder, name)).find((path) => existsSync(path));
  if (!file) return {};
  let found: unknown;
  try {
    found = ((await import(/* @vite-ignore */ pathToFileURL(file).href)) as { default?: unknown })
      .default;
  } catch (cause) {
    throw new NexusError("NX_CONFIG_FILE", `${file} could not be loaded: ${messageOf(cause)}.`, {
      cause,
    });
  }
  if (typeof found === "object" && found !== null) return checkKeys(found, file);
  throw new NexusError("NX_CONFIG_FILE", `${file} exports no settings by default.`, {
    cure: "Write `export default defineConfig({ … })`.",
  });
}

const known =
  "plugins pluginsFolder middleware config errorHandlers errorFormat docs server settings".split(
    " ",
  );

function checkKeys(config: object, file: string): NexusConfig {
  const unknown = Object.keys(config).filter((name) => !known.includes(name));
  if (!unknown.length) return config;
  throw new NexusError("NX_CONFIG_FILE", `${file} has ${unknown.join(", ")}, which is unknown.`, {
    cure: `Known are ${known.join(", ")}.`,
  });
}

async function makeDataDir(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new NexusError(
      "NX_DATA_DIR",
      `The data folder ${folder} cannot be made: ${messageOf(cause)}.`,
      {
        cure: "Set NEXUS_DATA_DIR to a folder that this process may write.",
        cause,
      },
    );
  }
}

/** What the environment says wins over the config file; what it does not say stays. */
function given(settings: Settings, env: NodeJS.ProcessEnv): Partial<Settings> {
  const variables: Readonly<Record<string, keyof Settings>> = {
    PORT: "port",
    HOST: "host",
    NEXUS_DATA_DIR: "dataDir",
    NEXUS_SECRET: "secret",
    NEXUS_ADMIN_USER: "admin",
    NEXUS_LOG: "log",
    DATABASE_URL: "databaseUrl",
    NEXUS_SHUTDOWN_TIMEOUT: "shutdownTimeout",
  };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, key]) => (env[name] ? [[key, settings[key]]] : [])),
  );
}
