import type { Migrations } from "../database/index.ts";
import { NexusError } from "../exceptions.ts";
import { type ErrorHandler, Routes } from "../http/index.ts";
import { type Logger, logKey } from "../log.ts";
import { findScope, key, type Scope } from "../scope.ts";
import { type ServiceClass } from "../services.ts";
import type { Schema } from "../validation/index.ts";
import { longest } from "../waiting.ts";

/** What the host tells a plugin of itself while it is made. */
export interface PluginInfo {
  readonly name: string;
  readonly version: string;
  readonly config: unknown;
  readonly signal: AbortSignal;
  /** Repeated work that runs at this moment, which an end waits for. */
  readonly busy?: Set<Promise<unknown>>;
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
  /** The permissions that it brings, with what each allows: `{ "notes:write": "Change notes" }`. */
  static readonly permissions: Readonly<Record<string, string>> = {};
  /** Roles to begin with, and what they may: `{ editor: ["notes:*"] }`. Administrators change them. */
  static readonly roles: Readonly<Record<string, readonly string[]>> = {};

  readonly name: string;
  readonly version: string;
  /** Checked by `static config`; empty without one. */
  readonly config: unknown;
  /** Fires when the plugin begins to stop. */
  readonly signal: AbortSignal;
  readonly #scope: Scope;
  readonly #since = performance.now();

  constructor() {
    super();
    const scope = findScope();
    const info = scope?.find(pluginInfo);
    if (!scope || !info) {
      throw new NexusError("NX_NO_SCOPE", `new ${new.target.name}() was called by hand.`, {
        cure: `Give the class: createApp({ plugins: [${new.target.name}] }) makes its instance.`,
      });
    }
    this.#scope = scope;
    const { name, version, config, signal } = info;
    this.name = name;
    this.version = version;
    this.config = config;
    this.signal = signal;
  }

  /** Runs when the tables and services are there, before the first request. */
  start?(): void | Promise<void>;
  /** Runs when the last request has gone. */
  stop?(): void | Promise<void>;
  /** Throws when the plugin is unwell; asked by `/health/ready`. */
  health?(): void | Promise<void>;

  get log(): Logger {
    return this.#scope.get(logKey);
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
   * Does something again and again until the plugin stops, which waits for a run that has begun. One
   * that fails is logged, one that takes longer than the pause delays the next.
   * @returns what ends it earlier
   * @throws NX_INTERVAL
   */
  every(milliseconds: number, work: () => unknown): () => void {
    if (!(milliseconds >= 1 && milliseconds <= longest)) {
      throw new NexusError("NX_INTERVAL", `every(${milliseconds}, …) cannot be done.`, {
        cure: `Give milliseconds, from 1 to ${longest}.`,
      });
    }
    let timer: NodeJS.Timeout | undefined;
    let running: Promise<void> | undefined;
    let ended = this.signal.aborted;
    const busy = this.#scope.find(pluginInfo)?.busy;
    const again = (): void => {
      if (ended) return;
      timer = setTimeout(() => {
        running = this.#scope.run(run);
        busy?.add(running);
      }, milliseconds);
      timer.unref();
    };
    const run = async (): Promise<void> => {
      try {
        await work();
      } catch (error) {
        this.log.error({ err: error }, "Repeated work failed");
      }
      if (running) busy?.delete(running);
      again();
    };
    const end = (): void => {
      ended = true;
      clearTimeout(timer);
    };
    again();
    this.signal.addEventListener("abort", end, { once: true });
    this.defer(() => running);
    return end;
  }
}

export type PluginClass = (new () => Plugin) & {
  readonly prefix: string;
  readonly services: readonly ServiceClass[];
  readonly config?: Schema;
  readonly migrations: Migrations;
  readonly errorHandlers: readonly ErrorHandler[];
  readonly permissions: Readonly<Record<string, string>>;
  readonly roles: Readonly<Record<string, readonly string[]>>;
};
