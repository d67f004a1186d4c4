import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../exceptions.ts";
import type { PluginSource } from "../plugin/index.ts";
import { isOlder } from "../semver.ts";
import { longest } from "../waiting.ts";
import { Journal, newChange } from "./journal.ts";
import {
  currentOf,
  exportFileFor,
  known,
  type LifecycleOptions,
  originOf,
  savedOf,
  tell,
} from "./options.ts";
import type { Plan } from "./plan.ts";
import { mergeSettings, type NewSettings } from "./plugin-settings.ts";
import type { PluginTables } from "./plugin-tables.ts";
import { nothingBefore, notUnderstood, unloaded, watched } from "./refusals.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import type { PreviousVersion } from "./state.ts";
import { previousSource, type Target, targetSource } from "./target.ts";
import type { Turns } from "./turns.ts";
import { Watches } from "./watches.ts";

export interface UpgradeOptions {
  /** Clients may break: what the plan names is accepted. */
  readonly allowBreaking?: boolean | undefined;
  /** Stops the old version first, and copies its tables: for migrations that are not additive. */
  readonly stop?: boolean | undefined;
  /** Seconds for which the new version is watched; default 30, 0: not at all. */
  readonly window?: number | undefined;
  /** Whether to wait for the end of those; of an app that is about to end it is still watched. */
  readonly wait?: boolean | undefined;
  /** What the new version is set to, over the settings that were given before; a rollback takes it back. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** Settings that are given up. */
  readonly unset?: readonly string[] | undefined;
}

export interface RollbackOptions {
  /** Tables become what they were before an upgrade with `stop`; what was written since is lost. */
  readonly restore?: boolean;
}

const usualWindow = 30;

/** Brings plugins to other versions and other settings, and back. */
export class Upgrades {
  readonly watches: Watches;
  readonly #options: LifecycleOptions;
  readonly #tables: PluginTables;
  readonly #journal: Journal;

  constructor(options: LifecycleOptions, tables: PluginTables, turns: Turns) {
    this.#options = options;
    this.#tables = tables;
    this.#journal = new Journal(options, tables);
    this.watches = new Watches(options, turns, (name, reason) =>
      this.rollback(name, { restore: true }, reason),
    );
  }

  /** Takes back, or finishes, what was cut short: before the plugin starts, or changes again. */
  async settle(name: string): Promise<void> {
    const done = await this.#journal.settle(name);
    if (done) this.#tellBack(name, done);
  }

  /** What an upgrade would change. Nothing is started. */
  async plan(name: string, target: Target, settings: NewSettings = {}): Promise<Plan> {
    const source = await targetSource(this.#options, name, target);
    return this.#planFor(source, mergeSettings(settings, this.#options.host.settingsOf(name)));
  }

  /**
   * Starts the new version beside the old one, checks its health, and lets it take over.
   * @throws NX_PLUGIN_BREAKING NX_MIGRATION_NOT_ADDITIVE NX_MIGRATION_PENDING NX_MIGRATION_AHEAD PluginFailed
   */
  async upgrade(
    name: string,
    target: Target,
    { allowBreaking = false, stop = false, window = usualWindow, ...given }: UpgradeOptions,
  ): Promise<{ readonly watched: Promise<void> }> {
    const { host } = this.#options;
    const source = await targetSource(this.#options, name, target);
    const { state, enabled, manifest } = known(host, name);
    const { version } = source.manifest;
    const from = savedOf(this.#options, name).version ?? manifest?.version ?? "";
    const now = host.settingsOf(name);
    const settings = mergeSettings(given, now);
    const isThere = version === from && (state === "started" || !enabled);
    if (isThere) {
      await this.configure(name, settings);
      return { watched: Promise.resolve() };
    }
    const id = newChange();
    const before = host.traffic(name);
    const watchFor = (): { readonly until: string; readonly before: typeof before } => ({
      until: new Date(Date.now() + Math.min(window * 1000, longest)).toISOString(),
      before,
    });
    const isWatched = enabled && window > 0;
    try {
      refuseUpgrade(await this.#planFor(source, settings), { allowBreaking, stop });
      await this.#journal.change(source, {
        id,
        kind: "upgrade",
        stop,
        settings,
        migrations: stop ? "expand" : "additive",
        decision: () => ({
          version,
          settings,
          previous: { version: from, settings: now, ...(stop && { copy: id }) },
          watch: isWatched ? watchFor() : undefined,
        }),
      });
    } catch (error) {
      const why = messageOf(error);
      tell(this.#options, name, `Not upgraded from ${from} to ${version}: ${why}`, "warn");
      throw error;
    }
    this.watches.leave(name, `it was upgraded to ${version}`);
    this.watches.note(name, { from, to: version, outcome: isWatched ? "watched" : "kept" });
    tell(this.#options, name, `Upgraded from ${from} to ${version}`);
    const { watch } = savedOf(this.#options, name);
    return { watched: watch ? this.watches.watch(name, watch) : Promise.resolve() };
  }

  /**
   * Goes back by one change: to the settings before, or else to the version before with those that it
   * had. Tables keep what was added.
   * @param verdict why a version that was watched is worse; its tables are exported before they are put back
   * @throws NX_NO_PREVIOUS NX_ROLLBACK
   */
  async rollback(
    name: string,
    { restore = false }: RollbackOptions,
    verdict?: string,
  ): Promise<void> {
    const { manifest } = known(this.#options.host, name);
    const { previous } = savedOf(this.#options, name);
    if (!previous) throw nothingBefore(name);
    const { version, settings, copy } = previous;
    if (copy !== undefined && !restore) throw notUnderstood(name, previous);
    const source = await previousSource(this.#options, name, previous);
    const [from, to] = [manifest?.version ?? "", source.manifest.version];
    const exported =
      copy !== undefined && verdict !== undefined
        ? exportFileFor(this.#options, name, from)
        : undefined;
    await this.#journal.change(source, {
      id: newChange(),
      kind: "rollback",
      settings: settings ?? {},
      stop: copy !== undefined,
      restore: copy,
      rescue: exported,
      decision: () => ({ version, settings, previous: previous.previous, watch: undefined }),
    });
    this.watches.leave(name, "it was rolled back");
    if (from === to) return tell(this.#options, name, "Back at the settings before");
    this.#tellBack(name, { from, to, reason: verdict, exported });
  }

  /** Gives it other settings, in the place of those that were given here before; the same ones are nothing. */
  async configure(name: string, next: Readonly<Record<string, unknown>>): Promise<void> {
    const { host } = this.#options;
    const { failure } = known(host, name);
    const settings = host.settingsOf(name);
    if (isDeepStrictEqual(plain(next), plain(settings))) return;
    const source = await currentOf(this.#options, name);
    if (!source) throw unloaded(name, failure);
    const { previous } = savedOf(this.#options, name);
    const version =
      originOf(this.#options, name) === "installed" ? source.manifest.version : undefined;
    await this.#journal.change(source, {
      id: newChange(),
      kind: "configure",
      settings: next,
      decision: () => ({
        version,
        settings: next,
        previous: { version, settings, previous: versionBefore(previous, version) },
        watch: undefined,
      }),
    });
    this.watches.leave(name, "it was given other settings");
    tell(this.#options, name, "Configured");
  }

  /**
   * Gives up going back: takes away what only older versions need, and these.
   * @param now also while it is watched, which ends with that
   * @returns the migrations that ran. @throws NX_PLUGIN_WATCHED
   */
  async finalize(name: string, { now = false } = {}): Promise<readonly string[]> {
    const { host, versions, states } = this.#options;
    const { manifest } = known(host, name);
    const until = this.watches.until(name);
    if (until && !now) throw watched(name, manifest?.version ?? "", until);
    // What it would take away the one before may still use.
    await host.drained(name);
    const source = await currentOf(this.#options, name);
    const done = await this.#journal.finalize(name, source);
    this.watches.leave(name, "it was finalized");
    const version = states.get(name)?.version;
    for (const other of (await versions?.list(name)) ?? [])
      if (version !== undefined && isOlder(other, version)) await versions!.remove(name, other);
    return done;
  }

  #tellBack(
    name: string,
    back: { from: string; to: string; reason?: string | undefined; exported?: string | undefined },
  ): void {
    const { from, to, exported, reason = "asked for" } = back;
    this.watches.note(name, { from, to, outcome: "rolled back", reason, exported });
    const tables =
      exported === undefined
        ? ""
        : `. Its tables are those before the upgrade; as ${from} has left them, they are in ${exported}`;
    const text = `Rolled back from ${from} to ${to}: ${reason}${tables}`;
    tell(this.#options, name, text, back.reason === undefined ? "info" : "warn");
  }

  async #planFor(source: PluginSource, settings: Readonly<Record<string, unknown>>): Promise<Plan> {
    // Who starts does not wait for it.
    const { createPlan } = await import("./plan.ts");
    return createPlan(this.#options, this.#tables, { source, settings });
  }
}

/** As a file would give it back. */
const plain = (settings: object): unknown => JSON.parse(JSON.stringify(settings));

/** The way back to another version stays when settings change, and of the settings one step does. */
function versionBefore(
  previous: PreviousVersion | undefined,
  version: string | undefined,
): PreviousVersion | undefined {
  return previous && previous.version === version && previous.copy === undefined
    ? previous.previous
    : previous;
}
