import { endingKey } from "../ending.ts";
import { messageOf } from "../exceptions.ts";
import type { PluginSource } from "../plugin/index.ts";
import { key } from "../scope.ts";
import { untilAborted } from "../waiting.ts";
import { discover } from "./discover.ts";
import { healthOf, infoOf, type PluginHealth, type PluginInfo } from "./info.ts";
import { type DataFate, Installations } from "./installations.ts";
import {
  known,
  type LifecycleOptions,
  mustBeInstalled,
  originOf,
  save,
  savedOf,
  tell,
} from "./options.ts";
import { forgetRoutes, noteRoutes } from "./note-routes.ts";
import type { Plan } from "./plan.ts";
import { type NewSettings, type PluginSettings, settingsOf, uncover } from "./plugin-settings.ts";
import { PluginTables } from "./plugin-tables.ts";
import { disabled } from "./refusals.ts";
import { copiesIn } from "./state.ts";
import { freshSource, type Target } from "./target.ts";
import { Turns } from "./turns.ts";
import { type RollbackOptions, type UpgradeOptions, Upgrades } from "./upgrades.ts";

export const lifecycleKey = key<Lifecycle>("nexus/lifecycle");

/**
 * Leads plugins through their lives in the running app, one step at a time each; what is decided here
 * outlives a restart. Saying the same twice changes nothing the second time.
 */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #tables: PluginTables;
  readonly #upgrades: Upgrades;
  readonly #installations: Installations;
  readonly #turns = new Turns();
  /** The watch over the last upgrade of each. */
  readonly #watched = new Map<string, Promise<void>>();

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#tables = new PluginTables(options.app);
    this.#upgrades = new Upgrades(options, this.#tables, this.#turns);
    this.#installations = new Installations(options, this.#tables);
    noteRoutes(options);
  }

  list(): Promise<PluginInfo[]> {
    return Promise.all(this.#options.host.plugins.map(({ name }) => this.info(name)));
  }

  /** @throws NX_PLUGIN_UNKNOWN */
  info(name: string): Promise<PluginInfo> {
    return infoOf(this.#options, this.#upgrades.watches, name);
  }

  /**
   * Loads and starts what stands in the author's folder and is not known yet, and forgets what is there no more.
   * @returns the names of the new ones
   * @throws what stood in the way of one; NX_DISCOVER with all faults, when there are more. The others start
   */
  discover(): Promise<string[]> {
    return this.#turns.take("", () => discover(this.#options));
  }

  /**
   * Installs a plugin, and starts it unless another version of it is there already.
   * @throws what `install` throws, PluginFailed; nothing is installed then
   */
  async install(spec: string, { enable = true } = {}): Promise<PluginInfo> {
    const installed = await this.#installations.fetch(spec);
    return this.#turns.take(installed.name, async () => {
      await this.#installations.adopt(installed, enable);
      return this.info(installed.name);
    });
  }

  /** @throws PluginFailed NX_PLUGIN_UNKNOWN */
  enable(name: string): Promise<PluginInfo> {
    return this.#change(name, async () => {
      const { host } = this.#options;
      const { state } = known(host, name);
      if (!savedOf(this.#options, name).enabled) await save(this.#options, name, { enabled: true });
      if (state === "started") return this.info(name);
      // What could not be loaded may have been mended since.
      const source = host.sourceOf(name) ? undefined : await this.#load(name);
      await host.enable(name, source);
      tell(this.#options, name, "Enabled");
      return this.info(name);
    });
  }

  /**
   * @param cascade disables those that need it, too
   * @throws NX_PLUGIN_NEEDED NX_PLUGIN_UNKNOWN NX_PLUGIN_ORIGIN for a part of the platform
   */
  disable(name: string, { cascade = false } = {}): Promise<PluginInfo> {
    return this.#turns.take(name, async () => {
      const { host, states } = this.#options;
      if (originOf(this.#options, name) === "platform")
        mustBeInstalled(this.#options, name, "disabled");
      let changed: readonly string[] = [];
      // Whoever kills the process while they end finds them disabled.
      const decide = async (names: readonly string[]): Promise<void> => {
        const decided = names.map((one) => [
          one,
          { ...savedOf(this.#options, one), enabled: false, watch: undefined },
        ]);
        await states.change(Object.fromEntries(decided));
        for (const one of names) this.#upgrades.watches.leave(one, "it was disabled");
        changed = names;
      };
      await host.disable(name, { cascade, decide });
      for (const one of changed) tell(this.#options, one, "Disabled");
      return this.info(name);
    });
  }

  /** Loads its code anew where that can have changed, and starts it beside the old one. @throws PluginFailed */
  reload(name: string): Promise<PluginInfo> {
    return this.#change(name, async () => {
      const { host } = this.#options;
      const { enabled } = known(host, name);
      if (!enabled) throw disabled(name);
      await host.put([await freshSource(this.#options, name)], { keep: true });
      if (savedOf(this.#options, name).watch) await save(this.#options, name, { watch: undefined });
      this.#upgrades.watches.leave(name, "it was reloaded");
      tell(this.#options, name, "Reloaded");
      return this.info(name);
    });
  }

  /** @throws NX_PLUGIN_UNKNOWN */
  settings(name: string): Promise<PluginSettings> {
    return settingsOf(this.#options, name);
  }

  /**
   * Gives it other settings, in the place of those that were given here before.
   * @throws PluginFailed with all faults; nothing is changed then
   */
  configure(name: string, settings: Readonly<Record<string, unknown>>): Promise<PluginInfo> {
    return this.#change(name, async () => {
      const before = this.#options.host.settingsOf(name);
      // An object in, an object out.
      const next = uncover(settings, before) as Record<string, unknown>;
      await this.#upgrades.configure(name, next);
      return this.info(name);
    });
  }

  /** What an upgrade would change. @throws NX_PLUGIN_UNKNOWN NX_PLUGIN_ORIGIN NX_VERSION_UNKNOWN, and what `install` throws */
  plan(name: string, target: Target, settings: NewSettings = {}): Promise<Plan> {
    return this.#turns.take(name, () => this.#upgrades.plan(name, target, settings));
  }

  /**
   * Brings it to another version: the new one starts beside the old one, is checked and takes over; when
   * it is worse than the old one in the time in which it is watched, it is rolled back.
   * @throws NX_PLUGIN_BREAKING NX_MIGRATION_NOT_ADDITIVE NX_MIGRATION_PENDING NX_MIGRATION_AHEAD PluginFailed;
   * the old one goes on then
   */
  async upgrade(name: string, target: Target, options: UpgradeOptions = {}): Promise<PluginInfo> {
    const { watched } = await this.#change(name, () =>
      this.#upgrades.upgrade(name, target, options),
    );
    this.#watched.set(name, watched);
    return options.wait ? this.verdict(name) : this.info(name);
  }

  /** Waits until the last upgrade of a plugin is watched no more; of an app that is about to end it still is. */
  async verdict(name: string): Promise<PluginInfo> {
    await untilAborted(
      this.#options.app.get(endingKey).begun,
      this.#watched.get(name) ?? Promise.resolve(),
    );
    return this.info(name);
  }

  /**
   * Goes back by one change: to the settings before, or else to the version before, with its settings.
   * @throws NX_NO_PREVIOUS NX_ROLLBACK PluginFailed
   */
  rollback(name: string, options: RollbackOptions = {}): Promise<PluginInfo> {
    return this.#change(name, async () => {
      await this.#upgrades.rollback(name, options);
      return this.info(name);
    });
  }

  /**
   * Gives up going back, and runs the `contract` of its migrations, when the version before has ended.
   * @param options `now`: also while it is watched
   * @returns which. @throws NX_PLUGIN_WATCHED
   */
  finalize(name: string, options: { readonly now?: boolean } = {}): Promise<readonly string[]> {
    return this.#change(name, async () => {
      const done = await this.#upgrades.finalize(name, options);
      tell(this.#options, name, "Finalized");
      return done;
    });
  }

  /** Ends it, and removes all its versions. @throws NX_PLUGIN_ORIGIN NX_PLUGIN_NEEDED */
  uninstall(
    name: string,
    { data = "keep" }: { readonly data?: DataFate } = {},
  ): Promise<{ readonly exported?: string }> {
    return this.#turns.take(name, async () => {
      mustBeInstalled(this.#options, name, "uninstalled");
      const hasCopies = copiesIn(savedOf(this.#options, name)).length > 0;
      const removed = await this.#installations.remove(name, data);
      this.#upgrades.watches.leave(name, "it was uninstalled");
      if (hasCopies) await this.#tables.dropCopies(name, []);
      return removed;
    });
  }

  /** Whether it runs, and is well. @throws NX_PLUGIN_UNKNOWN */
  health(name: string): Promise<PluginHealth> {
    return healthOf(this.#options, name);
  }

  /**
   * Takes back, or finishes, what was cut short, and goes on watching; before plugins start.
   * @param fail is called for one of which that cannot be done: it must not run
   */
  async recover(fail: (name: string, error: unknown) => Promise<void>): Promise<void> {
    const { states, isLed } = this.#options;
    if (!isLed) forgetRoutes(this.#options);
    for (const name of isLed ? [] : states.names) {
      try {
        await this.#upgrades.settle(name);
        await this.#upgrades.watches.resume(name);
      } catch (error) {
        await fail(name, error);
        if (!this.#options.host.status(name)?.enabled)
          tell(this.#options, name, messageOf(error), "error");
      }
    }
  }

  /** The process is about to end by an error that nobody caught: the next start goes back from what is watched. */
  crash(): void {
    this.#upgrades.watches.crash();
  }

  /** What was never loaded is; one that cannot be has failed. */
  async #load(name: string): Promise<PluginSource> {
    const { host } = this.#options;
    const { folder = "", manifest } = known(host, name);
    try {
      return await freshSource(this.#options, name);
    } catch (reason) {
      await host.lose({ name, folder, manifest, reason });
      throw reason;
    }
  }

  /** In its turn; what was cut short before is settled first. */
  #change<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(name, async () => {
      await this.#upgrades.settle(name);
      return work();
    });
  }
}
