import { closest, type Env, variablePrefix } from "../config/index.ts";
import { NexusError } from "../exceptions.ts";
import { satisfies } from "../semver.ts";
import type { Manifest } from "./manifest.ts";
import { placeOf, type PluginSource } from "./source.ts";

/**
 * Whether what a manifest asks for is here.
 * @throws NX_PLUGIN_NEEDS with all that is missing
 */
export function checkNeeds(
  { name, platform, plugins }: Manifest,
  version: string,
  find: (plugin: string) => { readonly manifest: Manifest | undefined } | undefined,
): void {
  const faults: string[] = [];
  if (platform !== undefined && !satisfies(version, platform))
    faults.push(`it works with nexus-platform ${platform}, and this is ${version}`);
  for (const [other, range] of Object.entries(plugins)) {
    const known = find(other);
    const found = known?.manifest?.version;
    if (!known) faults.push(`it needs the plugin "${other}" ${range}, and there is none`);
    else if (found !== undefined && !satisfies(found, range))
      faults.push(`it needs the plugin "${other}" ${range}, found ${found}`);
  }
  if (!faults.length) return;
  throw new NexusError(
    "NX_PLUGIN_NEEDS",
    `The plugin "${name}" cannot start: ${faults.join("; ")}.`,
    { cure: "Install what is missing, or widen the range in its package.json." },
  );
}

/** @param second where the later one stands */
export function nameTaken(
  name: string,
  first: PluginSource | undefined,
  second: string,
): NexusError {
  const places = [first && placeOf(first), second];
  return new NexusError(
    "NX_PLUGIN_TWICE",
    `Two plugins are called "${name}": ${places.join(" and ")}.`,
    { cure: 'Give one of them another "name" in its package.json.' },
  );
}

/** Warnings of settings for plugins that are not there: they are probably mistyped. */
export function strangers(
  plugins: readonly string[],
  config: Readonly<Record<string, unknown>>,
  env: Env,
): string[] {
  const prefixes = new Map(plugins.map((name) => [variablePrefix(name), name]));
  const inFile = Object.keys(config)
    .filter((name) => !plugins.includes(name))
    .map((name) => warning(`The config file has settings for "${name}"`, name, plugins));
  const inEnv = Object.keys(env).flatMap((name) => {
    const prefix = /^NEXUS_[A-Z\d_]*?__/.exec(name)?.[0];
    if (prefix === undefined || prefixes.has(prefix)) return [];
    return [warning(`${name} is set`, prefix, [...prefixes.keys()])];
  });
  return [...inFile, ...inEnv];
}

function warning(what: string, word: string, known: readonly string[]): string {
  const meant = closest(word, known);
  const cure = meant === undefined ? `Known are ${known.join(", ")}.` : `Did you mean ${meant}?`;
  return `${what}, but there is no such plugin. ${cure}`;
}
