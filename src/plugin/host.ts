import type { Endpoint } from "../http/index.ts";
import { logKey } from "../log.ts";
import { key } from "../scope.ts";
import { accuse, type Charge } from "./accuse.ts";
import { Boot, endQuietly, type FailPlugin } from "./boot.ts";
import { Changes } from "./changes.ts";
import { strangers } from "./checks.ts";
import { checkPatience } from "./deadline.ts";
import { closeLost } from "./lost.ts";
import { Offers } from "./offers.ts";
import { PluginFailed } from "./plugin-failed.ts";
import type { PutOptions, Swapped } from "./put-options.ts";
import type { PluginStatus } from "./record.ts";
import { needed, unloaded } from "./refusals.ts";
import { PluginRegistry, type Remember } from "./registry.ts";
import type { BrokenSource, PluginSource } from "./source.ts";
import { tableKey } from "./table.ts";
import { type Surroundings, Unit } from "./unit.ts";

export const hostKey = key<PluginHost>("nexus/plugins");

export interface HostOptions extends Surroundings {
  /** Of this platform, for the range that a manifest asks for. */
  readonly version: string;
  /** Whoever starts the plugins does not want to hear of a failure by an error: it is logged. */
  readonly tolerant: boolean;
  /** What was said of a plugin, here or while the platform ran before. */
  readonly memory?: Remember | undefined;
}

export interface DisableOptions {
  /** Those that need it first; else it is refused while there are any. */
  readonly cascade?: boolean;
  /** Runs before the first of them ends, which may take a while. When it fails, nothing has changed. */
  readonly decide?: (names: readonly string[]) => Promise<void>;
}

/** Starts plugins in the order of need, changes them while they run, and stops them the other way round. */
export class PluginHost {
  readonly #options: HostOptions;
  readonly #records: PluginRegistry;
  readonly #ground;
  readonly #changes: Changes;
  readonly #started = Promise.withResolvers<void>();
  #isStarting = true;
  #find: (plugin: string) => Unit | undefined;

  /** @throws NX_TIMEOUT */
  constructor(options: HostOptions) {
    for (const name of ["startTimeout", "stopTimeout"] as const)
      if (options[name] !== undefined) checkPatience(options[name], name);
    const { app, version, memory, tolerant } = options;
    const records = new PluginRegistry(memory);
    this.#options = options;
    this.#records = records;
    this.#find = this.#running;
    const offers = new Offers(app, (plugin) => this.#find(plugin));
    this.#ground = { around: options, version, records, table: app.get(tableKey), offers };
    this.#changes = new Changes(this.#ground, tolerant);
  }

  get plugins(): PluginStatus[] {
    return [...this.#records.values()].map(({ status }) => status);
  }

  /** Resolves when all have started or failed; until then changes would run beside that. None afterwards. */
  get starting(): Promise<void> | undefined {
    return this.#isStarting ? this.#started.promise : undefined;
  }

  status(name: string): PluginStatus | undefined {
    return this.#records.get(name)?.status;
  }

  /** What a plugin was made of: its class and its manifest. */
  sourceOf(name: string): PluginSource | undefined {
    return this.#records.get(name)?.source;
  }

  /** The settings that were changed while the platform ran. */
  settingsOf(name: string): Readonly<Record<string, unknown>> {
    return this.#records.get(name)?.settings ?? {};
  }

  /** The settings of one that runs, as it has them. */
  configOf(name: string): unknown {
    return this.#running(name)?.config;
  }

  /** Those that cannot do without a plugin, running or not. */
  neededBy(name: string): string[] {
    return [...this.#records.values()]
      .filter(({ needs }) => needs.has(name))
      .map((one) => one.name);
  }

  /** The routes of one that runs. */
  routesOf(name: string): readonly Endpoint[] {
    return this.#records.get(name)?.unit?.endpoints ?? [];
  }

  /** Since it was started: its requests, and its faults: answers that were 5xx, and promises that nobody awaited. */
  traffic(name: string): { readonly requests: number; readonly faults: number } {
    const unit = this.#running(name);
    return { requests: unit?.scope.visits ?? 0, faults: unit?.faults.count ?? 0 };
  }

  /** Throws when a started plugin is unwell. */
  async health(name: string): Promise<void> {
    const { failure, unit } = this.#records.get(name) ?? {};
    if (failure) throw failure.error;
    await unit?.health();
  }

  /**
   * Takes an error that nobody caught for a plugin's fault. One that was thrown has left it half done: it
   * fails, and is started again; of a promise that nobody awaited it is told.
   * @param plugin the part of a plugin in which it happened, or its place
   * @returns whether it was a plugin's
   */
  blame(plugin: Charge["plugin"], error: unknown, { thrown }: Pick<Charge, "thrown">): boolean {
    const fail = (unit: Unit): void => {
      // What is about to take over has done so then, or not.
      void this.#started.promise.then(() =>
        this.#changes.alone(() => this.#changes.fail(unit, error)),
      );
    };
    const court = { app: this.#options.app, records: this.#records.values(), fail };
    return accuse(court, { plugin, error, thrown });
  }

  /**
   * Starts what can be started; what fails is kept with its reason.
   * @param made runs when all are made and none has started: what they share starts then
   */
  async start(
    sources: readonly PluginSource[],
    broken: readonly BrokenSource[] = [],
    made: (fail: FailPlugin) => Promise<void> = async () => {},
  ): Promise<void> {
    const added = sources.map((source) => this.#records.add({ source }));
    const lost = broken.map((one) => ({ record: this.#records.add(one), reason: one.reason }));
    const { app, config, env, tolerant } = this.#options;
    for (const warning of strangers([...this.#records.keys()], config, env))
      app.get(logKey).warn(warning);
    const boot = new Boot(
      this.#ground,
      added.filter(({ enabled }) => enabled),
      { tolerant, failed: (record) => this.#changes.close(record) },
    );
    this.#find = (plugin) => boot.find(plugin);
    for (const { record, reason } of lost)
      if (record.enabled) await boot.fail(record, "load", reason);
    await app.run(() => boot.run(made));
    this.#find = this.#running;
    closeLost(this.#ground, this.#options.memory);
    this.#isStarting = false;
    this.#started.resolve();
  }

  /** Stops every plugin, last started first. */
  async stop(): Promise<void> {
    await this.#changes.end();
  }

  /**
   * Adds plugins, or replaces them and all that need them: the new ones start beside the old ones, take
   * over in one step, and the old ones end when their last request has left. When one of the new fails,
   * the old ones have never stopped. One that is disabled stays so, and is the new one when it is enabled.
   * @throws PluginFailed
   */
  put(sources: readonly PluginSource[], options: PutOptions = {}): Promise<Swapped> {
    return this.#changes.alone(() => this.#changes.put(sources, options));
  }

  /** Makes one known that does not run. */
  async add(source: PluginSource): Promise<void> {
    await this.#changes.alone(async () => {
      const record = this.#records.add({ source });
      record.enabled = false;
      record.state = "stopped";
    });
  }

  /** Makes one known that could not be loaded; one of its name that has been stays as it is. */
  async lose(broken: BrokenSource): Promise<void> {
    await this.#changes.alone(async () => {
      const known = this.#records.get(broken.name);
      if (known?.source) return;
      const record = known ?? this.#records.add(broken);
      record.enabled = this.#options.memory?.(record.name)?.enabled ?? record.enabled;
      if (!record.enabled) return;
      record.failure = undefined;
      record.fail("load", broken.reason);
      closeLost(this.#ground, this.#options.memory);
    });
  }

  /**
   * Whether one could take the place of the one before it, with those that need that: all of them are
   * made and compiled, and none is started.
   * @throws PluginFailed NX_PLUGIN_UNKNOWN
   */
  async check(
    source: PluginSource,
    settings = this.settingsOf(source.manifest.name),
  ): Promise<void> {
    await this.#changes.alone(() => this.#changes.check(source, settings));
  }

  /** Resolves when nothing runs any more of those that others have taken the place of. */
  async drained(name: string): Promise<void> {
    await this.#changes.drained(name);
  }

  /**
   * Starts one that was disabled, or failed; nothing for one that runs.
   * @param source for one that was not loaded, or has been mended
   * @throws PluginFailed NX_PLUGIN_UNKNOWN
   */
  async enable(name: string, source?: PluginSource): Promise<void> {
    await this.#changes.alone(async () => {
      const record = this.#records.known(name);
      if (record.state === "started") return;
      const found = source ?? record.source;
      if (!found) throw unloaded(record);
      record.enabled = true;
      // Nobody has run beside it since it ended.
      await this.#changes.put([found], { migrations: "expand" });
    });
  }

  /**
   * Ends one: its routes are gone at once, and it when its last request has left.
   * @throws NX_PLUGIN_NEEDED NX_PLUGIN_UNKNOWN
   */
  async disable(name: string, { cascade = false, decide }: DisableOptions = {}): Promise<void> {
    const { drained } = await this.#changes.alone(async () => {
      const record = this.#records.known(name);
      const needing = this.#records.needing([name]);
      if (needing.length && !cascade) throw needed(record, needing);
      const all = [...needing.toReversed(), record];
      const enabled = all.filter((one) => one.enabled).map((one) => one.name);
      if (enabled.length) await decide?.(enabled);
      for (const one of all) one.enabled = false;
      // The next change does not wait for it.
      return { drained: this.#changes.stop(all) };
    });
    await drained;
  }

  /** Disables one, and forgets it. @throws NX_PLUGIN_NEEDED NX_PLUGIN_UNKNOWN */
  async remove(name: string): Promise<void> {
    await this.disable(name);
    this.#records.delete(name);
  }

  /** What a plugin would be here, compiled and never started; `end` it. @throws PluginFailed */
  async preview(
    source: PluginSource,
    settings = this.settingsOf(source.manifest.name),
  ): Promise<Unit> {
    const unit = new Unit({ source, settings, around: this.#options, find: this.#running });
    let step = "config";
    try {
      await unit.configure();
      step = "make";
      unit.make();
      step = "compile";
      await unit.compile();
      return unit;
    } catch (error) {
      await endQuietly(this.#ground, unit, 0);
      throw new PluginFailed(source.manifest, step, error);
    }
  }

  readonly #running = (plugin: string): Unit | undefined => this.#records.get(plugin)?.unit;
}
