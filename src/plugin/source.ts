import { NexusError } from "../exceptions.ts";
import { type Manifest, manifestOf } from "./manifest.ts";
import { Plugin, type PluginClass } from "./plugin.ts";

/** A plugin that can be started: its class, and what it says of itself. */
export interface PluginSource {
  readonly type: PluginClass;
  readonly manifest: Manifest;
  /** Where it was found; none for a class given in code. */
  readonly folder?: string;
  /** It is one of several versions on this machine: its tables keep what the one before needs. */
  readonly installed?: boolean;
  /** A part of the platform: what goes wrong in it is no plugin's fault. */
  readonly platform?: boolean;
}

/** Something found that cannot even be loaded. */
export interface BrokenSource {
  readonly name: string;
  /** Where it could be read. */
  readonly manifest?: Manifest | undefined;
  readonly folder: string;
  readonly reason: unknown;
}

/** A plugin given in code. @throws NX_NO_PLUGIN_CLASS for what is no plugin */
export function sourceOf(plugin: PluginClass | PluginSource): PluginSource {
  if (typeof plugin === "object" && plugin !== null && "manifest" in plugin) return plugin;
  const type = checkClass(plugin, (found) => `createApp got ${found} as a plugin, which is none.`);
  return { type, manifest: manifestOf(type) };
}

/** @throws NX_NO_PLUGIN_CLASS for what is no plugin */
export function checkClass(type: unknown, say: (found: string) => string): PluginClass {
  if (typeof type === "function" && type.prototype instanceof Plugin) return type as PluginClass;
  throw new NexusError("NX_NO_PLUGIN_CLASS", say(describe(type)), {
    cure:
      type instanceof Plugin
        ? "Give the class: its instance is made for you."
        : "Write `export default class MyPlugin extends Plugin`.",
  });
}

function describe(found: unknown): string {
  if (found === undefined) return "nothing";
  if (found instanceof Plugin) return `an instance of ${found.constructor.name}`;
  return typeof found === "function"
    ? `the class or function "${found.name}"`
    : `a value of type ${typeof found}`;
}

/** Where a plugin was found. */
export function placeOf({ folder, type }: PluginSource): string {
  return folder ?? `the class ${type.name}`;
}
