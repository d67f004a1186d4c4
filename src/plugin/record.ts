import { messageOf, NexusError } from "../exceptions.ts";
import type { Endpoint } from "../http/index.ts";
import type { Manifest } from "./manifest.ts";
import type { PluginSource } from "./source.ts";
import type { Unit } from "./unit.ts";

export type PluginState = "found" | "loaded" | "started" | "stopping" | "stopped" | "failed";

export interface Failure {
  /** What was being done: `load check config make compile start health run`. */
  readonly step: string;
  readonly reason: string;
  readonly error: unknown;
}

/** A route that a plugin had while it ran. */
export interface KnownRoute {
  readonly method: string;
  readonly path: string;
}

/** What is known of a plugin. A failed one is a value: the others go on. */
export interface PluginStatus {
  readonly name: string;
  readonly manifest: Manifest | undefined;
  readonly state: PluginState;
  readonly since: Date;
  /** Whether it is meant to run. */
  readonly enabled: boolean;
  /** Its folder or file; none for a class given in code. */
  readonly folder?: string | undefined;
  readonly failure?: Failure | undefined;
  /** When a failed one is started again. */
  readonly retryAt?: Date | undefined;
}

/** What the host keeps of a plugin from version to version. */
export class PluginRecord {
  readonly name: string;
  /** None of what could not be loaded. */
  source: PluginSource | undefined;
  manifest: Manifest | undefined;
  readonly folder: string | undefined;
  settings: Readonly<Record<string, unknown>> = {};
  enabled = true;
  unit: Unit | undefined;
  /** Its routes when it last ran, before this process. */
  known: readonly KnownRoute[] = [];
  /** What stands in the table for it. */
  routes: readonly Endpoint[] = [];
  retryAt: Date | undefined;
  failure: Failure | undefined;
  #state: PluginState = "found";
  #since = new Date();

  constructor(name: string, about: Pick<PluginRecord, "source" | "manifest" | "folder">) {
    this.name = name;
    this.source = about.source;
    this.manifest = about.manifest;
    this.folder = about.folder;
  }

  get state(): PluginState {
    return this.#state;
  }

  set state(state: PluginState) {
    this.#state = state;
    this.#since = new Date();
    if (state !== "failed") this.failure = this.retryAt = undefined;
  }

  /** The first failure is the one that counts. */
  fail(step: string, error: unknown): void {
    this.failure ??= { step, reason: messageOf(error), error };
    this.state = "failed";
  }

  /** The plugins that it cannot do without. */
  get needs(): ReadonlySet<string> {
    return this.unit?.needs ?? new Set(Object.keys(this.manifest?.plugins ?? {}));
  }

  get status(): PluginStatus {
    const { name, manifest, state, enabled, failure, retryAt } = this;
    const folder = this.source?.folder ?? this.folder;
    return { name, manifest, state, since: this.#since, enabled, folder, failure, retryAt };
  }
}

/** What somebody hears who needs a plugin that does not run. */
export function needsFailed({ name, failure, enabled }: PluginRecord): NexusError {
  if (!enabled)
    return new NexusError("NX_PLUGIN_NEEDS", `It needs the plugin "${name}", which is disabled.`, {
      cure: `Enable "${name}" first.`,
    });
  return new NexusError(
    "NX_PLUGIN_NEEDS",
    `It needs the plugin "${name}", which failed: ${failure?.reason ?? "it does not run"}`,
    { cause: failure?.error },
  );
}
