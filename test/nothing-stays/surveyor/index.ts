import { readdir, readlink } from "node:fs/promises";
import { relative } from "node:path";
import { queryObjects } from "node:v8";
import { emit, event, get, inject, on, Plugin, Routes, Service, task } from "nexus-platform";
import { settingsKey } from "nexus-platform/config";
import { Context } from "nexus-platform/context";
import { Database } from "nexus-platform/database";
import { eventsKey } from "nexus-platform/events";
import { hostKey, tableKey } from "nexus-platform/plugin";
import { currentScope, Scope } from "nexus-platform/scope";
import { Storage } from "nexus-platform/storage";
import { z } from "zod";
import { privateState } from "./private-state.ts";

const surveyed = event("surveyor.surveyed", z.object({}));

/** Says what there is in the process; of the platform it has itself all that makes itself when first asked for. */
export default class Surveyor extends Plugin {
  static override readonly prefix = "/surveyor";
  readonly #app = currentScope("new Surveyor()").root;
  readonly #db = inject(Database);
  readonly #files = inject(Storage);

  work = task({ cron: "0 0 1 1 *" }, () => {});
  hear = on(surveyed, () => {});

  /** Once, so that nothing is new to the platform. */
  override async start(): Promise<void> {
    this.every(1000, () => {});
    await this.#files.put("surveyor", "a");
    await this.#files.delete("surveyor");
    await emit(surveyed, {});
  }

  survey = get("/", async () => {
    const { dataDir } = this.#app.get(settingsKey);
    const tables = await this.#db.introspection.getTables();
    return {
      routes: this.#app
        .get(tableKey)
        .current.entries.map(({ method, path }) => `${method} ${path}`),
      plugins: this.#app.get(hostKey).plugins.map(({ name, state }) => `${name} ${state}`),
      app: privateState(this.#app),
      events: privateState(this.#app.get(eventsKey)),
      living: living(),
      resources: tally(process.getActiveResourcesInfo()),
      descriptors: tally(await descriptors()),
      listeners: Object.fromEntries(
        process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
      ),
      tables: tables.map(({ name }) => name),
      files: (await readdir(dataDir, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => relative(dataDir, `${parentPath}/${name}`)),
    };
  });
}

/** How many there are of what a plugin may leave behind, after the garbage has been collected. */
function living(): Record<string, number> {
  const timer = setTimeout(() => {}, 0);
  clearTimeout(timer);
  const classes = {
    Plugin,
    Routes,
    Service,
    Scope,
    Context,
    AbortController,
    Timeout: timer.constructor,
  };
  return Object.fromEntries(
    Object.entries(classes).map(([name, type]) => [
      name,
      queryObjects(type as never, { format: "count" }),
    ]),
  );
}

async function descriptors(): Promise<string[]> {
  const names = await readdir("/proc/self/fd");
  const targets = names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "gone"));
  return (await Promise.all(targets)).map((target) => target.replace(/:\[\d+\]$/, ""));
}

function tally(names: readonly string[]): Record<string, number> {
  const counted = Map.groupBy(names, (name) => name);
  return Object.fromEntries([...counted].map(([name, all]) => [name, all.length]));
}
