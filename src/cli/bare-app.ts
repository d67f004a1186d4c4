import { type App, createApp, type NexusConfig } from "../app/index.ts";
import type { Settings } from "../config/index.ts";
import { NexusError } from "../exceptions.ts";
import { silent } from "../log.ts";
import { registerPluginHooks } from "../plugin/index.ts";
import { readAll } from "./read-config.ts";

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
