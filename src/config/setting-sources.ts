import { describe } from "../validation/index.ts";
import { Place } from "./place.ts";
import { type PluginConfigSource, variableOf } from "./plugin-config.ts";

/** Where the value of a setting comes from; a variable of the environment beats the others. */
export type SettingSource = "environment" | "stored" | "file" | "default";

/** Says of each setting of a plugin that its schema knows where its value comes from. */
export function settingSources({
  plugin,
  schema,
  values,
  stored = {},
  env,
}: PluginConfigSource<unknown>): Record<string, SettingSource> {
  if (!schema) return {};
  const { keys } = Place.of(describe(schema, "input") ?? {});
  const all = new Set([...keys, ...Object.keys(Object(values)), ...Object.keys(stored)]);
  return Object.fromEntries([...all].map((key) => [key, sourceOf(key)]));

  function sourceOf(key: string): SettingSource {
    const variable = variableOf(plugin, key);
    const isSet = (name: string) =>
      env[name] && (name === variable || name.startsWith(`${variable}__`));
    if (Object.keys(env).some(isSet)) return "environment";
    if (Object.hasOwn(stored, key)) return "stored";
    return Object.hasOwn(Object(values), key) ? "file" : "default";
  }
}
