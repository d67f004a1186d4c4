import { messageOf, NexusError } from "../exceptions.ts";
import { logKey } from "../log.ts";
import { type PluginSource, type PutOptions } from "../plugin/index.ts";
import { isOlder, satisfies } from "../semver.ts";
import {
  currentOf,
  known,
  type LifecycleOptions,
  loadInstalled,
  mustBeInstalled,
  save,
  savedOf,
  tell,
} from "./options.ts";
import type { Plan } from "./plan.ts";
import type { PluginTables } from "./plugin-tables.ts";
import { Probation, type Traffic } from "./probation.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import type { PreviousVersion, SavedState } from "./state.ts";

/** Where an upgrade leads: to an installed version, or to a package, which is installed first. */
export type Target = { readonly version: string } | { readonly spec: string };

export interface UpgradeOptions {
  /** Clients may break: what the plan names is accepted. */
  readonly allowBreaking?: boolean | undefined;
  /** Stops the old version first, and copies its tables: for migrations that are not additive. */
  readonly stop?: boolean | undefined;
  /** Seconds for which the new version is watched; default 30, 0: not at all. */
  readonly window?: number | undefined;
  /** Whether to wait for the end of those. */
  readonly wait?: boolean | undefined;
}

/** How the last upgrade of a plugin went, as far as this process knows. */
export interface LastUpgrade {
  readonly from: string;
  readonly to: string;
  readonly at: Date;
  readonly outcome: "watched" | "kept" | "rolled back";
  readonly reason?: string;
}

const usualWindow = 30;
const asked = "asked for";

/** @param isCurrent false when something else has happened to the plugin meanwhile */
type Rollback = (reason: string, isCurrent: () => boolean) => Promise<void>;

/** Brings plugins from one installed version to another, and back. */
export class Upgrades {
  readonly #options: LifecycleOptions;
  readonly #tables: PluginTables;
  readonly #probations = new Map<string, Probation>();
  readonly #last = new Map<string, LastUpgrade>();

  constructor(options: LifecycleOptions, tables: PluginTables) {
    this.#options = options;
    this.#tables = tables;
  }

  last(name: string): LastUpgrade | undefined {
    return this.#last.get(name);
  }

  /** Until when a plugin is watched. */
  watchedUntil(name: string): Date | undefined {
    return this.#probations.get(name)?.until;
  }

  /** Ends the watching: something else happens to the plugin. */
  leave(name: string): void {
    this.#probations.get(name)?.stop();
    this.#probations.delete(name);
    this.#keep(name);
  }

  #keep(name: string): void {
    const last = this.#last.get(name);
    if (last?.outcome === "watched") this.#last.set(name, { ...last, outcome: "kept" });
  }

  /** What an upgrade would change. Nothing is started. */
  async plan(name: string, target: Target): Promise<Plan> {
    return this.#planFor(await this.#find(name, target));
  }

  /**
   * Starts the new version beside the old one, checks its health, and lets it take over.
   * @param rollback is called when it is worse than the old one, in the time in which it is watched
   * @throws NX_PLUGIN_BREAKING NX_MIGRATION_NOT_ADDITIVE NX_MIGRATION_PENDING PluginFailed
   */
  async upgrade(
    name: string,
    target: Target,
    { allowBreaking = false, stop = false, window = usualWindow }: UpgradeOptions,
    rollback: Rollback,
  ): Promise<{ readonly watched: Promise<void> }> {
    const { host } = this.#options;
    const source = await this.#find(name, target);
    const { state, enabled, manifest } = known(host, name);
    const from = manifest?.version ?? "";
    const { version } = source.manifest;
    if (version === from && (state === "started" || !enabled))
      return { watched: Promise.resolve() };
    const before = host.traffic(name);
    try {
      refuseUpgrade(await this.#planFor(source), { allowBreaking, stop });
      await this.#change(source, { from, stop });
    } catch (error) {
      const why = messageOf(error);
      tell(this.#options, name, `Not upgraded from ${from} to ${version}: ${why}`, "warn");
      throw error;
    }
    this.leave(name);
    this.#note(name, { from, to: version, outcome: enabled ? "watched" : "kept" });
    tell(this.#options, name, `Upgraded from ${from} to ${version}`);
    if (!enabled) return { watched: Promise.resolve() };
    return { watched: this.#watch(name, { before, seconds: window }, rollback) };
  }

  /**
   * Goes back to the version and settings before the last change. Tables keep what was added.
   * @param restore puts back the tables as they were before an upgrade with `stop`; what was written since
   * is lost
   * @throws NX_NO_PREVIOUS NX_ROLLBACK
   */
  async rollback(name: string, { restore = false }, reason = asked): Promise<void> {
    const { host } = this.#options;
    const now = known(host, name);
    const { previous } = savedOf(this.#options, name);
    if (!previous) {
      throw new NexusError("NX_NO_PREVIOUS", `The plugin "${name}" has nothing to go back to.`, {
        cure: "There is something after a change of its version or settings, until it is finalized.",
      });
    }
    if (previous.stopped && !restore) {
      throw new NexusError(
        "NX_ROLLBACK",
        `The tables of "${name}" were changed in a way that ${previous.version} may not understand.`,
        {
          cure: "Say restore: they become what they were before the upgrade, and what was written since is lost.",
        },
      );
    }
    const source = await this.#previousSource(name, previous);
    const { version, settings } = previous;
    const stop = previous.stopped && { stopped: () => this.#tables.restore(name) };
    await this.#put(source, {
      settings: settings ?? {},
      ...(stop && { stop }),
      decision: { version, settings, previous: undefined },
    });
    this.leave(name);
    const [from, to] = [now.manifest?.version ?? "", source.manifest.version];
    const level = reason === asked ? "info" : "warn";
    if (from === to) return tell(this.#options, name, "Back at the settings before", level);
    this.#note(name, { from, to, outcome: "rolled back", reason });
    tell(this.#options, name, `Rolled back from ${from} to ${to}: ${reason}`, level);
  }

  /** Gives up going back: takes away what only older versions need, and these. @returns the migrations that ran */
  async finalize(name: string): Promise<readonly string[]> {
    known(this.#options.host, name);
    const source = await currentOf(this.#options, name);
    const done = source ? await this.#tables.finalize(source) : [];
    await save(this.#options, name, { previous: undefined });
    const { versions, states } = this.#options;
    const now = states.get(name)?.version;
    for (const version of (await versions?.list(name)) ?? [])
      if (now !== undefined && isOlder(version, now)) await versions!.remove(name, version);
    return done;
  }

  /** The next start is on exactly one of the two versions. */
  async #change(source: PluginSource, { from, stop }: { from: string; stop: boolean }) {
    const { name, version } = source.manifest;
    const { host } = this.#options;
    const settings = host.settingsOf(name);
    const previous: PreviousVersion = {
      version: from,
      settings,
      ...(stop && { stopped: true }),
    };
    const pause = {
      stopped: async () => {
        await this.#tables.copy(name);
        await save(this.#options, name, { upgrading: { version, copied: true } });
      },
      failed: () => this.#tables.restore(name),
    };
    await save(this.#options, name, { upgrading: { version } });
    await this.#put(source, { ...(stop && { stop: pause }), decision: { version, previous } });
  }

  /** Puts it in force; what is decided by that is kept before anybody sees it, and taken back when it fails. */
  async #put(
    source: PluginSource,
    { decision, ...options }: PutOptions & { readonly decision: Partial<SavedState> },
  ): Promise<void> {
    const { name } = source.manifest;
    const { version, settings, previous } = savedOf(this.#options, name);
    const decide = () => save(this.#options, name, { ...decision, upgrading: undefined });
    try {
      await this.#options.host.put([source], { ...options, decide });
    } catch (error) {
      await save(this.#options, name, { version, settings, previous, upgrading: undefined });
      throw error;
    }
  }

  async #watch(
    name: string,
    { before, seconds }: { readonly before: Traffic; readonly seconds: number },
    rollback: Rollback,
  ): Promise<void> {
    const { host } = this.#options;
    const now = this.#last.get(name);
    if (!(seconds > 0)) return this.#keep(name);
    const probation = new Probation({ host, plugin: name, before, seconds });
    this.#probations.set(name, probation);
    const worse = await probation.verdict;
    if (this.#probations.get(name) === probation) this.#probations.delete(name);
    // Something else may have happened to it meanwhile.
    if (this.#last.get(name) !== now) return;
    if (worse === undefined) return this.#keep(name);
    try {
      await rollback(worse, () => this.#last.get(name) === now);
    } catch (error) {
      this.#keep(name);
      this.#options.app
        .get(logKey)
        .error(
          { err: error, plugin: name },
          `It is worse (${worse}), and could not be rolled back`,
        );
    }
  }

  async #find(name: string, target: Target): Promise<PluginSource> {
    known(this.#options.host, name);
    mustBeInstalled(this.#options, name, "upgraded");
    // An installed plugin has come from there.
    const versions = this.#options.versions!;
    if ("version" in target) {
      return loadInstalled(await versions.find(name, await this.#fit(name, target)));
    }
    const { install } = await import("./install.ts");
    const installed = await install(versions, target.spec);
    if (installed.name === name) return loadInstalled(installed);
    if (installed.added) await versions.remove(installed.name, installed.version);
    throw new NexusError(
      "NX_PLUGIN_OTHER",
      `${target.spec} is the plugin "${installed.name}", and not "${name}".`,
      { cure: "Give a package of this plugin, or install the other one." },
    );
  }

  /** The newest installed version in a range, or the version as it was said. */
  async #fit(name: string, { version }: { readonly version: string }): Promise<string> {
    const all = await this.#options.versions!.list(name);
    return all.find((one) => satisfies(one, version)) ?? version;
  }

  async #previousSource(name: string, { version }: PreviousVersion): Promise<PluginSource> {
    const { host, versions } = this.#options;
    const source = host.sourceOf(name);
    if (version !== undefined && versions && source?.manifest.version !== version)
      return loadInstalled(await versions.find(name, version));
    // Only its settings were changed.
    if (source) return source;
    throw new NexusError("NX_NO_PREVIOUS", `The plugin "${name}" could not be loaded.`, {
      cure: "Mend it first.",
    });
  }

  async #planFor(source: PluginSource): Promise<Plan> {
    // Who starts does not wait for it.
    const { createPlan } = await import("./plan.ts");
    return createPlan(this.#options, this.#tables, source);
  }

  #note(name: string, upgrade: Omit<LastUpgrade, "at">): void {
    this.#last.set(name, { ...upgrade, at: new Date() });
  }
}
