import { NexusError } from "../exceptions.ts";
import type { Endpoint } from "../http/index.ts";
import { logKey } from "../log.ts";
import { Backoff } from "./backoff.ts";
import { tellFailure } from "./boot.ts";
import { Endings } from "./endings.ts";
import { putIdle } from "./idle.ts";
import { tellStopped } from "./news.ts";
import { inPause, NotUndone } from "./pause.ts";
import { PluginFailed } from "./plugin-failed.ts";
import type { PutOptions, Swapped } from "./put-options.ts";
import { needsFailed, type PluginRecord } from "./record.ts";
import type { PluginRegistry } from "./registry.ts";
import type { PluginSource } from "./source.ts";
import { stand } from "./stand.ts";
import { type Entrant, type Ground, type Swap, swapWithNeeding } from "./swap.ts";
import type { MigrationMode, Unit } from "./unit.ts";

/** What somebody fails with who waits for another plugin. */
const waiting = new Set(["NX_PLUGIN_NEEDS", "NX_NOT_PROVIDED"]);

/** What happens to plugins while the app runs: they are put, stopped, closed and tried again, one change at a time. */
export class Changes {
  readonly #ground: Ground & { readonly records: PluginRegistry };
  readonly #tolerant: boolean;
  readonly #backoff: Backoff;
  readonly #endings: Endings;
  /** What is to be published when the change is over. */
  readonly #news: (() => Promise<void>)[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #isOver = false;

  /** @param tolerant what fails while it starts is tried again */
  constructor(ground: Ground & { readonly records: PluginRegistry }, tolerant: boolean) {
    this.#ground = ground;
    this.#endings = new Endings(ground);
    this.#tolerant = tolerant;
    this.#backoff = new Backoff((record) => this.#again(record));
  }

  /** Does one thing at a time; who hears of it may do the next. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      await this.#tell();
    }
  }

  /** Stops those that run, and nothing is put any more. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#backoff.stop();
    await this.#turn;
    for (const record of this.#ground.records.inOrder.toReversed())
      if (record.state === "started" || record.state === "loaded") await this.stop([record]);
    await this.#endings.all();
  }

  /** @throws PluginFailed */
  async put(sources: readonly PluginSource[], options: PutOptions): Promise<Swapped> {
    if (this.#isOver)
      throw new NexusError("NX_PLUGIN_STOPPED", "The app is about to end.", {
        cure: "Start it again, and then the plugin.",
      });
    const { records, around } = this.#ground;
    const entrants = sources.map((source): Entrant => {
      const record = records.get(source.manifest.name) ?? records.add({ source });
      return { record, source, settings: options.settings ?? record.settings };
    });
    const running = entrants.filter(({ record }) => record.enabled);
    const idle = entrants.filter(({ record }) => !record.enabled);
    // Who decides decides once, when all are well.
    const idleOptions = running.length ? {} : options;
    // Nobody is to write into tables that are copied.
    if (idleOptions.stop) await this.#endings.of(idle.map(({ record }) => record.name));
    await around.app.run(() => putIdle(this.#ground, idle, idleOptions));
    if (!running.length) return { plugins: [], drained: Promise.resolve() };
    const swap = swapWithNeeding(this.#ground, running);
    const { old } = swap;
    try {
      await around.app.run(() => this.#perform(swap, options));
    } catch (error) {
      await swap.drop();
      void this.#prune([...swap.units.keys()]);
      for (const { record } of running)
        if (!old.some(({ name }) => name === record.name))
          await this.#refused(record, error, swap.units.get(record.name)!, options);
      throw error;
    }
    for (const { record } of running) this.#backoff.rest(record);
    const plugins = [...swap.started.keys()];
    const ended = this.#endings.begin(old, options.drain);
    const drained = ended.then(() => this.#prune(plugins));
    this.#news.push(() => swap.tell());
    await this.#revive();
    return { plugins, drained };
  }

  /**
   * Makes one, with those that need it, as a change would, and starts nothing.
   * @throws PluginFailed where it could not be put in force
   */
  async check(source: PluginSource, settings: PluginRecord["settings"]): Promise<void> {
    const record = this.#ground.records.known(source.manifest.name);
    const swap = swapWithNeeding(this.#ground, [{ record, source, settings }]);
    try {
      await this.#ground.around.app.run(() => swap.prepare());
    } finally {
      await swap.drop();
      void this.#prune([...swap.units.keys()]);
    }
  }

  /** Resolves when no older one of a plugin is there any more. */
  async drained(name: string): Promise<void> {
    await this.#endings.of([name]);
  }

  /**
   * Takes plugins out of force, those that need others first.
   * @returns what resolves when the last of them has ended; the next change does not wait for it
   */
  stop(records: readonly PluginRecord[]): Promise<void> {
    const ending = records.flatMap((record) => {
      const { state, unit } = record;
      this.#backoff.forget(record);
      stand(this.#ground, record, "gone");
      record.state = "stopped";
      record.unit = undefined;
      if (!unit || state === "failed") return [];
      unit.silence();
      record.state = "stopping";
      return [{ record, unit, isTold: state === "started" }];
    });
    const drained = this.#endings.begin(ending.map(({ unit }) => unit));
    return drained.then(async () => {
      for (const { record, isTold } of ending) {
        // It may have been started again meanwhile.
        if (record.state === "stopping") record.state = "stopped";
        if (isTold) await tellStopped(this.#ground.around, record.name);
      }
      await this.#prune(records.map(({ name }) => name));
    });
  }

  /** Takes back what plugins offer no more, when all have ended that may still ask for it. */
  async #prune(names: readonly string[]): Promise<void> {
    const { records, offers } = this.#ground;
    await Promise.all(this.#endings.needing(names));
    // Not while others are being made.
    const isDone = await this.alone(async () => {
      // Before it was its turn more may have begun to end.
      if (this.#endings.needing(names).length) return false;
      for (const name of names) {
        const { enabled, source } = records.get(name) ?? {};
        offers.set(name, (enabled && source?.type.services) || []);
      }
      return true;
    });
    if (!isDone) await this.#prune(names);
  }

  /** One that runs has failed, and with it those that need it. They come back as those that fail at a start. */
  async fail(unit: Unit, error: unknown): Promise<void> {
    const record = this.#ground.records.get(unit.name);
    if (record?.unit !== unit || record.state !== "started") {
      const text = "An error that nobody caught, in what does not run any more";
      unit.scope.get(logKey).error({ err: error }, text);
      return;
    }
    const needing = this.#ground.records.needing([record.name]).toReversed();
    const failing = [...needing, record].map((one) => ({ one, unit: one.unit! }));
    record.fail("run", error);
    tellFailure(this.#ground, record);
    for (const one of needing) one.fail("check", needsFailed(record));
    for (const { one, unit } of failing) {
      unit.silence();
      await this.close(one);
      this.#news.push(() => tellStopped(this.#ground.around, one.name));
    }
    void this.#endings.begin(failing.map(({ unit }) => unit));
  }

  /** One that failed keeps its paths, and may be tried again. */
  async close(record: PluginRecord, endpoints?: readonly Endpoint[]): Promise<void> {
    if (this.#tolerant && /^(?:start|run)$/.test(record.failure?.step ?? ""))
      this.#backoff.plan(record);
    stand(this.#ground, record, "closed", endpoints);
    record.unit = undefined;
  }

  /** One that ran goes on; one that did not has failed. */
  async #refused(
    record: PluginRecord,
    error: unknown,
    { endpoints }: Unit,
    { keep }: PutOptions,
  ): Promise<void> {
    if (record.state === "started") return;
    if (record.state === "found" && !keep) {
      this.#ground.records.delete(record.name);
      return;
    }
    record.failure = undefined;
    if (error instanceof PluginFailed) record.fail(error.step, error.cause);
    else record.fail("start", error);
    await this.close(record, endpoints);
  }

  /** Puts the new ones in the place of the old ones. @throws what fails; the old ones run on, or again */
  async #perform(swap: Swap, { stop, migrations, decide, drain }: PutOptions): Promise<void> {
    await swap.prepare();
    const takeOver = async (mode: MigrationMode): Promise<void> => {
      await swap.start(mode);
      await decide?.();
      await swap.commit();
    };
    if (!stop) return takeOver(migrations ?? "additive");
    const { old } = swap;
    await this.#pause(old, drain);
    // Older ones than these may still write into what is changed.
    await this.#endings.of([...swap.units.keys()]);
    try {
      await inPause(
        stop,
        () => takeOver(migrations ?? "expand"),
        () => swap.drop(),
      );
    } catch (error) {
      // On what could not be undone the old ones might do harm.
      if (error instanceof NotUndone) await this.#giveUp(old, error);
      else await this.#resume(old);
      throw error;
    }
  }

  /** Closes the routes of some, and ends them. */
  async #pause(old: readonly Unit[], seconds?: number): Promise<void> {
    for (const { name } of old) {
      const record = this.#ground.records.get(name)!;
      stand(this.#ground, record, "closed");
      record.state = "stopping";
      record.unit?.silence();
    }
    await this.#endings.begin(old, seconds);
  }

  /** Starts again what was paused. */
  async #resume(old: readonly Unit[]): Promise<void> {
    for (const { name } of old) this.#ground.records.get(name)!.state = "stopped";
    const sources = old.toReversed().map(({ source }) => source);
    // What fails of them has become a value, and is tried again.
    await this.put(sources, { migrations: "expand" }).catch(() => {});
  }

  /** They were paused, and stay so until somebody mends what is wrong. */
  async #giveUp(old: readonly Unit[], error: NotUndone): Promise<void> {
    // Those that need others come behind these, and come back when they do.
    for (const { name, needs } of old.toReversed()) {
      const record = this.#ground.records.get(name)!;
      record.failure = undefined;
      const need = this.#ground.records.inOrder.find((one) => one.failure && needs.has(one.name));
      record.fail("check", need ? needsFailed(need) : error);
      await this.close(record);
    }
  }

  async #again(record: PluginRecord): Promise<void> {
    await this.alone(async () => {
      if (record.state !== "failed" || !record.source) return;
      await this.put([record.source], { keep: true, migrations: "expand" });
    }).catch(() => tellFailure(this.#ground, record));
  }

  /** Those that failed since they need what runs now. */
  async #revive(): Promise<void> {
    const { records } = this.#ground;
    for (const { source, failure, state, needs } of records.values()) {
      const code = failure?.error instanceof NexusError ? failure.error.code : "";
      if (state !== "failed" || !source || !waiting.has(code)) continue;
      if ([...needs].some((need) => records.get(need)?.state !== "started")) continue;
      await this.put([source], { migrations: "expand" }).catch(() => {});
    }
  }

  async #tell(): Promise<void> {
    for (const news of this.#news.splice(0)) await this.#ground.around.app.run(news);
  }
}
