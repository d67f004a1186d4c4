import semver from "semver";
import { eventsKey } from "../events/index.ts";
import { messageOf, NexusError } from "../exceptions.ts";
import { logKey } from "../log.ts";
import { key, keyOf, nameService, type Scope } from "../services.ts";
import type { Manifest } from "./manifest.ts";
import { inOrder } from "./order.ts";
import type { BrokenSource, PluginSource } from "./source.ts";
import { type Surroundings, Unit } from "./unit.ts";

export type PluginState = "found" | "loaded" | "started" | "stopping" | "stopped" | "failed";

export interface Failure {
  /** What was being done: `load check config make start`. */
  readonly step: string;
  readonly reason: string;
  readonly error: unknown;
}

/** What is known of a plugin. A failed one is a value: the others go on. */
export interface PluginStatus {
  readonly name: string;
  readonly manifest: Manifest | undefined;
  readonly state: PluginState;
  readonly since: Date;
  readonly failure?: Failure | undefined;
}

interface Record {
  name: string;
  unit: Unit | undefined;
  state: PluginState;
  since: Date;
  failure?: Failure;
  readonly needs: Set<string>;
}

export const hostKey = key<PluginHost>("nexus/plugins");

export interface HostOptions extends Surroundings {
  /** Of this platform, for the range that a manifest asks for. */
  readonly version: string;
}

/** Starts plugins in the order of need, and stops them the other way round. */
export class PluginHost {
  readonly #options: HostOptions;
  readonly #records = new Map<string, Record>();
  #order: readonly string[] = [];

  constructor(options: HostOptions) {
    this.#options = options;
  }

  get plugins(): PluginStatus[] {
    return [...this.#records.values()].map(({ name, unit, state, since, failure }) => ({
      name,
      manifest: unit?.source.manifest,
      state,
      since,
      failure,
    }));
  }

  /**
   * Starts what can be started; what fails is kept with its reason.
   * @param made runs when all are made and none has started: what they share starts then
   */
  async start(
    sources: readonly PluginSource[],
    broken: readonly BrokenSource[] = [],
    made: () => Promise<void> = async () => {},
  ): Promise<void> {
    for (const { name, reason } of broken) this.#fail(this.#record(name), "load", reason);
    const added = sources.flatMap((source) => this.#add(source));
    for (const record of added) await this.#attempt(record, "check", () => this.#check(record));
    for (const record of added)
      await this.#attempt(record, "config", () => record.unit!.configure());
    this.#offerServices();
    for (const record of added) await this.#attempt(record, "make", () => this.#make(record));
    this.#order = this.#inOrder();
    await made();
    await this.#options.app.run(() => this.#startAll());
  }

  /** Stops every plugin, last started first. */
  async stop(): Promise<void> {
    for (const name of this.#order.toReversed()) await this.#stopOne(this.#records.get(name)!);
  }

  /** Throws when a started plugin is unwell. */
  async health(name: string): Promise<void> {
    await this.#records.get(name)?.unit?.health();
  }

  #record(name: string): Record {
    const record: Record = {
      name,
      unit: undefined,
      state: "found",
      since: new Date(),
      needs: new Set(),
    };
    this.#records.set(name, record);
    return record;
  }

  #add(source: PluginSource): Record[] {
    const { name } = source.manifest;
    const known = this.#records.get(name);
    if (known) {
      const places = [
        known.unit?.source.folder ?? known.unit?.source.type.name,
        source.folder ?? source.type.name,
      ];
      throw new NexusError(
        "NX_PLUGIN_TWICE",
        `Two plugins are called "${name}": ${places.join(" and ")}.`,
        {
          cure: 'Give one of them another "name" in its package.json.',
        },
      );
    }
    for (const service of source.type.services) nameService(service, name);
    const record = this.#record(name);
    record.unit = new Unit(source, this.#options);
    record.state = "loaded";
    for (const need of Object.keys(source.manifest.plugins)) record.needs.add(need);
    return [record];
  }

  #check({ name, unit }: Record): void {
    const { platform, plugins } = unit!.source.manifest;
    const { version } = this.#options;
    const faults: string[] = [];
    if (platform !== undefined && !semver.satisfies(version, platform)) {
      faults.push(`it works with nexus-platform ${platform}, and this is ${version}`);
    }
    for (const [other, range] of Object.entries(plugins)) {
      const found = this.#records.get(other)?.unit?.source.manifest.version;
      if (found === undefined)
        faults.push(`it needs the plugin "${other}" ${range}, and there is none`);
      else if (!semver.satisfies(found, range))
        faults.push(`it needs the plugin "${other}" ${range}, found ${found}`);
    }
    if (!faults.length) return;
    throw new NexusError(
      "NX_PLUGIN_NEEDS",
      `The plugin "${name}" cannot start: ${faults.join("; ")}.`,
      {
        cure: "Install what is missing, or widen the range in its package.json.",
      },
    );
  }

  /** Any plugin may inject the services of any other: who asks is noted, and starts later. */
  #offerServices(): void {
    for (const record of this.#records.values()) {
      for (const service of record.unit?.source.type.services ?? []) {
        this.#options.app.provideFrom(keyOf(service), (asking) => {
          const asker = pluginOf(asking);
          if (asker !== undefined) this.#records.get(asker)?.needs.add(record.name);
          this.#make(record);
          return record.unit!.scope.get(keyOf(service));
        });
      }
    }
  }

  #make(record: Record): void {
    if (record.failure) throw needsFailed(record);
    try {
      record.unit!.make();
    } catch (error) {
      // Whoever asked for its services is told that it failed, not how.
      this.#fail(record, "make", error);
      throw error;
    }
  }

  #inOrder(): string[] {
    const ready = [...this.#records.values()].filter(({ failure }) => !failure);
    try {
      return inOrder(
        ready.map(({ name }) => name),
        (name) => this.#records.get(name)!.needs,
      );
    } catch (error) {
      // A ring: none of the plugins on it can start, and the message names them.
      const ring = new Set(/ring: (.*)\.(?: |$)/.exec(messageOf(error))?.[1]?.split(" → "));
      for (const record of ready) if (ring.has(record.name)) this.#fail(record, "check", error);
      return this.#inOrder();
    }
  }

  async #startAll(): Promise<void> {
    for (const name of this.#order) {
      const record = this.#records.get(name)!;
      await this.#attempt(record, "start", async () => {
        for (const need of record.needs) {
          const other = this.#records.get(need);
          if (other?.failure) throw needsFailed(other);
        }
        await record.unit!.start();
        this.#change(record, "started");
        await this.#options.app.get(eventsKey).publish(`plugin.${name}.started`, { plugin: name });
      });
    }
  }

  async #stopOne(record: Record): Promise<void> {
    if (record.state !== "started") return;
    this.#change(record, "stopping");
    const log = this.#options.app.get(logKey);
    await record
      .unit!.scope.dispose()
      .catch((error: unknown) =>
        log.error({ err: error, plugin: record.name }, "A plugin did not stop cleanly"),
      );
    this.#change(record, "stopped");
    await this.#options.app
      .get(eventsKey)
      .publish(`plugin.${record.name}.stopped`, { plugin: record.name });
  }

  async #attempt(record: Record, step: string, work: () => void | Promise<void>): Promise<void> {
    if (record.failure) return;
    try {
      await work();
    } catch (error) {
      await record.unit?.scope.dispose().catch(() => {});
      if (!record.failure) this.#fail(record, step, error);
    }
  }

  #fail(record: Record, step: string, error: unknown): void {
    record.failure = { step, reason: messageOf(error), error };
    this.#change(record, "failed");
    this.#options.app
      .get(logKey)
      .error({ err: error, plugin: record.name, step }, `The plugin "${record.name}" failed`);
  }

  #change(record: Record, state: PluginState): void {
    record.state = state;
    record.since = new Date();
  }
}

function pluginOf(scope: Scope): string | undefined {
  for (let one: Scope | undefined = scope; one; one = one.parent)
    if (one.kind === "plugin") return one.name;
  return undefined;
}

function needsFailed({ name, failure }: Record): NexusError {
  return new NexusError(
    "NX_PLUGIN_NEEDS",
    `It needs the plugin "${name}", which failed: ${failure!.reason}`,
  );
}
