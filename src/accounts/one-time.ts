import { Database } from "../database/index.ts";
import { inject, Service } from "../services.ts";
import { hashOf, newSecret } from "./opaque.ts";
import type { OneTimeTokenRow, Tables } from "./tables.ts";

export type Purpose = OneTimeTokenRow["purpose"];

/** Seconds until one is of no use any more. */
export const lifetimes: Readonly<Record<Purpose, number>> = { reset: 3600, verify: 86_400 };

/** What a letter carries to prove that its reader got it; good once, and not for long. */
export class OneTimeTokens extends Service {
  readonly #db = inject(Database<Tables>);

  /** The ones that were sent before are of no use any more. */
  async create(userId: string, purpose: Purpose): Promise<string> {
    const token = newSecret();
    await this.revoke(userId, purpose);
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

  /** Uses one up. @returns whose it was; `undefined` where it is not good */
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
