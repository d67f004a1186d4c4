import { randomBytes } from "node:crypto";
import { messageOf } from "../exceptions.ts";
import { type MigrationMode, NotUndone, type Pause, type PluginSource } from "../plugin/index.ts";
import { currentOf, exportFileFor, type LifecycleOptions, save, savedOf, tell } from "./options.ts";
import type { PluginTables } from "./plugin-tables.ts";
import { copiesIn, type DueChange, type SavedChange, type SavedState } from "./state.ts";

/** What is true of a plugin once a change of it is decided. */
export type Decision = Pick<SavedState, "version" | "settings" | "previous" | "watch">;

export interface PlannedChange {
  /** Of `newChange()`; the copy of its tables is called so, too. */
  readonly id: string;
  readonly kind: SavedChange["kind"];
  readonly settings: Readonly<Record<string, unknown>>;
  /** Asked at the moment at which it is decided. */
  readonly decision: () => Decision;
  /** Stops the plugin, and copies its tables. */
  readonly stop?: boolean | undefined;
  /** With `stop`: the change whose copy the tables then become. */
  readonly restore?: string | undefined;
  /** Where the tables are exported before that. */
  readonly rescue?: string | undefined;
  readonly migrations?: MigrationMode | undefined;
}

/** What a rollback that was left to do has come to. */
export interface Paid extends DueChange {
  readonly to: string;
  readonly exported?: string | undefined;
}

export const newChange = (): string => randomBytes(6).toString("hex");

/**
 * Writes down what it is about to do to a plugin: whoever kills the process finds it at the next start
 * exactly as it was before, or as it was to become, with the tables of that.
 */
export class Journal {
  readonly #options: LifecycleOptions;
  readonly #tables: PluginTables;

  constructor(options: LifecycleOptions, tables: PluginTables) {
    this.#options = options;
    this.#tables = tables;
  }

  /** Puts it in force; what is decided by that is kept before anybody sees it. @throws what fails; all is as before */
  async change(source: PluginSource, planned: PlannedChange): Promise<void> {
    const { id, kind, stop = false, settings, decision, migrations } = planned;
    const { name, version } = source.manifest;
    const { change: _, ...before } = savedOf(this.#options, name);
    const begun: SavedChange = { id, kind, version, ...(stop && { stop }) };
    await this.#keep(name, { change: begun });
    try {
      await this.#options.host.put([source], {
        settings,
        ...(stop && { stop: this.#pauseFor(name, planned, before) }),
        ...(migrations && { migrations }),
        decide: () => this.#keep(name, { ...decision(), change: undefined }),
      });
    } catch (error) {
      // It is still to be undone, and until then it must be known.
      if (!(error instanceof NotUndone))
        await this.#keep(name, { ...picked(before), change: undefined });
      throw error;
    }
    if (stop || copiesIn(before).length) await this.#forget(name);
  }

  /**
   * Gives up going back, and runs what only that has waited for.
   * @returns the migrations that ran. @throws what fails of them; one can go back as before then
   */
  async finalize(name: string, source: PluginSource | undefined): Promise<readonly string[]> {
    const before = savedOf(this.#options, name);
    const { version } = before;
    // Whoever kills the process finds nothing to go back to, where that may be taken away already.
    const change: SavedChange = { id: newChange(), kind: "finalize", version };
    await this.#keep(name, { previous: undefined, watch: undefined, change });
    let done: readonly string[] = [];
    try {
      if (source) done = await this.#tables.finalize(source);
    } catch (error) {
      await this.#keep(name, { ...picked(before), change: undefined });
      throw error;
    }
    await this.#keep(name, { change: undefined });
    if (copiesIn(before).length) await this.#forget(name);
    return done;
  }

  /**
   * Takes back what was cut short, or does what is left of it: before the plugin starts, or changes again.
   * @returns what was left, if that was it
   */
  async settle(name: string): Promise<Paid | undefined> {
    const { change, version = "" } = savedOf(this.#options, name);
    if (!change) return undefined;
    // Nobody is to write into tables that are put back.
    await this.#options.host.drained(name);
    if (change.due) return this.#pay(name, change.due);
    if (change.kind === "finalize") return this.#goOn(name, version);
    const { id, stop } = change;
    const copies = stop ? await this.#tables.copies(name) : [];
    if (copies.includes(id)) await this.#tables.restore(name, id);
    await this.#keep(name, { change: undefined });
    if (copies.length) await this.#forget(name);
    tell(this.#options, name, cutShort(name, version, change), "warn");
    return undefined;
  }

  /** Runs what was left to finalize; the version that does runs in any case. */
  async #goOn(name: string, version: string): Promise<undefined> {
    await this.#keep(name, { change: undefined });
    await this.#forget(name);
    const text = `Finalizing ${version} was cut short`;
    try {
      const source = await currentOf(this.#options, name);
      if (source) await this.#tables.finalize(source);
      tell(this.#options, name, `${text}, and is done now`);
    } catch (error) {
      const why = `${text}, and could not be done: ${messageOf(error)} Finalize it again.`;
      tell(this.#options, name, why, "error");
    }
  }

  /** Removes the copies of its tables that nobody can come back to. */
  async #forget(name: string): Promise<void> {
    try {
      await this.#tables.dropCopies(name, copiesIn(savedOf(this.#options, name)));
    } catch (error) {
      // They only take room, and go with the next ones.
      tell(this.#options, name, `Old copies of its tables stay: ${messageOf(error)}`, "warn");
    }
  }

  #pauseFor(name: string, { id, restore, rescue }: PlannedChange, before: Decision): Pause {
    const tables = this.#tables;
    const begun = savedOf(this.#options, name).change;
    return {
      stopped: async () => {
        await tables.copy(name, id, copiesIn(before));
        try {
          if (rescue !== undefined) await tables.export(name, rescue);
          if (restore !== undefined) await tables.restore(name, restore);
        } catch (error) {
          await tables.dropCopies(name, copiesIn(before));
          throw error;
        }
      },
      failed: async () => {
        // It may have been decided already, and a start is to take it back, too.
        await this.#keep(name, { ...picked(before), change: begun });
        await tables.restore(name, id);
        // From here on the tables change again: nobody may put them back any more.
        await tables.dropCopies(name, copiesIn(before));
      },
    };
  }

  async #pay(name: string, due: DueChange): Promise<Paid> {
    const { version: to = "" } = savedOf(this.#options, name);
    const exported =
      due.copy === undefined ? undefined : exportFileFor(this.#options, name, due.from);
    if (due.copy !== undefined && exported !== undefined) {
      await this.#tables.export(name, exported);
      await this.#tables.restore(name, due.copy);
    }
    await this.#keep(name, { change: undefined });
    if (due.copy !== undefined) await this.#forget(name);
    return { ...due, to, exported };
  }

  async #keep(name: string, change: Partial<SavedState>): Promise<void> {
    await save(this.#options, name, change);
  }
}

const picked = ({ version, settings, previous, watch }: Decision): Decision => ({
  version,
  settings,
  previous,
  watch,
});

function cutShort(name: string, now: string, { kind, version }: SavedChange): string {
  if (kind === "configure")
    return `The change of the settings of "${name}" was cut short: it has those before`;
  return `The ${kind} of "${name}" to ${version} was cut short: it runs ${now}`;
}
