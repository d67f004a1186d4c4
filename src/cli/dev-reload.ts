import { existsSync } from "node:fs";
import { messageOf, NexusError } from "../exceptions.ts";
import type { Logger } from "../log.ts";
import { nameTaken } from "../plugin/checks.ts";
import {
  loadPlaces,
  type ModuleLoader,
  type PluginHost,
  type PluginSource,
} from "../plugin/index.ts";
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

/** A plugin, and its file or folder. */
interface Place {
  readonly name: string;
  readonly place: string;
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
    const { modules, restart } = this.#options;
    if (paths.some((path) => modules.isBound(path))) return restart();
    const begun = (this.#since = performance.now());
    this.#told.clear();
    for (const place of modules.forget(paths)) {
      this.#stale.add(place);
      this.#shown.delete(place);
    }
    const { sources, broken } = await loadPlaces([...this.#stale].toSorted(), modules);
    await this.#removeOthers(sources);
    const found = new Set([...sources, ...broken].map(({ folder }) => folder));
    for (const place of this.#stale)
      if (!found.has(place) && !this.#at(place).length) this.#stale.delete(place);
    for (const { name, folder, manifest, reason } of broken) {
      // A folder that has just been made has nothing in it yet.
      const isEmpty = reason instanceof NexusError && reason.code === "NX_NO_ENTRY" && !manifest;
      if (isEmpty && !this.#at(folder).length) continue;
      this.#refuse({ name, place: folder }, reason, notLoaded(name, reason));
      await this.#options.host.lose({ name, folder, manifest, reason });
    }
    await this.#putAll(sources, begun);
  }

  /** Ends what is gone, and what has another name now. */
  async #removeOthers(sources: readonly PluginSource[]): Promise<void> {
    const names = new Set(sources.map(({ manifest }) => manifest.name));
    const known = new Set(sources.map(({ folder }) => folder));
    const places = [...this.#stale].filter((place) => known.has(place) || !existsSync(place));
    const gone = places.flatMap((place) => this.#at(place).map((name) => ({ name, place })));
    await this.#each(
      gone.filter(({ name }) => !names.has(name)),
      async ({ name }) => {
        const { host, log } = this.#options;
        await host.remove(name);
        log.info({ plugin: name }, `Removed ${name}`);
      },
    );
  }

  /** Together, in one step; where that fails each as far as it can. */
  async #putAll(sources: readonly PluginSource[], begun: number): Promise<void> {
    if (sources.length > 1) {
      const isDone = await this.#put(sources, begun).then(
        () => true,
        () => false,
      );
      if (isDone) return;
    }
    const each = sources.map((source) => {
      return { name: source.manifest.name, place: source.folder!, source };
    });
    await this.#each(each, ({ source }) => this.#put([source], begun));
  }

  async #put(sources: readonly PluginSource[], begun: number): Promise<void> {
    const { host, log } = this.#options;
    const names = sources.map(({ manifest }) => manifest.name);
    const isNew = names.every((name) => !host.status(name));
    for (const source of sources) this.#checkName(source);
    const { plugins } = await host.put(sources, { keep: true });
    for (const { folder } of sources) this.#stale.delete(folder!);
    // One that is disabled does not run.
    const running = names.filter((name) => plugins.includes(name)).join(", ");
    if (!running) return;
    const others = plugins.filter((name) => !names.includes(name)).join(", ");
    const ms = Math.round(performance.now() - begun);
    const text = `${isNew ? "Added" : "Reloaded"} ${running}${others && `, and ${others} with it`}`;
    log.info({ plugins, ms }, `${text}, in ${ms} ms`);
  }

  /** One after the other, and again as long as that helps: one may have to wait for the next. */
  async #each<T extends Place>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
    const faults = new Map<T, unknown>();
    for (const one of all) await work(one).catch((error: unknown) => faults.set(one, error));
    if (faults.size && faults.size < all.length) return this.#each([...faults.keys()], work);
    for (const [one, fault] of faults) this.#refuse(one, fault);
  }

  /** What was copied still has the name of the other one. @throws NX_PLUGIN_TWICE */
  #checkName({ manifest: { name }, folder }: PluginSource): void {
    const known = this.#options.host.status(name);
    if (!known || known.folder === folder) return;
    if (known.folder !== undefined && !existsSync(known.folder)) return;
    throw nameTaken(name, this.#options.host.sourceOf(name), `${name} (${folder})`);
  }

  #refuse({ name, place }: Place, error: unknown, text = messageOf(error)): void {
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

  /** The names of the plugins that stand there. */
  #at(place: string): string[] {
    return this.#options.host.plugins.flatMap(({ name, folder }) => (folder === place ? name : []));
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
