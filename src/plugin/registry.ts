import { basename } from "node:path";
import { NexusError } from "../exceptions.ts";
import { inOrder } from "./order.ts";
import { type KnownRoute, PluginRecord } from "./record.ts";
import { placeOf, type PluginSource } from "./source.ts";

/** What outlives a restart. */
export interface PluginMemory {
  /** Default true. */
  readonly enabled?: boolean | undefined;
  /** Over the config file, below the environment. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** Its routes when it last ran. */
  readonly routes?: readonly KnownRoute[] | undefined;
}

export type Remember = (plugin: string) => PluginMemory | undefined;

type About = Partial<Pick<PluginRecord, "name" | "source" | "manifest" | "folder">>;

/** The plugins that an app knows, running or not. */
export class PluginRegistry extends Map<string, PluginRecord> {
  readonly #memory: Remember;

  /** @param memory what has been said of them before they are known */
  constructor(memory: Remember = () => undefined) {
    super();
    this.#memory = memory;
  }

  /** Of two with one name the second one is told apart by its place. */
  add(
    about: About & ({ readonly source: PluginSource } | { readonly name: string }),
  ): PluginRecord {
    const { source } = about;
    const manifest = about.manifest ?? source?.manifest;
    const wanted = about.name ?? manifest!.name;
    // Without a slash, as a name is a part of URLs.
    const place = basename(source ? placeOf(source) : (about.folder ?? ""));
    const name = this.has(wanted) ? `${wanted} (${place})` : wanted;
    const record = new PluginRecord(name, { source, manifest, folder: about.folder });
    const { enabled = true, settings = {} } = this.#memory(name) ?? {};
    record.enabled = enabled;
    record.settings = settings;
    if (!enabled) record.state = "stopped";
    this.set(name, record);
    return record;
  }

  /** @throws NX_PLUGIN_UNKNOWN */
  known(name: string): PluginRecord {
    const record = this.get(name);
    if (record) return record;
    throw new NexusError("NX_PLUGIN_UNKNOWN", `There is no plugin "${name}".`, {
      cure: `There are ${[...this.keys()].join(", ") || "none"}.`,
    });
  }

  /** Each behind those that it needs. */
  get inOrder(): PluginRecord[] {
    const names = [...this.keys()];
    try {
      return inOrder(names, (name) => this.get(name)!.needs).map((name) => this.get(name)!);
    } catch {
      // Those on a ring have failed, and do not run.
      return [...this.values()];
    }
  }

  /** The started ones that cannot do without these, in the order of need. */
  needing(names: readonly string[]): PluginRecord[] {
    const found = new Set(names);
    const running = this.inOrder.filter(({ state }) => state === "started");
    for (const { name, needs } of running) if (!needs.isDisjointFrom(found)) found.add(name);
    return running.filter(({ name }) => found.has(name) && !names.includes(name));
  }
}
