import { describe, type Issue, itemsOf, type Schema, validatorOf } from "../validation/index.ts";
import { closest, ConfigError, didYouMean } from "./faults.ts";
import { isRecord, Place } from "./place.ts";
import { hide } from "./secret.ts";
import type { Env } from "./settings.ts";

export interface PluginConfigSource<T> {
  readonly plugin: string;
  readonly schema: Schema<unknown, T> | undefined;
  /** What the config file has for this plugin. */
  readonly values?: unknown;
  /** What was changed while the platform ran: key by key over the file. */
  readonly stored?: Readonly<Record<string, unknown>>;
  /** `NEXUS_MY_PLUGIN__API_KEY` is `apiKey` of `my-plugin`, and wins over the file. */
  readonly env: Env;
}

/**
 * The settings of a plugin, checked and frozen.
 * @throws ConfigError with all faults, each with its key and where that came from
 */
export async function readPluginConfig<T = Record<string, never>>(
  source: PluginConfigSource<T>,
): Promise<Readonly<T>> {
  const { plugin, schema, values = {}, stored = {}, env } = source;
  const prefix = variablePrefix(plugin);
  const variables = Object.keys(env).filter((name) => name.startsWith(prefix) && env[name]);
  const draft = new Draft(prefix, Place.of((schema && describe(schema, "input")) ?? {}));
  if (schema) {
    draft.takeFile(values);
    draft.takeStored(stored);
    // Sorted, a part of an object comes after the whole, and wins.
    for (const name of variables.toSorted()) draft.takeVariable(name, env[name]!);
  } else draft.refuse([...Object.keys({ ...Object(values), ...stored }), ...variables]);

  const result = schema ? await validatorOf(schema)(draft.value) : { value: {} };
  if (result.issues) draft.takeIssues(result.issues);
  if (result.issues || draft.faults.length) {
    throw new ConfigError(`The settings of plugin "${plugin}" do not fit:`, draft.faults);
  }
  return freeze(result.value as T);
}

/** Settings while they are gathered, and what is wrong with them. */
class Draft {
  readonly faults: string[] = [];
  readonly #prefix: string;
  readonly #place: Place;
  /** Which variable gave a key, or that it was stored, and which keys are known to be wrong. */
  readonly #sources = new Map<string, string>();
  readonly #refused: string[] = [];
  value: Record<string, unknown> = {};

  constructor(prefix: string, place: Place) {
    this.#prefix = prefix;
    this.#place = place;
  }

  refuse(names: readonly string[]): void {
    for (const name of names) this.faults.push(`${name}: this plugin has no settings. Remove it.`);
  }

  takeFile(values: unknown): void {
    if (isRecord(values)) this.value = this.#known(values, this.#place, [], "the config file");
    else this.faults.push("The config file must give an object here.");
  }

  takeStored(values: Readonly<Record<string, unknown>>): void {
    const from = "the stored settings";
    Object.assign(this.value, this.#known(values, this.#place, [], from));
    for (const key of Object.keys(values)) this.#sources.set(key, from);
  }

  takeVariable(name: string, text: string): void {
    const path: string[] = [];
    let place = this.#place;
    for (const word of name.slice(this.#prefix.length).split("__")) {
      const known = place.keys.find((key) => upperSnake(key) === word);
      if (known === undefined && !(place.isOpen && word)) {
        const meant = closest(word, place.keys.map(upperSnake));
        const cure = meant ? `Did you mean ${this.#variable([...path, meant])}?` : "Remove it.";
        this.faults.push(`${name}: there is no such setting. ${cure}`);
        return;
      }
      path.push(known ?? camel(word));
      place = place.property(path.at(-1)!);
    }
    const reading = place.read(text);
    const key = path.join(".");
    if (reading.fault) {
      this.#refused.push(key);
      this.faults.push(`${key}: ${reading.fault.msg} (from ${name}).`);
      return;
    }
    this.#sources.set(key, name);
    let target = this.value;
    for (const step of path.slice(0, -1)) {
      const inner = target[step];
      target = isRecord(inner) ? inner : (target[step] = {});
    }
    target[path.at(-1)!] = this.#known(reading.value, place, path, name);
  }

  takeIssues(issues: readonly Issue[]): void {
    for (const { loc, type, msg } of itemsOf(issues, [], this.value)) {
      const key = loc.join(".");
      if (this.#refused.some((refused) => isWithin(key, refused))) continue;
      const given = [...this.#sources].findLast(([at]) => isWithin(key, at) || isWithin(at, key));
      const from = given?.[1] ?? "the config file";
      const text = hide(msg, this.value, this.#place);
      if (!key) this.faults.push(text);
      else if (type !== "missing") this.faults.push(`${key}: ${text} (from ${from}).`);
      else {
        const variable = this.#variable(loc.map(String));
        this.faults.push(`${key} is missing. Give it in the config file, or as ${variable}.`);
      }
    }
  }

  /** A copy without the keys that nobody knows; each of them is a fault. */
  #known<V>(value: V, place: Place, path: readonly (string | number)[], from: string): V {
    const inner = (one: unknown, at: Place, key: string | number) =>
      this.#known(one, at, [...path, key], from);
    if (Array.isArray(value)) return value.map((one, at) => inner(one, place.item(at), at)) as V;
    if (!isRecord(value)) return value;
    const entries = Object.entries(value).filter(([key, one]) => {
      if (one === undefined) return false;
      if (place.isOpen || place.keys.includes(key)) return true;
      const name = [...path, key].join(".");
      const meant = didYouMean(key, place.keys);
      this.faults.push(`${name}: there is no such setting (from ${from}).${meant}`);
      return false;
    });
    return Object.fromEntries(
      entries.map(([key, one]) => [key, inner(one, place.property(key), key)]),
    ) as V;
  }

  #variable(path: readonly string[]): string {
    return this.#prefix + path.map(upperSnake).join("__");
  }
}

const isWithin = (key: string, other: string) => key === other || key.startsWith(`${other}.`);

/** The variable that sets one of a plugin's settings. */
export const variableOf = (plugin: string, key: string): string =>
  variablePrefix(plugin) + upperSnake(key);

/** What the variables of a plugin begin with: `NEXUS_MY_PLUGIN__`. */
export const variablePrefix = (plugin: string): string => `NEXUS_${upperSnake(plugin)}__`;

/** `apiKey` and `api-key` are `API_KEY`. */
function upperSnake(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])|([A-Z])([A-Z][a-z])/g, "$1$3_$2$4")
    .replace(/[^A-Za-z\d]+/g, "_")
    .replace(/^_|_$/g, "")
    .toUpperCase();
}

function camel(word: string): string {
  return word.toLowerCase().replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
}

function freeze<T>(value: T): T {
  if (Array.isArray(value) || isRecord(value)) {
    for (const one of Object.values(value)) freeze(one);
    Object.freeze(value);
  }
  return value;
}
