import type { Migrations } from "../database/index.ts";
import { type ErrorHandler, Routes } from "../http/index.ts";
import type { Logger } from "../log.ts";
import { currentScope, key, type Scope, type ServiceClass } from "../services.ts";
import type { Schema } from "../validation/index.ts";

/** What the host tells a plugin of itself while it is made. */
export interface PluginInfo {
  readonly name: string;
  readonly version: string;
  readonly config: unknown;
  readonly log: Logger;
  readonly signal: AbortSignal;
}
export const pluginInfo = key<PluginInfo>("nexus/plugin");

/** A feature of an application: routes, and what they need. */
export class Plugin extends Routes {
  /** Stands before every path of the plugin. */
  static readonly prefix: string = "";
  /** The services that this plugin owns; other plugins may inject them too. */
  static readonly services: readonly ServiceClass[] = [];
  /** The schema of its settings. */
  static readonly config?: Schema;
  static readonly migrations: Migrations = {};
  static readonly errorHandlers: readonly ErrorHandler[] = [];

  readonly name: string;
  readonly version: string;
  /** Checked by `static config`; `undefined` without one. */
  readonly config: unknown;
  readonly log: Logger;
  /** Fires when the plugin stops. */
  readonly signal: AbortSignal;
  readonly #scope: Scope;
  readonly #since = performance.now();

  constructor() {
    super();
    this.#scope = currentScope(`new ${new.target.name}()`);
    const { name, version, config, log, signal } = this.#scope.get(pluginInfo);
    this.name = name;
    this.version = version;
    this.config = config;
    this.log = log;
    this.signal = signal;
  }

  /** Seconds since this instance was made. */
  uptime(): number {
    return (performance.now() - this.#since) / 1000;
  }

  /** Remembers what to undo when the plugin stops; the newest is undone first. */
  defer(undo: () => unknown): void {
    this.#scope.defer(undo);
  }

  /**
   * Does something again and again until the plugin stops; a run that fails is logged, one that
   * takes longer than the pause delays the next.
   * @returns what ends it earlier
   */
  every(milliseconds: number, work: () => unknown): () => void {
    let timer: NodeJS.Timeout;
    const again = (): void => {
      timer = setTimeout(() => void this.#scope.run(run), milliseconds);
      timer.unref();
    };
    const run = async (): Promise<void> => {
      try {
        await work();
      } catch (error) {
        this.log.error({ err: error }, "Repeated work failed");
      }
      if (!ended) again();
    };
    let ended = false;
    const end = (): void => {
      ended = true;
      clearTimeout(timer);
    };
    again();
    this.defer(end);
    return end;
  }
}

/** What a plugin may also have. They are not inherited, so that routes may have any name but these. */
export interface Lifecycle {
  start?(): void | Promise<void>;
  stop?(): void | Promise<void>;
  /** Throws when the plugin is unwell. */
  health?(): void | Promise<void>;
}

export type PluginClass = (new () => Plugin) & {
  readonly prefix: string;
  readonly services: readonly ServiceClass[];
  readonly config?: Schema;
  readonly migrations: Migrations;
  readonly errorHandlers: readonly ErrorHandler[];
};
