import { Database } from "../database/index.ts";
import { RateLimited } from "../exceptions.ts";
import { inject, Service } from "../services.ts";
import { networkOf } from "../ratelimit/index.ts";
import { currentClient } from "./client.ts";
import { fold } from "./fold.ts";
import { hashOf } from "./opaque.ts";
import type { Tables } from "./tables.ts";
import { UserNames } from "./user-names.ts";

/** After so many failures one waits, twice as long after each further one; in seconds. */
interface Rule {
  readonly free: number;
  readonly first: number;
  readonly most: number;
}
/** Of one account, tried from one network. */
const fromHere: Rule = { free: 5, first: 30, most: 900 };
/** Of one account, from wherever: one try each two seconds, as it also meets an owner at a new place. */
const fromAnywhere: Rule = { free: 30, first: 2, most: 2 };
/** Seconds after the last failure until all are forgotten. */
const memory = 3600;

/** The user whose sessions are looked for where a name is nobody's, so that it takes as long. */
const nobody = "00000000-0000-0000-0000-000000000000";

/**
 * Makes guessing passwords slow, of names that nobody has, too. Failures count for a name in two
 * ways:
 * - from one network: it waits longer after each, up to 15 minutes, and nobody elsewhere does.
 * - from all together: guesses that come from many networks go on one by one, each two seconds after
 *   the last. No password is refused for good: an owner at a new place gets in by trying again, and one
 *   where they have signed in before does not wait at all.
 */
export class Lockout extends Service {
  readonly #db = inject(Database<Tables>);
  readonly #names = new UserNames(this.#db);
  /** Those of one account go one after the other, so that each knows of the failures before. */
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Tries something that a right password makes succeed.
   * @param attempt `undefined` counts as a failure
   * @throws RateLimited while the name is locked; nothing is tried then
   */
  async guard<T>(name: string, attempt: () => Promise<T | undefined>): Promise<T | undefined> {
    const { key, id } = await this.#whose(name);
    const { address } = currentClient();
    const network = address === null ? "" : networkOf(address);
    const here = `${key}:${network}`;
    return this.#inTurn(key, async () => {
      const isKnown = await this.#hasBeenIn(network, id);
      await this.#refuseLocked(isKnown ? [here] : [here, key]);
      const result = await attempt();
      if (result === undefined) {
        await this.#count(here, fromHere);
        await this.#count(key, fromAnywhere);
      } else await this.#forget([here, key]);
      return result;
    });
  }

  /** Forgets all failures of a name, wherever they came from. */
  async clear(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const { key } = await this.#whose(name);
      await this.#db
        .deleteFrom("nexus_login_failures")
        .where((row) => row.or([row("key", "=", key), row("key", "like", `${key}:%`)]))
        .execute();
    }
  }

  /** Forgets what no longer matters. */
  async purge(): Promise<void> {
    const before = new Date(Date.now() - memory * 1000);
    await this.#db.deleteFrom("nexus_login_failures").where("last_at", "<", before).execute();
  }

  async #refuseLocked(keys: readonly string[]): Promise<void> {
    const now = Date.now();
    const locked = await this.#db
      .selectFrom("nexus_login_failures")
      .select("locked_until")
      .where("key", "in", keys)
      .where("locked_until", ">", new Date(now))
      .orderBy("locked_until", "desc")
      .executeTakeFirst();
    if (!locked?.locked_until) return;
    const seconds = Math.ceil((locked.locked_until.getTime() - now) / 1000);
    throw new RateLimited(seconds, "Too many failed attempts; try again later", {
      errorCode: "LOCKED_OUT",
      extra: { retry_after: seconds },
    });
  }

  async #count(key: string, { free, first, most }: Rule): Promise<void> {
    const now = Date.now();
    const before = await this.#db
      .selectFrom("nexus_login_failures")
      .select("count")
      .where("key", "=", key)
      .where("last_at", ">", new Date(now - memory * 1000))
      .executeTakeFirst();
    const count = (before?.count ?? 0) + 1;
    const seconds = count < free ? 0 : Math.min(most, first * 2 ** Math.min(count - free, 20));
    const row = {
      count,
      last_at: new Date(now),
      locked_until: seconds ? new Date(now + seconds * 1000) : null,
    };
    await this.#db
      .insertInto("nexus_login_failures")
      .values({ key, ...row })
      .onConflict((other) => other.column("key").doUpdateSet(row))
      .execute();
  }

  async #forget(keys: readonly string[]): Promise<void> {
    await this.#db.deleteFrom("nexus_login_failures").where("key", "in", keys).execute();
  }

  /** Failures count for the name as it is written: that two names are one account's is nobody's business. */
  async #whose(name: string): Promise<{ readonly key: string; readonly id: string }> {
    const user = await this.#names.find(name);
    return { key: hashOf(`name:${fold(name)}`), id: user?.id ?? nobody };
  }

  /** Whether a user has signed in from this network. */
  async #hasBeenIn(network: string, id: string): Promise<boolean> {
    const rows = await this.#db
      .selectFrom("nexus_sessions")
      .select("address")
      .distinct()
      .where("user_id", "=", id)
      .where("address", "is not", null)
      .execute();
    return rows.some(({ address }) => networkOf(address!) === network);
  }

  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const turn = before ? before.then(work, work) : work();
    // Whoever waits learns only that it is their turn.
    const done = turn.catch(() => {});
    this.#last.set(key, done);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === done) this.#last.delete(key);
    }
  }
}
