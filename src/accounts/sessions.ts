import { Database } from "../database/index.ts";
import { inject, Service } from "../services.ts";
import { AccessTokens } from "./access-tokens.ts";
import { AuditService } from "./audit.ts";
import { hashOf, newSecret } from "./opaque.ts";
import { prepare } from "./prepared.ts";
import { RefreshTokens } from "./refresh-tokens.ts";
import { after, newSession, sessionLifetime } from "./session-row.ts";
import type { SessionRow, Tables } from "./tables.ts";

/** Milliseconds; not every request is written down. */
const resolution = 60_000;

/** What a client gets that signs in, or that renews. */
export interface Granted {
  readonly access_token: string;
  readonly token_type: "bearer";
  /** Seconds that the access token is good for. */
  readonly expires_in: number;
  readonly refresh_token: string;
}

/** A session whose user may sign in. */
export interface Live {
  readonly id: string;
  readonly user_id: string;
  readonly username: string;
  readonly last_used_at: Date;
}

/** Who is signed in, from where, and since when. */
export class Sessions extends Service {
  readonly #db = inject(Database<Tables>);
  readonly #tokens = inject(AccessTokens);
  readonly #refreshTokens = inject(RefreshTokens);
  readonly #audit = inject(AuditService);

  readonly #byId = prepare(
    this.#db,
    ({ id, user_id, now }: { id: string; user_id: string; now: Date }) =>
      this.#live(now).where("session.id", "=", id).where("session.user_id", "=", user_id),
  );
  readonly #bySecret = prepare(this.#db, ({ hash, now }: { hash: string; now: Date }) =>
    this.#live(now).where("session.secret_hash", "=", hash),
  );

  /** A session whose client keeps tokens. */
  async signIn(userId: string): Promise<Granted> {
    const row = newSession(userId, "token", null);
    return this.#db.transaction().execute(async () => {
      await this.#db.insertInto("nexus_sessions").values(row).execute();
      return this.#grant(row, row.expires_at);
    });
  }

  /** A session whose client is a browser that keeps a cookie. */
  async open(userId: string): Promise<{ readonly secret: string; readonly expires_at: Date }> {
    const secret = newSecret();
    const row = newSession(userId, "cookie", hashOf(secret));
    await this.#db.insertInto("nexus_sessions").values(row).execute();
    return { secret, expires_at: row.expires_at };
  }

  /**
   * New tokens for an old refresh token, which is good once: of two who use it one has stolen it, so
   * the second use ends the session.
   */
  async refresh(token: string): Promise<Granted | undefined> {
    // The end of a session is kept, so it is no error inside the transaction.
    return this.#db.transaction().execute(async () => {
      const used = await this.#refreshTokens.use(token);
      if (!used) return undefined;
      if (used.again) {
        const target = `session:${used.session_id}`;
        if (await this.end(used.session_id))
          await this.#audit.log({ action: "session.stolen", target, result: "failure" });
        return undefined;
      }
      const live = await this.#live(new Date())
        .where("session.id", "=", used.session_id)
        .executeTakeFirst();
      if (!live) return undefined;
      const now = new Date();
      const expires_at = after(now, sessionLifetime);
      await this.#db
        .updateTable("nexus_sessions")
        .set({ last_used_at: now, expires_at })
        .where("id", "=", live.id)
        .execute();
      return this.#grant(live, expires_at);
    });
  }

  /** The session that an access token names. */
  async find(id: string, user_id: string): Promise<Live | undefined> {
    return this.#used(await this.#byId({ id, user_id, now: new Date() }));
  }

  /** The session that a cookie belongs to. */
  async findBySecret(secret: string): Promise<Live | undefined> {
    return this.#used(await this.#bySecret({ hash: hashOf(secret), now: new Date() }));
  }

  /** Those of a user that last; the one that was used last comes first. */
  async list(userId: string): Promise<Omit<SessionRow, "secret_hash" | "revoked_at">[]> {
    return this.#db
      .selectFrom("nexus_sessions")
      .select([
        "id",
        "user_id",
        "kind",
        "created_at",
        "last_used_at",
        "expires_at",
        "user_agent",
        "address",
      ])
      .where("user_id", "=", userId)
      .where("revoked_at", "is", null)
      .where("expires_at", ">", new Date())
      .orderBy("last_used_at", "desc")
      .orderBy("id")
      .execute();
  }

  /**
   * Its tokens are refused from now on.
   * @param userId only if it is theirs
   * @returns whether there was one to end
   */
  async end(id: string, userId?: string): Promise<boolean> {
    let row = this.#db
      .updateTable("nexus_sessions")
      .set({ revoked_at: new Date() })
      .where("id", "=", id)
      .where("revoked_at", "is", null);
    if (userId !== undefined) row = row.where("user_id", "=", userId);
    return (await row.executeTakeFirst()).numUpdatedRows > 0n;
  }

  /** Ends the session of a refresh token, used or not. */
  async endByToken(token: string): Promise<boolean> {
    const session = await this.#refreshTokens.sessionOf(token);
    return session !== undefined && this.end(session);
  }

  /** @param keep one that goes on @returns how many have ended */
  async endAll(userId: string, keep?: string): Promise<number> {
    let rows = this.#db
      .updateTable("nexus_sessions")
      .set({ revoked_at: new Date() })
      .where("user_id", "=", userId)
      .where("revoked_at", "is", null);
    if (keep !== undefined) rows = rows.where("id", "!=", keep);
    return Number((await rows.executeTakeFirst()).numUpdatedRows);
  }

  /** Forgets those that ended a month ago. */
  async purge(): Promise<void> {
    const before = after(new Date(), -sessionLifetime);
    await this.#db
      .deleteFrom("nexus_sessions")
      .where((session) =>
        session.or([session("expires_at", "<", before), session("revoked_at", "<", before)]),
      )
      .execute();
    await this.#refreshTokens.purge();
  }

  #live(now: Date) {
    return this.#db
      .selectFrom("nexus_sessions as session")
      .innerJoin("nexus_users as user", "user.id", "session.user_id")
      .select(["session.id", "session.user_id", "session.last_used_at", "user.username"])
      .where("session.revoked_at", "is", null)
      .where("session.expires_at", ">", now)
      .where("user.active", "=", true);
  }

  async #used(live: Live | undefined): Promise<Live | undefined> {
    const now = new Date();
    if (live && now.getTime() - live.last_used_at.getTime() > resolution) {
      await this.#db
        .updateTable("nexus_sessions")
        .set({ last_used_at: now })
        .where("id", "=", live.id)
        .execute();
    }
    return live;
  }

  async #grant(
    { id, user_id }: Pick<SessionRow, "id" | "user_id">,
    expires_at: Date,
  ): Promise<Granted> {
    const { token, expiresIn } = this.#tokens.issue({ sub: user_id, sid: id });
    const refresh_token = await this.#refreshTokens.create(id, expires_at);
    return { access_token: token, token_type: "bearer", expires_in: expiresIn, refresh_token };
  }
}
