import { NexusError } from "../exceptions.ts";
import type { PluginSettings } from "../lifecycle/index.ts";
import { plain } from "./plain.ts";
import { type OutputOptions, pathOf, say, tell } from "./plugin.ts";
import { withPlugins } from "./plugin-control.ts";
import { stateOf, type ToldPlugin } from "./plugin-view.ts";
import { tableOf } from "./table.ts";

export interface ConfigOptions extends OutputOptions {
  readonly unset: readonly string[];
}

/** Shows what a plugin is set to, or changes that. */
export async function config(
  name: string,
  pairs: readonly string[],
  { unset, json }: ConfigOptions,
): Promise<void> {
  const path = `${pathOf(name)}/config`;
  if (!pairs.length && !unset.length) {
    await withPlugins("look", async ({ ask }) => {
      const settings = await ask<PluginSettings>("GET", path);
      if (json) tell(settings);
      else process.stdout.write(textOf(settings));
    });
    return;
  }
  const given = pairs.map(pairOf);
  await withPlugins("change", async ({ ask }) => {
    const { stored } = await ask<PluginSettings>("GET", path);
    // What is secret comes covered, and stays as it is when it goes back so.
    const kept = Object.entries(stored as object).filter(([key]) => !unset.includes(key));
    const plugin = await ask<ToldPlugin>("PUT", path, Object.fromEntries([...kept, ...given]));
    if (json) tell(plugin);
    else say(`${plugin.name} has its new settings: it is ${stateOf(plugin)}.`);
  });
}

/** A setting as it is written on a command line. @throws NX_PLUGIN_COMMAND for what has no name */
export function pairOf(pair: string): [key: string, value: unknown] {
  const [, key, text] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
  if (key === undefined || text === undefined) {
    throw new NexusError("NX_PLUGIN_COMMAND", `"${pair}" sets nothing.`, {
      cure: "Write key=value, or --unset key.",
    });
  }
  try {
    return [key, JSON.parse(text)];
  } catch {
    return [key, text];
  }
}

/** A line a setting: its name, its value, and where that comes from. */
function textOf({ values, sources, fault }: PluginSettings): string {
  const names = Object.keys(sources);
  const rows = names.map((name) => {
    const value = (values as Record<string, unknown> | undefined)?.[name];
    const text = value === undefined ? "" : JSON.stringify(value);
    return [plain(name), plain(text), sources[name]!];
  });
  if (fault !== undefined) return `${tableOf(rows)}${fault}\n`;
  return rows.length ? tableOf(rows) : "It has no settings.\n";
}
