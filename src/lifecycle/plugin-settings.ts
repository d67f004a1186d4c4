import { mask, readPluginConfig, type SettingSource, settingSources } from "../config/index.ts";
import { messageOf } from "../exceptions.ts";
import { describe, type JSONSchema } from "../validation/index.ts";
import { currentOf, known, type LifecycleOptions } from "./options.ts";

/** The settings of a plugin, with what is secret covered. */
export interface PluginSettings {
  /** As the plugin has them; none where they do not fit. */
  readonly values: unknown;
  /** Those that were changed while the platform ran. */
  readonly stored: unknown;
  /** What they must be; none of a plugin that has no settings. */
  readonly schema?: JSONSchema | undefined;
  readonly sources: Readonly<Record<string, SettingSource>>;
  /** Why they do not fit. */
  readonly fault?: string | undefined;
}

/** @throws NX_PLUGIN_UNKNOWN */
export async function settingsOf(options: LifecycleOptions, name: string): Promise<PluginSettings> {
  const { host, config, env } = options;
  known(host, name);
  // One that is disabled has not been loaded; of one that cannot be nobody knows what is secret.
  const code = await currentOf(options, name).catch(() => undefined);
  const schema = code?.type.config;
  const stored = host.settingsOf(name);
  const source = { plugin: name, schema, values: config[name], stored, env };
  if (!schema) return { values: {}, stored: mask(undefined, stored), sources: {} };
  let values: unknown;
  let fault: string | undefined;
  try {
    values = mask(schema, await readPluginConfig(source));
  } catch (error) {
    fault = messageOf(error);
  }
  return {
    values,
    stored: mask(schema, stored),
    schema: describe(schema, "input"),
    sources: settingSources(source),
    fault,
  };
}

const covered = "********";

/**
 * What was read covered, and is written back, stays what it was; what was never stored, as a value of the
 * config file, is none of what is stored now.
 */
export function uncover(next: unknown, before: unknown): unknown {
  if (next === covered) return before;
  if (Array.isArray(next))
    return next.map((one, at) => uncover(one, Object(before)[at])).filter(isGiven);
  if (typeof next !== "object" || next === null) return next;
  const entries = Object.entries(next).map(([key, one]) => [
    key,
    uncover(one, Object(before)[key]),
  ]);
  return Object.fromEntries(entries.filter(([, one]) => isGiven(one)));
}

/** What is given beside an upgrade. */
export interface NewSettings {
  /** Over those that were given before. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  readonly unset?: readonly string[] | undefined;
}

/** What was given before, with what is given now over it. */
export function mergeSettings(
  { settings = {}, unset = [] }: NewSettings,
  before: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  // An object in, an object out.
  const given = uncover(settings, before) as Record<string, unknown>;
  const all = Object.entries({ ...before, ...given });
  return Object.fromEntries(all.filter(([key]) => !unset.includes(key)));
}

const isGiven = (value: unknown): boolean => value !== undefined;
