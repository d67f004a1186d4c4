import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isRecord } from "../config/place.ts";
import { Drafts } from "../drafts.ts";
import type { KnownRoute } from "../plugin/index.ts";
import { writeWhole } from "./whole-file.ts";

/**
 * Remembers the routes that plugins had when they last ran: of one that cannot be loaded any more nobody
 * else knows which requests are its own. What is lost of it is no more than that.
 */
export class KnownRoutes {
  readonly #file: string;
  readonly #drafts: Drafts;
  #routes: ReadonlyMap<string, readonly KnownRoute[]>;
  #last: Promise<void> = Promise.resolve();

  private constructor(folder: string, routes: ReadonlyMap<string, readonly KnownRoute[]>) {
    this.#file = join(folder, "routes.json");
    this.#drafts = new Drafts(join(folder, ".drafts"));
    this.#routes = routes;
  }

  /** Reads `routes.json` of a folder, as far as it can be read. */
  static async open(folder: string): Promise<KnownRoutes> {
    const text = await readFile(join(folder, "routes.json"), "utf8").catch(() => "{}");
    return new KnownRoutes(folder, new Map(Object.entries(read(text))));
  }

  get(plugin: string): readonly KnownRoute[] | undefined {
    return this.#routes.get(plugin);
  }

  /** Resolves when all that was noted is kept, or could not be. */
  get settled(): Promise<void> {
    return this.#last;
  }

  /** @returns when it is kept; nobody has to wait for that. @throws where it cannot be written */
  note(plugin: string, found: readonly KnownRoute[]): Promise<void> {
    const routes = found.map(({ method, path }) => ({ method, path }));
    if (JSON.stringify(routes) === JSON.stringify(this.#routes.get(plugin) ?? []))
      return this.#last;
    const next = new Map(this.#routes);
    if (routes.length) next.set(plugin, routes);
    else next.delete(plugin);
    return this.#keep(next);
  }

  /** Forgets all but some plugins. @returns as `note` */
  keepOnly(plugins: ReadonlySet<string>): Promise<void> {
    const left = [...this.#routes].filter(([plugin]) => plugins.has(plugin));
    return left.length === this.#routes.size ? this.#last : this.#keep(new Map(left));
  }

  #keep(next: ReadonlyMap<string, readonly KnownRoute[]>): Promise<void> {
    this.#routes = next;
    const writing = this.#last.then(() => this.#write(next));
    this.#last = writing.catch(() => {});
    return writing;
  }

  async #write(routes: ReadonlyMap<string, readonly KnownRoute[]>): Promise<void> {
    // A later one says it all.
    if (routes !== this.#routes) return;
    await writeWhole(this.#drafts, this.#file, `${JSON.stringify(Object.fromEntries(routes))}\n`);
  }
}

function read(text: string): Record<string, readonly KnownRoute[]> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return {};
  }
  if (!isRecord(content)) return {};
  const all = Object.entries(content).filter(
    (entry): entry is [string, KnownRoute[]] => Array.isArray(entry[1]) && entry[1].every(isRoute),
  );
  return Object.fromEntries(all);
}

function isRoute(value: unknown): value is KnownRoute {
  return (
    isRecord(value) && typeof value["method"] === "string" && typeof value["path"] === "string"
  );
}
