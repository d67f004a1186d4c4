import { Database } from "../database/index.ts";
import { inject, Service } from "../services.ts";
import { hashOf, newSecret } from "./opaque.ts";
import type { OneTimeTokenRow, Tables } from "./tables.ts";

export type Purpose = OneTimeTokenRow["purpose"];

/** Seconds until one is of no use any more. */
export const lifetimes: Readonly<Record<Purpose, number>> = { reset: 3600, verify: 86_400 };

/** Letters that one user gets at most, whoever asks for them. */
const most = { perMinute: 1, perHour: 5 } as const;
const minute = 60_000;
const hour = 3_600_000;

/** What a letter carries to prove that its reader got it; good once, and not for long. */
export class OneTimeTokens extends Service {
  readonly #db = inject(Database<Tables>);

  /** The ones that were sent before are of no use any more. */
  async create(userId: string, purpose: Purpose): Promise<string> {
    await this.revoke(userId, purpose);
    return this.#insert(userId, purpose);
  }

  /**
   * Another one beside those that were sent before: a stranger who asks takes nothing from the owner.
   * @returns nothing where enough were sent lately
   */
  async add(userId: string, purpose: Purpose): Promise<string | undefined> {
    return this.#db.transaction().execute(async () => {
      const sent = await this.#db
        .selectFrom("nexus_one_time_tokens")
        .select("expires_at")
        .where("user_id", "=", userId)
        .where("purpose", "=", purpose)
        .execute();
      const now = Date.now();
      const ages = sent.map(
        ({ expires_at }) => now - (expires_at.getTime() - lifetimes[purpose] * 1000),
      );
      const within = (time: number) => ages.filter((age) => age < time).length;
      if (within(minute) >= most.perMinute || within(hour) >= most.perHour) return undefined;
      return this.#insert(userId, purpose);
    });
  }

  /** Uses one up, and with it all others of its user. @returns whose it was; `undefined` where it is not good */
  async redeem(token: string, purpose: Purpose): Promise<string | undefined> {
    const now = new Date();
    const row = await this.#db
      .updateTable("nexus_one_time_tokens")
      .set({ used_at: now })
      .where("hash", "=", hashOf(token))
      .where("purpose", "=", purpose)
      .where("used_at", "is", null)
      .where("expires_at", ">", now)
      .returning("user_id")
      .executeTakeFirst();
    if (row) await this.revoke(row.user_id, purpose);
    return row?.user_id;
  }

  /** Whose one is, without using it up. */
  async find(token: string, purpose: Purpose): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom("nexus_one_time_tokens")
      .select("user_id")
      .where("hash", "=", hashOf(token))
      .where("purpose", "=", purpose)
      .where("used_at", "is", null)
      .where("expires_at", ">", new Date())
      .executeTakeFirst();
    return row?.user_id;
  }

  async #insert(userId: string, purpose: Purpose): Promise<string> {
    const token = newSecret();
    await this.#db
      .insertInto("nexus_one_time_tokens")
      .values({
        hash: hashOf(token),
        user_id: userId,
        purpose,
        expires_at: new Date(Date.now() + lifetimes[purpose] * 1000),
        used_at: null,
      })
      .execute();
    return token;
  }

  /** @param purpose default: all of them */
  async revoke(userId: string, purpose?: Purpose): Promise<void> {
    let rows = this.#db.deleteFrom("nexus_one_time_tokens").where("user_id", "=", userId);
    if (purpose) rows = rows.where("purpose", "=", purpose);
    await rows.execute();
  }

  /** Forgets what is of no use any more. */
  async purge(): Promise<void> {
    await this.#db
      .deleteFrom("nexus_one_time_tokens")
      .where("expires_at", "<", new Date())
      .execute();
  }
}
