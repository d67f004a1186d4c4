import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { NexusConfig } from "../app/index.ts";
import { readSettings } from "../config/index.ts";
import { registerPluginHooks } from "../plugin/hooks.ts";
import { importDefault } from "../plugin/import.ts";

export interface AppFolders {
  readonly dataDir: string;
  /** The author's. */
  readonly pluginsFolder: string;
}

/** Where the app of a folder keeps what it has, for whoever does not start it. */
export async function foldersOf(folder: string): Promise<AppFolders> {
  registerPluginHooks();
  const names = ["nexus.config.ts", "nexus.config.js", "nexus.config.mjs"];
  const file = names.map((name) => resolve(folder, name)).find((path) => existsSync(path));
  const config = (file && (await importDefault(file, "NX_CONFIG_FILE"))) as NexusConfig | undefined;
  const dataDir = process.env["NEXUS_DATA_DIR"] || config?.settings?.dataDir;
  return {
    dataDir: readSettings({ NEXUS_DATA_DIR: dataDir }).dataDir,
    pluginsFolder: resolve(folder, config?.pluginsFolder ?? "plugins"),
  };
}
