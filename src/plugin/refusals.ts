import { NexusError } from "../exceptions.ts";
import type { PluginRecord } from "./record.ts";

/** What nobody can start. */
export function unloaded({ name, failure }: PluginRecord): NexusError {
  return new NexusError(
    "NX_PLUGIN_FAILED",
    `The plugin "${name}" cannot be started: it could not be loaded. ${failure?.reason ?? ""}`,
    { cause: failure?.error },
  );
}

/** What is not ended while others need it. */
export function needed({ name }: PluginRecord, by: readonly PluginRecord[]): NexusError {
  const names = by.map((one) => `"${one.name}"`).join(", ");
  return new NexusError(
    "NX_PLUGIN_NEEDED",
    `The plugin "${name}" cannot be disabled: ${names} ${by.length > 1 ? "need" : "needs"} it.`,
    { cure: "Disable those first, or with it (cascade)." },
  );
}
