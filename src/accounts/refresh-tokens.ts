import { Database } from "../database/index.ts";
import { inject, Service } from "../services.ts";
import { hashOf, newSecret } from "./opaque.ts";
import type { Tables } from "./tables.ts";

/** What a session is renewed with: each is good once, and known by its hash alone. */
export class RefreshTokens extends Service {
  readonly #db = inject(Database<Tables>);

  async create(session_id: string, expires_at: Date): Promise<string> {
    const token = newSecret();
    await this.#db
      .insertInto("nexus_refresh_tokens")
      .values({
        hash: hashOf(token),
        session_id,
        created_at: new Date(),
        expires_at,
        used_at: null,
      })
      .execute();
    return token;
  }

  /** @returns its session, and whether it was used before; `undefined` where it is not good */
  async use(
    token: string,
  ): Promise<{ readonly session_id: string; readonly again: boolean } | undefined> {
    const hash = hashOf(token);
    const now = new Date();
    const used = await this.#db
      .updateTable("nexus_refresh_tokens")
      .set({ used_at: now })
      .where("hash", "=", hash)
      .where("used_at", "is", null)
      .where("expires_at", ">", now)
      .returning("session_id")
      .executeTakeFirst();
    if (used) return { ...used, again: false };
    const known = await this.#db
      .selectFrom("nexus_refresh_tokens")
      .select("session_id")
      .where("hash", "=", hash)
      .where("used_at", "is not", null)
      .executeTakeFirst();
    return known && { ...known, again: true };
  }

  async sessionOf(token: string): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom("nexus_refresh_tokens")
      .select("session_id")
      .where("hash", "=", hashOf(token))
      .executeTakeFirst();
    return row?.session_id;
  }

  /** Forgets what is of no use any more. */
  async purge(): Promise<void> {
    await this.#db
      .deleteFrom("nexus_refresh_tokens")
      .where("expires_at", "<", new Date())
      .execute();
  }
}
