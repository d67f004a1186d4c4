import { existsSync } from "node:fs";
import { messageOf, NexusError } from "../exceptions.ts";
import type { Logger } from "../log.ts";
import { bringInForce, namesAt, type PlaceFault } from "../plugin/in-force.ts";
import type { ModuleLoader, PluginHost, PluginSource } from "../plugin/index.ts";
import { describeFault } from "./dev-fault.ts";

export interface ReloadOptions {
  readonly host: PluginHost;
  readonly modules: ModuleLoader;
  readonly log: Logger;
  /** Shows a developer what went wrong. */
  readonly show: (text: string) => void;
  /** Begins the process anew, where that alone helps. */
  readonly restart: () => void;
}

/** Milliseconds that a reload may take when more has changed. */
const patience = 3000;
/** Migrations that must wait until no old code runs. */
const needRestart = new Set(["NX_MIGRATION_NOT_ADDITIVE", "NX_MIGRATION_PENDING"]);

/** Keeps the plugins of a running app as their files are. */
export class Reloading {
  readonly #options: ReloadOptions;
  /** What has changed since the latest reload began. */
  readonly #changed = new Set<string>();
  /** The places of plugins of which the newest code is not in force. */
  readonly #stale = new Set<string>();
  /** What was said of a place since it changed, and the spots that this reload has shown. */
  readonly #shown = new Map<string, string>();
  readonly #told = new Set<string>();
  #running: Promise<void> | undefined;
  #since = 0;

  constructor(options: ReloadOptions) {
    this.#options = options;
    for (const { name, folder, failure } of options.host.plugins) {
      if (folder === undefined || !failure) continue;
      this.#stale.add(folder);
      if (failure.step === "load") this.#shown.set(folder, notLoaded(name, failure.error));
    }
  }

  /**
   * Reloads what changed files touch, one reload after the other; what changes meanwhile is next.
   * @returns when all of it is done
   */
  change(paths: readonly string[]): Promise<void> {
    // Code that hangs cannot be ended here.
    if (this.#running && performance.now() - this.#since > patience) this.#options.restart();
    for (const path of paths) this.#changed.add(path);
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#changed.size) {
      const paths = [...this.#changed];
      this.#changed.clear();
      await this.#reload(paths);
    }
  }

  async #reload(paths: readonly string[]): Promise<void> {
    const { host, modules, log, restart } = this.#options;
    if (paths.some((path) => modules.isBound(path))) return restart();
    const begun = (this.#since = performance.now());
    this.#told.clear();
    for (const place of modules.forget(paths)) {
      this.#stale.add(place);
      this.#shown.delete(place);
    }
    // Of those that are there already, to tell them from new ones.
    const known = new Set(host.plugins.map(({ name }) => name));
    await bringInForce(
      [...this.#stale].toSorted(),
      { host, modules, isWritten: true },
      {
        put: (sources, plugins) => this.#tellPut(sources, { plugins, known, begun }),
        removed: async (name) => log.info({ plugin: name }, `Removed ${name}`),
        failed: (fault) => this.#refuse(fault),
      },
    );
    for (const place of this.#stale)
      if (!existsSync(place) && !namesAt(host, place).length) this.#stale.delete(place);
  }

  #tellPut(
    sources: readonly PluginSource[],
    { plugins, known, begun }: { plugins: readonly string[]; known: Set<string>; begun: number },
  ): void {
    for (const { folder } of sources) this.#stale.delete(folder!);
    const names = sources.map(({ manifest }) => manifest.name);
    // One that is disabled does not run.
    const running = names.filter((name) => plugins.includes(name)).join(", ");
    if (!running) return;
    const isNew = names.every((name) => !known.has(name));
    const others = plugins.filter((name) => !names.includes(name)).join(", ");
    const ms = Math.round(performance.now() - begun);
    const text = `${isNew ? "Added" : "Reloaded"} ${running}${others && `, and ${others} with it`}`;
    this.#options.log.info({ plugins, ms }, `${text}, in ${ms} ms`);
  }

  #refuse({ name, place, error, isBroken }: PlaceFault): void {
    const text = isBroken ? notLoaded(name, error) : messageOf(error);
    const { host, show, restart } = this.#options;
    const code = codeOf(error);
    // It will begin with the newest code.
    if (code === "NX_PLUGIN_STOPPED") return;
    if (needRestart.has(code)) return restart();
    // Who changes another plugin knows it already.
    if (this.#shown.get(place) === text) return;
    this.#shown.set(place, text);
    const runs = host.status(name)?.state === "started";
    const next = runs ? "Its old code serves on." : "It is tried again when a file changes.";
    show(`${describeFault(error, text, this.#told)}${next}\n`);
  }
}

function notLoaded(name: string, reason: unknown): string {
  return `The plugin "${name}" failed (load): ${messageOf(reason)}`;
}

/** Of the mistake at the root of it. */
function codeOf(error: unknown): string {
  if (error instanceof Error && error.cause instanceof NexusError) return codeOf(error.cause);
  return error instanceof NexusError ? error.code : "";
}
