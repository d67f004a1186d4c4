import { type Env, readPluginConfig } from "../config/index.ts";
import { Ending, endingKey } from "../ending.ts";
import { eventsKey, type Listener } from "../events/index.ts";
import { NexusError } from "../exceptions.ts";
import { type Endpoint, type ErrorFormat, type ErrorHandler, groupsOf } from "../http/index.ts";
import { logKey } from "../log.ts";
import { key, type Scope } from "../scope.ts";
import { findService, nameService, Services } from "../services.ts";
import { compileTasks, prepareTasks, type Runnable, runTasks } from "../tasks/index.ts";
import { untilAborted } from "../waiting.ts";
import { allGone } from "./all-gone.ts";
import { endPatience, healthPatience, startPatience, undoWithin, within } from "./deadline.ts";
import { endpointsOf } from "./endpoints.ts";
import { type Plugin, pluginInfo } from "./plugin.ts";
import type { PluginSource } from "./source.ts";

/** What all plugins of an app share. */
export interface Surroundings {
  readonly app: Scope;
  /** Settings by plugin, from the config file. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly env: Env;
  readonly errorFormat: ErrorFormat;
  readonly errorHandlers: readonly ErrorHandler[];
  /** Seconds that services get to start, and then the plugin. */
  readonly startTimeout?: number | undefined;
  /** Seconds that a plugin gets to undo everything when it ends. */
  readonly stopTimeout?: number | undefined;
}

/** How the history of a plugin's tables is taken further; see `migrate`. */
export type MigrationMode = "all" | "expand" | "additive";

/** Answers that were faults of a plugin's own, found in its scope. */
export const faultsKey = key<{ count: number }>("nexus/faults");
const unitKey = key<Unit>("nexus/unit");

export interface UnitOptions {
  readonly source: PluginSource;
  readonly around: Surroundings;
  /** Settings that were changed while the platform ran: over the file's, below the environment's. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** Who has the services of another plugin, as this one sees it. */
  readonly find: (plugin: string) => Unit | undefined;
}

/** One plugin with its scope: made, started, and ended as a whole. */
export class Unit {
  readonly source: PluginSource;
  readonly scope: Scope;
  readonly settings: Readonly<Record<string, unknown>>;
  /** The plugins that it cannot do without: its manifest names them, or it asks for their services. */
  readonly needs: Set<string>;
  readonly faults: { count: number } = { count: 0 };
  /** An error in it that nobody caught: it is fit for nothing any more. */
  crash: { readonly error: unknown } | undefined;
  readonly #around: Surroundings;
  readonly #find: UnitOptions["find"];
  /** What it has once seen of others it sees until it ends, even when they are replaced meanwhile. */
  readonly #seen = new Map<string, Unit>();
  readonly #services: Services;
  #instance: Plugin | undefined;
  #making = false;
  #config: unknown;
  #endpoints: readonly Endpoint[] = [];
  #tasks: readonly Runnable[] = [];
  #silence: (() => void)[] = [];
  readonly #stopping = new AbortController();
  readonly #ending: Ending;
  /** Repeated work that runs at this moment. */
  readonly #busy = new Set<Promise<unknown>>();
  #endTasks: (() => Promise<unknown>) | undefined;
  #ended: Promise<void> | undefined;

  constructor({ source, around, settings = {}, find }: UnitOptions) {
    this.source = source;
    this.settings = settings;
    this.needs = new Set(Object.keys(source.manifest.plugins));
    this.#around = around;
    this.#find = find;
    this.scope = around.app.child("plugin", source.manifest.name);
    this.#ending = new Ending(around.app.find(endingKey));
    this.scope.provide(endingKey, this.#ending);
    this.scope.provide(unitKey, this);
    this.scope.provide(faultsKey, this.faults);
    this.#services = new Services(this.scope);
    for (const service of source.type.services) {
      nameService(service, this.name);
      this.#services.offer(service);
    }
  }

  get name(): string {
    return this.source.manifest.name;
  }

  /** Its settings, as it has them. */
  get config(): unknown {
    return this.#config;
  }

  /** The routes that were compiled. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Another plugin, the same one for as long as this one lives. */
  see(plugin: string): Unit | undefined {
    this.needs.add(plugin);
    const found = this.#seen.get(plugin) ?? this.#find(plugin);
    if (found) this.#seen.set(plugin, found);
    return found;
  }

  /** Reads the plugin's settings. @throws ConfigError with all faults */
  async configure(): Promise<void> {
    const { config, env } = this.#around;
    const { type } = this.source;
    const { name, settings: stored } = this;
    const about = { plugin: name, schema: type.config, values: config[name], stored, env };
    this.#config = await this.#within("The check of its settings", readPluginConfig(about));
  }

  /** Makes the plugin and its services; what they inject of other plugins is made before. */
  make(): void {
    // Two plugins that inject each other's services are a ring, which is found when they are ordered.
    if (this.#making) return;
    this.#making = true;
    const { name, version } = this.source.manifest;
    const { app } = this.#around;
    this.scope.provideLazy(logKey, () => app.get(logKey).child({ plugin: name }));
    this.scope.provide(pluginInfo, {
      name,
      version,
      config: this.#config,
      signal: this.#stopping.signal,
      busy: this.#busy,
    });
    this.#services.makeAll(this.source.type.services);
    this.#instance = this.scope.run(() => new this.source.type());
  }

  /** Compiles its routes and tasks. @throws what their specs get wrong, and services that nobody provides */
  async compile(): Promise<void> {
    const instance = this.#instance!;
    for (const name of ["start", "stop", "health"] as const) {
      if (instance[name] === undefined || typeof instance[name] === "function") continue;
      throw new NexusError(
        "NX_ROUTE_SPEC",
        `The plugin "${this.name}" has a field "${name}", which is the name of a step in its life.`,
        { cure: "Give the field another name." },
      );
    }
    const { name, scope } = this;
    this.#endpoints = await endpointsOf(instance, this.source.type, {
      ...this.#around,
      plugin: name,
      scope,
    });
    this.#tasks = await compileTasks(this.name, this.#parts, this.scope);
  }

  /** Brings the tables up to date. */
  async migrate(mode: MigrationMode): Promise<void> {
    const { migrations } = this.source.type;
    if (!Object.keys(migrations).length) return;
    // Loaded only by those who have tables.
    const { Database, migrate } = await import("../database/index.ts");
    const patience = this.#around.startTimeout;
    const options = { plugin: this.name, migrations, mode, patience, signal: this.#ending.begun };
    await this.scope.run(() => migrate(findService(this.scope, Database), options));
  }

  /** Brings the tables up to date, starts services and plugin; nobody outside notices yet. */
  async start(mode: MigrationMode = "all"): Promise<void> {
    const instance = this.#instance!;
    await this.migrate(mode);
    if (this.#tasks.length) await prepareTasks(this.scope);
    await this.#within("The start of its services", this.#services.start());
    this.scope.defer(() => instance.stop?.());
    await this.#within(
      "Its start()",
      this.scope.run(() => instance.start?.()),
    );
    if (this.crash) throw this.crash.error;
  }

  /** What is begun with it; of an app that is about to end nobody waits for it. */
  #within<T>(what: string, work: T | Promise<T>): Promise<T> {
    const { startTimeout = startPatience } = this.#around;
    return within(startTimeout, what, work, this.#ending.begun);
  }

  /** Subscribes its listeners; those that it needs are from now on those that are there now. */
  listen(): void {
    for (const need of this.needs) this.see(need);
    const events = this.#around.app.get(eventsKey);
    for (const part of this.#parts) {
      for (const listener of Object.values(part).filter(isListener))
        this.#silence.push(events.subscribe(listener, this.scope));
    }
  }

  /** Takes them away: another one hears in its place. */
  silence(): void {
    for (const undo of this.#silence.splice(0)) undo();
  }

  /** Runs its tasks, until it ends. */
  async work(): Promise<void> {
    if (this.#tasks.length) this.#endTasks = await runTasks(this.#tasks);
  }

  /** @throws what the plugin throws when it is unwell */
  async health(): Promise<void> {
    if (this.crash) throw this.crash.error;
    await within(
      healthPatience,
      "Its health()",
      this.scope.run(() => this.#instance?.health?.()),
    );
  }

  /**
   * Waits for the requests that it answers, then undoes everything, newest first, in the plugin's scope;
   * nobody waits for an undo that never ends.
   * @param seconds for what still runs
   * @param before what must have ended before it does: those that need it
   * @throws AggregateError
   */
  end(seconds = endPatience, before?: Promise<unknown>): Promise<void> {
    return (this.#ended ??= this.#end(seconds, before));
  }

  async #end(seconds: number, before?: Promise<unknown>): Promise<void> {
    // First, so that nobody is waited for who waits for it.
    const ended = this.#ending.begin(seconds);
    this.#stopping.abort();
    try {
      await allGone(this.scope, this.#ending.over);
      await before;
      await this.#endTasks?.();
      await untilAborted(this.#ending.over, Promise.allSettled(this.#busy));
      const { app, stopTimeout } = this.#around;
      const { over } = app.find(endingKey) ?? {};
      await this.scope.run(() => undoWithin((wait) => this.scope.dispose(wait), stopTimeout, over));
    } finally {
      ended();
      this.#seen.clear();
    }
  }

  get #parts(): readonly object[] {
    return [...groupsOf(this.#instance!), ...this.#services.made];
  }
}

/** The plugin that somebody belongs to, if to any. */
export function unitOf(scope: Scope): Unit | undefined {
  return scope.find(unitKey);
}

function isListener(value: unknown): value is Listener {
  return (value as Partial<Listener> | null | undefined)?.kind === "listener";
}
