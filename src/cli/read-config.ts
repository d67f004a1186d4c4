import { existsSync } from "node:fs";
import { access, constants, mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { NexusConfig } from "../app/index.ts";
import { ConfigError, readSettings, type Settings, unknownIn } from "../config/index.ts";
import { messageOf, NexusError } from "../exceptions.ts";
import { importDefault } from "../plugin/index.ts";

const names = ["nexus.config.ts", "nexus.config.js", "nexus.config.mjs"];

/**
 * What the environment and the config file of a folder say; the data folder is made.
 * @throws ConfigError with all faults of both at once
 */
export async function readAll(
  folder: string,
): Promise<{ settings: Settings; config: NexusConfig }> {
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
