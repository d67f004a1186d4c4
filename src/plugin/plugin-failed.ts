import { messageOf, NexusError } from "../exceptions.ts";

/** A plugin that could not be brought to where it should be: the one before it goes on, if there was one. */
export class PluginFailed extends NexusError {
  readonly plugin: string;
  /** What was being done: `check config make compile start health`. */
  readonly step: string;

  constructor({ name, version }: { name: string; version: string }, step: string, cause: unknown) {
    super(
      "NX_PLUGIN_FAILED",
      `The plugin "${name}" ${version} failed (${step}): ${messageOf(cause)}`,
      { cause },
    );
    this.plugin = name;
    this.step = step;
  }
}
