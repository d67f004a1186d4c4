import type { Kysely } from "kysely";
import { messageOf, NexusError } from "../exceptions.ts";
import { inTime, untilAborted } from "../waiting.ts";
import type { Additive } from "./additive.ts";
import type { Guard, Rule } from "./guard.ts";
import type { AnyTables, PluginMigrations } from "./migration.ts";
import { type Owner, platform } from "./owners.ts";

export interface StepsOptions extends PluginMigrations {
  readonly db: Kysely<AnyTables>;
  readonly guard: Guard;
  /** Who has which tables when the first step begins. */
  readonly owners: readonly Owner[];
  /** What `expand` is held to; without it: nothing. */
  readonly additive?: Additive | undefined;
  /** Seconds for each; default 20: after 30 those who wait for the database are refused. */
  readonly patience?: number | undefined;
  /** Who fires it waits no longer. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs the steps of a plugin's migrations; each is kept off the tables of others. */
export class Steps {
  readonly #options: StepsOptions;
  readonly #owners: ReadonlyMap<string, string>;

  constructor(options: StepsOptions) {
    this.#options = options;
    this.#owners = new Map(options.owners.map(({ name, plugin }) => [name.toLowerCase(), plugin]));
  }

  /** @throws NX_MIGRATION, NX_TABLE_FOREIGN, NX_MIGRATION_NOT_ADDITIVE */
  async expand(name: string): Promise<void> {
    const { db, migrations, additive } = this.#options;
    const step = `Migration "${name}" of plugin "${this.#options.plugin}"`;
    await this.#guarded(step, additive, () => migrations[name]!.expand(db));
  }

  /** @throws NX_MIGRATION, NX_TABLE_FOREIGN */
  async contract(name: string): Promise<void> {
    const { db, migrations, plugin } = this.#options;
    const step = `The contract of migration "${name}" of plugin "${plugin}"`;
    await this.#guarded(step, undefined, async () => migrations[name]!.contract?.(db));
  }

  async #guarded(
    step: string,
    additive: Additive | undefined,
    work: () => Promise<unknown>,
  ): Promise<void> {
    let refusal: Error | undefined;
    const rule: Rule = {
      statement: (sql) => {
        const reason = additive?.against(sql);
        return reason === undefined ? undefined : (refusal = notAdditive(step, reason, sql));
      },
      table: (table) => {
        const owner = this.#owners.get(table.toLowerCase()) ?? this.#options.plugin;
        if (owner === this.#options.plugin) return undefined;
        return (refusal = foreign(step, table, owner));
      },
    };
    const end = this.#options.guard.guard(rule);
    try {
      await this.#inTime(step, work());
    } catch (error) {
      throw error === refusal || error instanceof Late ? error : failed(step, error);
    } finally {
      end();
    }
  }

  /** While it waits for something else than the database, everybody else waits for the database. */
  async #inTime(step: string, work: Promise<unknown>): Promise<void> {
    const { patience = usualPatience, signal } = this.#options;
    let isDone = false;
    const noted = work.then(() => void (isDone = true));
    const isInTime = await inTime(patience * 1000, signal ? untilAborted(signal, noted) : noted);
    if (!isDone) throw new Late(step, isInTime ? undefined : patience);
  }
}

const usualPatience = 20;

/** A step that was given up; what it sends from then on is refused. */
class Late extends NexusError {
  constructor(step: string, seconds: number | undefined) {
    const why =
      seconds === undefined ? "was given up: the app ends" : `has not ended after ${seconds} s`;
    super("NX_MIGRATION", `${step} ${why}.`, {
      cure: "Nothing was changed. A migration waits for nothing but the database: do the rest in start().",
    });
  }
}

function notAdditive(step: string, reason: string, sql: string): NexusError {
  const statement = sql.length > 200 ? `${sql.slice(0, 200)}…` : sql;
  return new NexusError(
    "NX_MIGRATION_NOT_ADDITIVE",
    `${step} cannot run beside the code before it, as it ${reason}: ${statement}.`,
    { cure: 'Move that to the "contract" of the migration, or upgrade with --stop.' },
  );
}

function foreign(step: string, table: string, owner: string): NexusError {
  const whose = owner === platform ? "the platform" : `plugin "${owner}"`;
  return new NexusError(
    "NX_TABLE_FOREIGN",
    `${step} uses the table "${table}", which belongs to ${whose}.`,
    {
      cure: "Use tables of its own; those of another plugin are reached through its services, in start().",
    },
  );
}

const failed = (step: string, error: unknown): NexusError =>
  new NexusError("NX_MIGRATION", `${step} failed: ${messageOf(error)}.`, {
    cure: "Nothing was changed: mend the migration, then start again.",
    cause: error,
  });
