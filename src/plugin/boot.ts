import { NexusError, messageOf } from "../exceptions.ts";
import { logKey } from "../log.ts";
import { checkNeeds, nameTaken } from "./checks.ts";
import { tellNews } from "./news.ts";
import { inOrder, PluginRing } from "./order.ts";
import { needsFailed, type PluginRecord } from "./record.ts";
import { placeOf } from "./source.ts";
import type { Ground } from "./swap.ts";
import { Unit } from "./unit.ts";

export interface BootOptions {
  /** What failed gets its routes closed, and is tried again. */
  readonly failed: (record: PluginRecord) => Promise<void>;
  /** Whoever starts the plugins does not want to hear of a failure by an error: it is logged. */
  readonly tolerant: boolean;
}

/** Says of a plugin that it must not be started, and why. */
export type FailPlugin = (name: string, error: unknown) => Promise<void>;

/** The first start of all plugins: each step of all of them, and who fails fails alone. */
export class Boot {
  readonly #ground: Ground;
  readonly #options: BootOptions;
  readonly #records: readonly PluginRecord[];

  /** @param records those that shall start; of two with one name the second is told apart by its place */
  constructor(ground: Ground, records: readonly PluginRecord[], options: BootOptions) {
    this.#ground = ground;
    this.#options = options;
    this.#records = records;
  }

  /** @param made runs when all are made and none has started: what they share starts then */
  async run(made: (fail: FailPlugin) => Promise<void>): Promise<void> {
    const { offers, around, records } = this.#ground;
    for (const record of this.#records) {
      const { source } = record;
      if (!source || source.manifest.name !== record.name) continue;
      const find = (plugin: string) => this.find(plugin);
      record.unit = new Unit({ source, settings: record.settings, around, find });
      record.state = "loaded";
      offers.add(record.name, source.type.services);
    }
    await this.#each("check", (record) => this.#check(record));
    await this.#each("config", ({ unit }) => unit!.configure());
    await this.#each("make", (record) => this.#make(record));
    // Routes ask for services too, and so for the plugins that own them.
    await this.#each("compile", ({ unit }) => unit!.compile());
    const order = await this.#inOrder();
    await made(async (name, error) => {
      const record = records.get(name);
      if (record?.enabled && record.state !== "failed") await this.fail(record, "check", error);
    });
    for (const name of order)
      await this.#attempt(records.get(name)!, "start", (record) => this.#start(record));
  }

  /** The plugin that somebody asks for, who fails with it; made before whoever asks. */
  find(plugin: string): Unit | undefined {
    const record = this.#ground.records.get(plugin);
    if (!record?.unit && !record?.failure) return undefined;
    if (!record.failure) {
      try {
        this.#make(record);
        return record.unit;
      } catch {
        // Said below.
      }
    }
    throw needsFailed(record);
  }

  /** Fails one: keeps the reason, and undoes what was done. */
  async fail(record: PluginRecord, step: string, error: unknown): Promise<void> {
    record.fail(step, error);
    if (this.#options.tolerant) tellFailure(this.#ground, record);
    await endQuietly(this.#ground, record.unit);
    await this.#options.failed(record);
  }

  #check({ manifest, unit, source }: PluginRecord): void {
    const { records, version } = this.#ground;
    const { name: wanted } = manifest!;
    if (!unit) throw nameTaken(wanted, records.get(wanted)?.source, placeOf(source!));
    checkNeeds(manifest!, version, (other) => records.get(other));
    for (const other of Object.keys(manifest!.plugins))
      if (!records.get(other)!.enabled) throw needsFailed(records.get(other)!);
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

  async #inOrder(): Promise<string[]> {
    const { records } = this.#ground;
    const ready = this.#records.filter(({ failure }) => !failure);
    try {
      return inOrder(
        ready.map(({ name }) => name),
        (name) => records.get(name)!.needs,
      );
    } catch (error) {
      if (!(error instanceof PluginRing)) throw error;
      for (const name of error.ring) await this.fail(records.get(name)!, "check", error);
      return this.#inOrder();
    }
  }

  async #start(record: PluginRecord): Promise<void> {
    const { records, table, around } = this.#ground;
    const { name, needs, unit, source } = record;
    for (const need of needs) {
      const other = records.get(need);
      if (other && (other.failure || !other.enabled)) throw needsFailed(other);
    }
    await unit!.start(source!.installed ? "expand" : "all");
    unit!.listen();
    await unit!.work();
    table.replace([], unit!.endpoints);
    record.routes = unit!.endpoints;
    record.state = "started";
    const { version } = source!.manifest;
    await tellNews(around, `plugin.${name}.started`, { plugin: name, version });
  }

  async #each(step: string, work: (record: PluginRecord) => void | Promise<void>): Promise<void> {
    for (const record of this.#records) await this.#attempt(record, step, work);
  }

  async #attempt(
    record: PluginRecord,
    step: string,
    work: (record: PluginRecord) => void | Promise<void>,
  ): Promise<void> {
    if (record.state === "failed") return;
    try {
      // It may have failed already, when another one asked for its services.
      if (record.failure) throw record.failure.error;
      await work(record);
    } catch (error) {
      await this.fail(record, step, error);
    }
  }
}

/** A mistake that names its cure needs no stack; anything else does. */
export function tellFailure({ around }: Ground, { name, failure }: PluginRecord): void {
  const { step, reason, error } = failure!;
  const about = error instanceof NexusError ? { code: error.code } : { err: error };
  const text = `The plugin "${name}" failed (${step}): ${reason}`;
  around.app.get(logKey).error({ ...about, plugin: name, step }, text);
}

export async function endQuietly(
  { around }: Ground,
  unit?: Unit,
  ...patience: Parameters<Unit["end"]>
): Promise<void> {
  await unit
    ?.end(...patience)
    .catch((error: unknown) =>
      around.app
        .get(logKey)
        .error({ err: error, plugin: unit.name }, "A plugin did not stop cleanly"),
    );
}
