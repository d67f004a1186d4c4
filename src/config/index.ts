export { closest, ConfigError } from "./faults.ts";
export { type PluginConfigSource, readPluginConfig } from "./plugin-config.ts";
export { mask, secret } from "./secret.ts";
export { type Env, readSettings, type Settings, settingsKey } from "./settings.ts";
