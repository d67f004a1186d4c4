export { closest, ConfigError, unknownIn } from "./faults.ts";
export { type PluginConfigSource, readPluginConfig, variablePrefix } from "./plugin-config.ts";
export { mask, secret } from "./secret.ts";
export { type SettingSource, settingSources } from "./setting-sources.ts";
export { type Env, readSettings, type Settings, settingsKey } from "./settings.ts";
