import { NexusError } from "../exceptions.ts";
import type { PluginStatus } from "../plugin/index.ts";
import type { PreviousVersion } from "./state.ts";

export function disabled(name: string): NexusError {
  return new NexusError("NX_PLUGIN_DISABLED", `The plugin "${name}" is disabled.`, {
    cure: "Enable it: that loads its code too.",
  });
}

/** What cannot be set, as nobody knows what its settings are. */
export function unloaded(name: string, failure: PluginStatus["failure"]): NexusError {
  return new NexusError(
    "NX_PLUGIN_FAILED",
    `The plugin "${name}" cannot be set: it could not be loaded. ${failure?.reason ?? ""}`,
    { cause: failure?.error },
  );
}

export function nothingBefore(name: string): NexusError {
  return new NexusError("NX_NO_PREVIOUS", `The plugin "${name}" has nothing to go back to.`, {
    cure: "There is something after a change of its version or settings, until it is finalized.",
  });
}

export function notUnderstood(name: string, { version }: PreviousVersion): NexusError {
  return new NexusError(
    "NX_ROLLBACK",
    `The tables of "${name}" were changed in a way that ${version} may not understand.`,
    {
      cure: "Say restore: they become what they were before the upgrade, and what was written since is lost.",
    },
  );
}

export function watched(name: string, version: string, until: Date): NexusError {
  return new NexusError(
    "NX_PLUGIN_WATCHED",
    `"${name}" ${version} is watched until ${until.toISOString()}, and may go back by itself.`,
    { cure: "Finalize it then, or say now: that ends the watch." },
  );
}
