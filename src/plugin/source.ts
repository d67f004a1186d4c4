import { NexusError } from "../exceptions.ts";
import { type Manifest, manifestOf } from "./manifest.ts";
import { Plugin, type PluginClass } from "./plugin.ts";

/** A plugin that can be started: its class, and what it says of itself. */
export interface PluginSource {
  readonly type: PluginClass;
  readonly manifest: Manifest;
  /** Where it was found; none for a class given in code. */
  readonly folder?: string;
}

/** Something found that cannot even be loaded. */
export interface BrokenSource {
  readonly name: string;
  readonly folder: string;
  readonly reason: unknown;
}

export function sourceOf(type: PluginClass): PluginSource {
  return { type: checkClass(type, type.name), manifest: manifestOf(type) };
}

/** @throws NX_NO_PLUGIN_CLASS for what is no plugin */
export function checkClass(type: unknown, where: string): PluginClass {
  if (typeof type === "function" && type.prototype instanceof Plugin) return type as PluginClass;
  const found =
    type === undefined
      ? "nothing"
      : typeof type === "function"
        ? `the class or function "${type.name}"`
        : `a ${typeof type}`;
  throw new NexusError(
    "NX_NO_PLUGIN_CLASS",
    `${where} exports ${found} by default, which is no plugin.`,
    {
      cure: "Write `export default class MyPlugin extends Plugin`.",
    },
  );
}
