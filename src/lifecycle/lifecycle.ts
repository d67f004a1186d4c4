import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { settingsKey } from "../config/index.ts";
import { eventsKey } from "../events/index.ts";
import { NexusError } from "../exceptions.ts";
import { logKey } from "../log.ts";
import { loadPlaces, loadPlugin, type PluginSource } from "../plugin/index.ts";
import { key } from "../scope.ts";
import { infoOf, type PluginInfo } from "./info.ts";
import { verify } from "./integrity.ts";
import {
  known,
  type LifecycleOptions,
  loadInstalled,
  mustBeInstalled,
  originOf,
  save,
  savedOf,
} from "./options.ts";
import type { Plan } from "./plan.ts";
import { type PluginSettings, settingsOf, uncover } from "./plugin-settings.ts";
import { PluginTables } from "./plugin-tables.ts";
import { type Target, type UpgradeOptions, Upgrades } from "./upgrades.ts";

export const lifecycleKey = key<Lifecycle>("nexus/lifecycle");

/** What becomes of a plugin's tables when it is uninstalled. */
export type DataFate = "keep" | "export" | "drop";

/**
 * Leads plugins through their lives in the running app, one step at a time each; what is decided here
 * outlives a restart. Saying the same twice changes nothing the second time.
 */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #tables: PluginTables;
  readonly #upgrades: Upgrades;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#tables = new PluginTables(options.app);
    this.#upgrades = new Upgrades(options, this.#tables);
  }

  list(): Promise<PluginInfo[]> {
    return Promise.all(this.#options.host.plugins.map(({ name }) => this.info(name)));
  }

  /** @throws NX_PLUGIN_UNKNOWN */
  info(name: string): Promise<PluginInfo> {
    return infoOf(this.#options, this.#upgrades, name);
  }

  /** Loads and starts what stands in the author's folder and is not known yet. @returns the names */
  async discover(): Promise<string[]> {
    const { host, pluginsFolder, modules } = this.#options;
    if (pluginsFolder === undefined) return [];
    const known = new Set(host.plugins.map(({ folder }) => folder));
    const places = (await readdir(pluginsFolder)).map((name) => join(pluginsFolder, name));
    const { sources, broken } = await loadPlaces(
      places.filter((place) => !known.has(place)),
      modules,
    );
    if (broken.length) throw broken[0]!.reason;
    const found: string[] = [];
    for (const source of sources) {
      this.#refuseTaken(source);
      await host.put([source], { migrations: "all" });
      found.push(source.manifest.name);
    }
    return found;
  }

  /**
   * Installs a plugin, and starts it unless another version of it is there already.
   * @throws what `install` throws, PluginFailed; nothing is installed then
   */
  async install(spec: string, { enable = true } = {}): Promise<PluginInfo> {
    const { versions, host, states } = this.#options;
    if (!versions) {
      throw new NexusError("NX_PLUGIN_ORIGIN", "This app has no place for installed plugins.", {
        cure: "Run it with `nexus start`; in code, give the class.",
      });
    }
    // Who starts does not wait for it.
    const { install } = await import("./install.ts");
    const installed = await install(versions, spec);
    const { name, version } = installed;
    return this.#alone(name, async () => {
      // It has a version that runs: this one is there for an upgrade.
      if (host.status(name) && originOf(this.#options, name) === "installed")
        return this.info(name);
      try {
        const source = await loadInstalled(installed);
        this.#refuseTaken(source);
        if (enable) await host.put([source], { migrations: "expand" });
        else await host.add(source);
      } catch (error) {
        if (installed.added) await versions.remove(name, version);
        throw error;
      }
      await states.change({ [name]: { enabled: enable, version } });
      this.#log(`Installed ${version}`, name);
      return this.info(name);
    });
  }

  /** @throws PluginFailed NX_PLUGIN_UNKNOWN */
  enable(name: string): Promise<PluginInfo> {
    return this.#alone(name, async () => {
      const { host } = this.#options;
      const { state } = known(host, name);
      if (!savedOf(this.#options, name).enabled) await save(this.#options, name, { enabled: true });
      if (state === "started") return this.info(name);
      // What could not be loaded may have been mended since.
      await host.enable(name, host.sourceOf(name) ? undefined : await this.#fresh(name));
      this.#log("Enabled", name);
      return this.info(name);
    });
  }

  /**
   * @param cascade disables those that need it, too
   * @throws NX_PLUGIN_NEEDED NX_PLUGIN_UNKNOWN NX_PLUGIN_ORIGIN for a part of the platform
   */
  disable(name: string, { cascade = false } = {}): Promise<PluginInfo> {
    return this.#alone(name, async () => {
      const { host, states } = this.#options;
      if (originOf(this.#options, name) === "platform")
        mustBeInstalled(this.#options, name, "disabled");
      const running = host.plugins.filter(({ enabled }) => enabled).map((one) => one.name);
      this.#upgrades.leave(name);
      await host.disable(name, { cascade });
      const changed = running.filter((one) => host.status(one)?.enabled === false);
      await states.change(
        Object.fromEntries(
          changed.map((one) => [one, { ...savedOf(this.#options, one), enabled: false }]),
        ),
      );
      for (const one of changed) this.#log("Disabled", one);
      return this.info(name);
    });
  }

  /** Loads its code anew where that can have changed, and starts it beside the old one. @throws PluginFailed */
  reload(name: string): Promise<PluginInfo> {
    return this.#alone(name, async () => {
      const { host } = this.#options;
      const { enabled } = known(host, name);
      if (!enabled) {
        throw new NexusError("NX_PLUGIN_DISABLED", `The plugin "${name}" is disabled.`, {
          cure: "Enable it: that loads its code too.",
        });
      }
      this.#upgrades.leave(name);
      await host.put([await this.#fresh(name)], { keep: true });
      this.#log("Reloaded", name);
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
    return this.#alone(name, async () => {
      const { host } = this.#options;
      const { manifest } = known(host, name);
      const before = host.settingsOf(name);
      // An object in, an object out.
      const next = uncover(settings, before) as Record<string, unknown>;
      this.#upgrades.leave(name);
      await host.configure(name, next);
      const version = host.sourceOf(name)?.installed ? manifest?.version : undefined;
      await save(this.#options, name, { settings: next, previous: { version, settings: before } });
      this.#log("Configured", name);
      return this.info(name);
    });
  }

  /** What an upgrade would change. @throws NX_PLUGIN_UNKNOWN NX_PLUGIN_ORIGIN NX_VERSION_UNKNOWN, and what `install` throws */
  plan(name: string, target: Target): Promise<Plan> {
    return this.#alone(name, () => this.#upgrades.plan(name, target));
  }

  /**
   * Brings it to another version: the new one starts beside the old one, is checked and takes over; when
   * it is worse than the old one in the time in which it is watched, it is rolled back.
   * @throws NX_PLUGIN_BREAKING NX_MIGRATION_NOT_ADDITIVE NX_MIGRATION_PENDING PluginFailed; the old one goes on then
   */
  async upgrade(name: string, target: Target, options: UpgradeOptions = {}): Promise<PluginInfo> {
    const { watched } = await this.#alone(name, () =>
      this.#upgrades.upgrade(name, target, options, (reason, isCurrent) =>
        this.#alone(name, async () => {
          if (isCurrent()) await this.#upgrades.rollback(name, { restore: true }, reason);
        }),
      ),
    );
    if (options.wait) await watched;
    return this.info(name);
  }

  /** Goes back to the version and the settings before. @throws NX_NO_PREVIOUS NX_ROLLBACK PluginFailed */
  rollback(name: string, options: { readonly restore?: boolean } = {}): Promise<PluginInfo> {
    return this.#alone(name, async () => {
      await this.#upgrades.rollback(name, options);
      return this.info(name);
    });
  }

  /** Gives up going back, and runs the `contract` of its migrations. @returns which */
  finalize(name: string): Promise<readonly string[]> {
    return this.#alone(name, async () => {
      const done = await this.#upgrades.finalize(name);
      this.#log("Finalized", name);
      return done;
    });
  }

  /** Ends it, and removes all its versions. @throws NX_PLUGIN_ORIGIN NX_PLUGIN_NEEDED */
  uninstall(
    name: string,
    { data = "keep" }: { readonly data?: DataFate } = {},
  ): Promise<{ readonly exported?: string }> {
    return this.#alone(name, async () => {
      const { host, states, versions, app } = this.#options;
      mustBeInstalled(this.#options, name, "uninstalled");
      const { manifest } = known(host, name);
      this.#upgrades.leave(name);
      await host.disable(name);
      const exported = data === "export" ? this.#exportFile(name, manifest!.version) : undefined;
      if (exported !== undefined) await this.#tables.export(name, exported);
      if (data !== "keep") await this.#tables.drop(name);
      await host.remove(name);
      await states.change({ [name]: undefined });
      for (const version of (await versions?.list(name)) ?? [])
        await versions!.remove(name, version);
      await app.run(() =>
        app.get(eventsKey).publish(`plugin.${name}.uninstalled`, { plugin: name, data }),
      );
      this.#log(`Uninstalled (data: ${data})`, name);
      return exported === undefined ? {} : { exported };
    });
  }

  /** Whether it runs, and is well. @throws NX_PLUGIN_UNKNOWN */
  async health(name: string): Promise<{
    readonly status: "ok" | "unwell" | "stopped" | "failed";
    readonly reason?: string;
  }> {
    const { host } = this.#options;
    const { state, failure } = known(host, name);
    if (failure) return { status: "failed", reason: failure.reason };
    if (state !== "started") return { status: "stopped" };
    try {
      await host.health(name);
      return { status: "ok" };
    } catch (error) {
      return { status: "unwell", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Takes back what was cut short; before plugins start. */
  async recover(): Promise<void> {
    const { states, app } = this.#options;
    for (const name of states.names) {
      const { upgrading, version } = states.get(name)!;
      if (!upgrading) continue;
      if (upgrading.copied) await this.#tables.restore(name);
      await save(this.#options, name, { upgrading: undefined });
      const text = `The upgrade of "${name}" to ${upgrading.version} was cut short: it runs ${version}`;
      app.get(logKey).warn({ plugin: name }, text);
    }
  }

  /** Its code as it is now. */
  async #fresh(name: string): Promise<PluginSource> {
    const { host, modules, versions, states } = this.#options;
    const { folder } = known(host, name);
    const source = host.sourceOf(name);
    const version = states.get(name)?.version;
    if (version !== undefined && versions) {
      const installed = await versions.find(name, version);
      await verify(installed.folder);
      return source ?? loadInstalled(installed);
    }
    return folder === undefined ? source! : loadPlugin(folder, modules);
  }

  #refuseTaken({ manifest, folder }: PluginSource): void {
    const known = this.#options.host.status(manifest.name);
    if (!known) return;
    throw new NexusError(
      "NX_PLUGIN_TWICE",
      `Two plugins are called "${manifest.name}": ${known.folder ?? "one given in code"} and ${folder}.`,
      { cure: "Give one of them another name, or take one of them away." },
    );
  }

  #exportFile(name: string, version: string): string {
    const { app, exportsFolder = join(app.get(settingsKey).dataDir, "exports") } = this.#options;
    const moment = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
    return join(exportsFolder, `${name}-${version}-${moment}.ndjson`);
  }

  /** One step at a time for each plugin. */
  #alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const turn = before.then(work);
    const settled = turn.then(
      () => {},
      () => {},
    );
    this.#turns.set(name, settled);
    void settled.then(() => this.#turns.get(name) === settled && this.#turns.delete(name));
    return turn;
  }

  #log(text: string, plugin: string): void {
    this.#options.app.get(logKey).info({ plugin }, text);
  }
}
