import type { Endpoint } from "../http/index.ts";
import { checkNeeds } from "./checks.ts";
import type { Offers } from "./offers.ts";
import { tellNews } from "./news.ts";
import { inOrder } from "./order.ts";
import { PluginFailed } from "./plugin-failed.ts";
import { needsFailed, type PluginRecord } from "./record.ts";
import type { PluginRegistry } from "./registry.ts";
import type { PluginSource } from "./source.ts";
import type { RouteTable } from "./table.ts";
import { type MigrationMode, type Surroundings, Unit } from "./unit.ts";

/** What a swap is made on. */
export interface Ground {
  readonly around: Surroundings;
  readonly version: string;
  readonly records: ReadonlyMap<string, PluginRecord>;
  readonly table: RouteTable;
  readonly offers: Offers;
}

export interface Entrant {
  readonly record: PluginRecord;
  readonly source: PluginSource;
  readonly settings: Readonly<Record<string, unknown>>;
}

type Before = ReturnType<typeof pick>;

const pick = ({
  unit,
  routes,
  source,
  manifest,
  settings,
  enabled,
  state,
  failure,
}: PluginRecord) => ({
  unit,
  routes,
  source,
  manifest,
  settings,
  enabled,
  state,
  failure,
});

/** New units beside old ones: made and started where nobody sees them, then all put in force in one step. */
export class Swap {
  readonly #ground: Ground;
  readonly #entrants: readonly Entrant[];
  readonly #units = new Map<string, Unit>();
  /** What was in force before. */
  readonly #before: Map<PluginRecord, Before>;
  /** The routes that the new ones take the place of. */
  #replaced: readonly Endpoint[] = [];
  readonly #started = new Map<string, string>();

  /** @param entrants the plugins that change, and those that need them */
  constructor(ground: Ground, entrants: readonly Entrant[]) {
    this.#ground = ground;
    this.#entrants = entrants;
    this.#before = new Map(entrants.map(({ record }) => [record, pick(record)]));
    for (const { source, settings } of entrants) {
      const find = (plugin: string): Unit | undefined => this.#find(plugin);
      const unit = new Unit({ source, settings, around: ground.around, find });
      this.#units.set(unit.name, unit);
    }
  }

  /** Those that are replaced, in the order in which they may end: who needs others comes first. */
  get old(): Unit[] {
    const old = [...this.#before.values()].flatMap(({ unit }) => unit ?? []);
    const byName = new Map(old.map((unit) => [unit.name, unit]));
    const names = inOrder([...byName.keys()], (name) => byName.get(name)!.needs);
    return names.toReversed().map((name) => byName.get(name)!);
  }

  /** The new ones, by plugin, until they are in force. */
  get units(): ReadonlyMap<string, Unit> {
    return this.#units;
  }

  /** Those that are in force, with their versions, in the order of need. */
  get started(): ReadonlyMap<string, string> {
    return this.#started;
  }

  /** Makes all of them, without an effect outside. @throws PluginFailed */
  async prepare(): Promise<void> {
    const { version, records, offers, table } = this.#ground;
    const find = (name: string) => this.#units.get(name)?.source ?? records.get(name);
    await this.#each("check", ({ source }) => checkNeeds(source.manifest, version, find));
    for (const { name, source } of this.#units.values()) offers.add(name, source.type.services);
    await this.#each("config", (unit) => unit.configure());
    await this.#each("make", (unit) => unit.make());
    await this.#each("compile", (unit) => unit.compile());
    await this.#each("check", (unit) => {
      for (const need of unit.needs) {
        const other = records.get(need);
        if (!this.#units.has(need) && other?.state !== "started" && other) throw needsFailed(other);
      }
    });
    this.#sort();
    const taken: Endpoint[] = [];
    await this.#each("check", ({ endpoints }) => {
      taken.push(...endpoints);
      table.check(this.#routesNow, taken);
    });
  }

  /** Starts them beside the old ones. @throws PluginFailed */
  async start(mode: MigrationMode, isHealthy = true): Promise<void> {
    await this.#each("start", (unit) => unit.start(mode));
    if (isHealthy) await this.#each("health", (unit) => unit.health());
  }

  /** Puts them in the place of the old ones, in one step. @throws PluginFailed; the old ones are in force then */
  async commit(): Promise<void> {
    const { table } = this.#ground;
    this.#replaced = this.#routesNow;
    table.replace(this.#replaced, this.#routes);
    for (const { record, source, settings } of this.#entrants) {
      const unit = this.#units.get(record.name)!;
      record.unit?.silence();
      unit.listen();
      Object.assign(record, { unit, source, settings, manifest: source.manifest });
      record.routes = unit.endpoints;
      record.enabled = true;
      record.state = "started";
    }
    try {
      await this.#each("start", (unit) => unit.work());
    } catch (error) {
      this.#revert();
      throw error;
    }
    this.#leave();
  }

  /** Tells everybody. */
  async tell(): Promise<void> {
    for (const [plugin, version] of this.#started)
      await tellNews(this.#ground.around, `plugin.${plugin}.started`, { plugin, version });
  }

  /** Ends what was made and is not in force. */
  async drop(): Promise<void> {
    for (const unit of [...this.#units.values()].toReversed()) await unit.end(0).catch(() => {});
  }

  /** The new ones find others through it as long as they live: it knows of no others from now on. */
  #leave(): void {
    for (const { name, source } of this.#units.values())
      this.#started.set(name, source.manifest.version);
    this.#units.clear();
    this.#before.clear();
    this.#replaced = [];
  }

  #revert(): void {
    this.#ground.table.replace(this.#routes, this.#replaced);
    for (const unit of this.#units.values()) unit.silence();
    for (const [record, { state, failure, ...before }] of this.#before) {
      Object.assign(record, before);
      record.state = state;
      record.failure = failure;
      record.unit?.listen();
    }
  }

  #find(plugin: string): Unit | undefined {
    const next = this.#units.get(plugin);
    // Who is asked for is made before who asks.
    next?.make();
    if (next) return next;
    const record = this.#ground.records.get(plugin);
    if (record && record.state !== "started") throw needsFailed(record);
    return record?.unit;
  }

  get #routes(): Endpoint[] {
    return [...this.#units.values()].flatMap(({ endpoints }) => endpoints);
  }

  get #routesNow(): Endpoint[] {
    return this.#entrants.flatMap(({ record }) => record.routes);
  }

  /** In the order of need, which is known when all are compiled. */
  #sort(): void {
    const needsOf = (name: string) => this.#units.get(name)!.needs;
    const sorted = inOrder([...this.#units.keys()], needsOf).map((name) => this.#units.get(name)!);
    this.#units.clear();
    for (const unit of sorted) this.#units.set(unit.name, unit);
  }

  async #each(step: string, work: (unit: Unit) => void | Promise<void>): Promise<void> {
    for (const unit of this.#units.values()) {
      try {
        await work(unit);
      } catch (error) {
        throw error instanceof PluginFailed
          ? error
          : new PluginFailed(unit.source.manifest, step, error);
      }
    }
  }
}

/** Of plugins that change, and of those that need them, which start anew. */
export function swapWithNeeding(
  ground: Ground & { readonly records: PluginRegistry },
  entrants: readonly Entrant[],
): Swap {
  const needing = ground.records.needing(entrants.map(({ record }) => record.name));
  const others = needing.map((record) => ({
    record,
    source: record.source!,
    settings: record.settings,
  }));
  return new Swap(ground, [...entrants, ...others]);
}
