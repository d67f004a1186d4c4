import { randomUUID } from "node:crypto";
import { allows, createIdentity, type Identity } from "../auth/index.ts";
import { Database, type Selectable } from "../database/index.ts";
import { inject, Service } from "../services.ts";
import { hashOf, newSecret } from "./opaque.ts";
import { refuseNoGrant } from "./permission-names.ts";
import { prepare } from "./prepared.ts";
import { Roles } from "./roles.ts";
import type { ApiKeyRow, Tables } from "./tables.ts";

/** A key as its owner sees it: never the key itself, and never its hash. */
export type ApiKeyInfo = Pick<Selectable<ApiKeyRow>, (typeof shown)[number]>;

const shown = [
  "id",
  "name",
  "prefix",
  "permissions",
  "expires_at",
  "last_used_at",
  "created_at",
] as const satisfies (keyof ApiKeyRow)[];

export interface NewApiKey {
  readonly name: string;
  /** Default `["*"]`: whatever its owner may. */
  readonly permissions?: readonly string[] | undefined;
  /** Default never. */
  readonly expiresAt?: Date | undefined;
}

/** What every key begins with. */
const mark = "nx_";
const format = /^nx_[\w-]{43}$/;
/** Milliseconds in which the last use of a key is written once. */
const precision = 60_000;

/** Keys for programs: each acts for its owner, and may at most what that one may at that moment. */
export class ApiKeys extends Service {
  readonly #db = inject(Database<Tables>);
  readonly #roles = inject(Roles);

  readonly #find = prepare(this.#db, ({ hash }: { hash: string }) =>
    this.#db
      .selectFrom("nexus_api_keys as key")
      .innerJoin("nexus_users as user", "user.id", "key.user_id")
      .select(["key.id", "key.permissions", "key.expires_at", "key.last_used_at"])
      .select(["user.id as user_id", "user.username"])
      .where("key.hash", "=", hash)
      .where("key.revoked_at", "is", null)
      .where("user.active", "=", true),
  );

  /** @returns the key, which nobody can read again, and what is known of it */
  async create(
    userId: string,
    { name, permissions = ["*"], expiresAt }: NewApiKey,
  ): Promise<{ readonly key: string; readonly info: ApiKeyInfo }> {
    refuseNoGrant(permissions);
    const key = mark + newSecret();
    const info = await this.#db
      .insertInto("nexus_api_keys")
      .values({
        id: randomUUID(),
        user_id: userId,
        name,
        prefix: key.slice(0, mark.length + 5),
        hash: hashOf(key),
        permissions: [...new Set(permissions)],
        expires_at: expiresAt ?? null,
        last_used_at: null,
        created_at: new Date(),
        revoked_at: null,
      })
      .returning(shown)
      .executeTakeFirstOrThrow();
    return { key, info };
  }

  /** Those of a user that are not revoked, the oldest first. */
  list(userId: string): Promise<ApiKeyInfo[]> {
    return this.#db
      .selectFrom("nexus_api_keys")
      .select(shown)
      .where("user_id", "=", userId)
      .where("revoked_at", "is", null)
      .orderBy("created_at")
      .orderBy("id")
      .execute();
  }

  /** @returns whether the user had such a key */
  async revoke(userId: string, id: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable("nexus_api_keys")
      .set({ revoked_at: new Date() })
      .where("id", "=", id)
      .where("user_id", "=", userId)
      .where("revoked_at", "is", null)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  /** Of a user. @returns how many there were */
  async revokeAll(userId: string): Promise<number> {
    const { numUpdatedRows } = await this.#db
      .updateTable("nexus_api_keys")
      .set({ revoked_at: new Date() })
      .where("user_id", "=", userId)
      .where("revoked_at", "is", null)
      .executeTakeFirst();
    return Number(numUpdatedRows);
  }

  /** Whose key it is, if it is one that is good, of a user who may sign in. */
  async verify(key: string): Promise<Identity | undefined> {
    if (!format.test(key)) return undefined;
    const now = new Date();
    const row = await this.#find({ hash: hashOf(key) });
    if (!row || (row.expires_at && row.expires_at <= now)) return undefined;
    const { id, user_id, username, last_used_at } = row;
    if (!last_used_at || now.getTime() - last_used_at.getTime() >= precision)
      await this.#used(id, now);
    const grants = await this.#roles.grantsOf(user_id);
    const isWhole = row.permissions.includes("*");
    return createIdentity({
      id: user_id,
      username,
      permissions: isWhole ? grants.permissions : shared(row.permissions, grants.permissions),
      // Routes may ask for a role alone: a key that may not all has none.
      roles: isWhole ? grants.roles : [],
      apiKey: id,
    });
  }

  async #used(id: string, now: Date): Promise<void> {
    await this.#db
      .updateTable("nexus_api_keys")
      .set({ last_used_at: now })
      .where("id", "=", id)
      .execute();
  }
}

/** What both of two lists allow: of `notes:*` and `notes:read` the narrower one. */
function shared(one: readonly string[], other: readonly string[]): string[] {
  const both = [
    ...one.filter((permission) => allows(other, permission)),
    ...other.filter((permission) => allows(one, permission)),
  ];
  return [...new Set(both)].toSorted();
}
