import { eventsKey } from "../events/index.ts";
import { messageOf, NexusError } from "../exceptions.ts";
import { logKey } from "../log.ts";
import { key, type Scope } from "../scope.ts";
import { keyOf, nameService } from "../services.ts";
import { checkNeeds, nameTaken, strangers } from "./checks.ts";
import { checkPatience } from "./deadline.ts";
import type { Manifest } from "./manifest.ts";
import { inOrder, PluginRing } from "./order.ts";
import { type BrokenSource, placeOf, type PluginSource } from "./source.ts";
import { type Surroundings, Unit } from "./unit.ts";

export type PluginState = "found" | "loaded" | "started" | "stopping" | "stopped" | "failed";

export interface Failure {
  /** What was being done: `load check config make compile start`. */
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

interface PluginRecord {
  readonly name: string;
  readonly manifest: Manifest | undefined;
  unit?: Unit;
  state: PluginState;
  since: Date;
  failure?: Failure;
  readonly needs: Set<string>;
}

export const hostKey = key<PluginHost>("nexus/plugins");

export interface HostOptions extends Surroundings {
  /** Of this platform, for the range that a manifest asks for. */
  readonly version: string;
  /** Whoever started the plugins does not want to hear of a failure by an error: it is logged. */
  readonly tolerant: boolean;
}

/** Starts plugins in the order of need, and stops them the other way round. */
export class PluginHost {
  readonly #options: HostOptions;
  readonly #records = new Map<string, PluginRecord>();
  #order: readonly string[] = [];

  /** @throws NX_TIMEOUT */
  constructor(options: HostOptions) {
    if (options.startTimeout !== undefined) checkPatience(options.startTimeout, "startTimeout");
    this.#options = options;
  }

  get plugins(): PluginStatus[] {
    return [...this.#records.values()].map(({ name, manifest, state, since, failure }) => ({
      name,
      manifest,
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
    const added = sources.map((source) => this.#add(source));
    for (const { name, manifest, folder, reason } of broken)
      await this.#fail(this.#record(name, folder, manifest), "load", reason);
    const each = async (step: string, work: (record: PluginRecord) => void | Promise<void>) => {
      for (const record of added) await this.#attempt(record, step, () => work(record));
    };
    const { app, config, env } = this.#options;
    for (const warning of strangers([...this.#records.keys()], config, env))
      app.get(logKey).warn(warning);
    await each("check", (record) => this.#check(record));
    await each("config", ({ unit }) => unit!.configure());
    this.#offerServices();
    await each("make", (record) => this.#make(record));
    // Routes ask for services too, and so for the plugins that own them.
    await each("compile", ({ unit }) => unit!.compile());
    this.#order = await this.#inOrder();
    await made();
    await this.#options.app.run(() => this.#startAll());
  }

  /** Stops every plugin, last started first. */
  async stop(): Promise<void> {
    const others = [...this.#records.keys()].filter((name) => !this.#order.includes(name));
    for (const name of [...others, ...this.#order].toReversed())
      await this.#stopOne(this.#records.get(name)!);
  }

  /** What a plugin was made of: its class and its manifest. */
  sourceOf(name: string): PluginSource | undefined {
    return this.#records.get(name)?.unit?.source;
  }

  /** Throws when a started plugin is unwell. */
  async health(name: string): Promise<void> {
    await this.#records.get(name)?.unit?.health();
  }

  /** Of two with one name the second one is told apart by its place. */
  #record(name: string, place: string, manifest: Manifest | undefined): PluginRecord {
    const record: PluginRecord = {
      name: this.#records.has(name) ? `${name} (${place})` : name,
      manifest,
      state: "found",
      since: new Date(),
      needs: new Set(Object.keys(manifest?.plugins ?? {})),
    };
    this.#records.set(record.name, record);
    return record;
  }

  #add(source: PluginSource): PluginRecord {
    const { manifest, type } = source;
    const record = this.#record(manifest.name, placeOf(source), manifest);
    // One of a name that is taken fails as soon as it is checked.
    if (record.name !== manifest.name) return record;
    for (const service of type.services) nameService(service, record.name);
    record.unit = new Unit(source, this.#options);
    record.state = "loaded";
    return record;
  }

  #check({ name, manifest, unit }: PluginRecord): void {
    const { name: wanted } = manifest!;
    if (unit) checkNeeds(manifest!, this.#options.version, (other) => this.#records.get(other));
    else throw nameTaken(wanted, this.#records.get(wanted)?.unit?.source, name);
  }

  /** Any plugin may inject the services of any other: who asks is noted, and starts later. */
  #offerServices(): void {
    const { app } = this.#options;
    for (const record of this.#records.values()) {
      for (const service of record.unit?.source.type.services ?? []) {
        // A class that two list is its first owner's, for everybody else.
        if (app.has(keyOf(service))) continue;
        app.provideFrom(keyOf(service), (asking) => {
          const asker = pluginOf(asking);
          if (asker !== undefined) this.#records.get(asker)?.needs.add(record.name);
          this.#need(record);
          return record.unit!.scope.get(keyOf(service));
        });
      }
    }
  }

  #make(record: PluginRecord): void {
    try {
      record.unit!.make();
    } catch (error) {
      // What is half made is undone in its own turn.
      record.failure ??= { step: "make", reason: messageOf(error), error };
      throw error;
    }
  }

  /** Makes the plugin before somebody who asks for its services, who fails with it. */
  #need(record: PluginRecord): void {
    if (!record.failure) {
      try {
        return this.#make(record);
      } catch {
        // Said below.
      }
    }
    throw needsFailed(record);
  }

  async #inOrder(): Promise<string[]> {
    const ready = [...this.#records.values()].filter(({ failure }) => !failure);
    try {
      return inOrder(
        ready.map(({ name }) => name),
        (name) => this.#records.get(name)!.needs,
      );
    } catch (error) {
      if (!(error instanceof PluginRing)) throw error;
      for (const name of error.ring) await this.#fail(this.#records.get(name)!, "check", error);
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

  async #stopOne(record: PluginRecord): Promise<void> {
    const { name, state } = record;
    if (state !== "started" && state !== "loaded") return;
    this.#change(record, "stopping");
    await this.#end(record);
    this.#change(record, "stopped");
    if (state === "started")
      await this.#options.app.get(eventsKey).publish(`plugin.${name}.stopped`, { plugin: name });
  }

  async #attempt(
    record: PluginRecord,
    step: string,
    work: () => void | Promise<void>,
  ): Promise<void> {
    if (record.state === "failed") return;
    try {
      // It may have failed already, when another one asked for its services.
      if (record.failure) throw record.failure.error;
      await work();
    } catch (error) {
      await this.#fail(record, step, error);
    }
  }

  /** Keeps the reason, and undoes what was done. */
  async #fail(record: PluginRecord, step: string, error: unknown): Promise<void> {
    record.failure ??= { step, reason: messageOf(error), error };
    this.#change(record, "failed");
    if (this.#options.tolerant) this.#tell(record, step, error);
    await this.#end(record);
  }

  /** A mistake that names its cure needs no stack; anything else does. */
  #tell({ name }: PluginRecord, step: string, error: unknown): void {
    const about = error instanceof NexusError ? { code: error.code } : { err: error };
    const text = `The plugin "${name}" failed (${step}): ${messageOf(error)}`;
    this.#options.app.get(logKey).error({ ...about, plugin: name, step }, text);
  }

  async #end({ name, unit }: PluginRecord): Promise<void> {
    await unit
      ?.end()
      .catch((error: unknown) =>
        this.#options.app
          .get(logKey)
          .error({ err: error, plugin: name }, "A plugin did not stop cleanly"),
      );
  }

  #change(record: PluginRecord, state: PluginState): void {
    record.state = state;
    record.since = new Date();
  }
}

function pluginOf(scope: Scope): string | undefined {
  for (let one: Scope | undefined = scope; one; one = one.parent)
    if (one.kind === "plugin") return one.name;
  return undefined;
}

function needsFailed({ name, failure }: PluginRecord): NexusError {
  return new NexusError(
    "NX_PLUGIN_NEEDS",
    `It needs the plugin "${name}", which failed: ${failure!.reason}`,
    { cause: failure!.error },
  );
}
