import type { Database } from "../database/index.ts";
import type { Tables } from "./tables.ts";

/** What somebody may, wildcards included, and the roles that they have. */
export interface Grants {
  readonly permissions: readonly string[];
  readonly roles: readonly string[];
}

/** Milliseconds until a change made by another process is seen. */
const lifetime = 2000;
const capacity = 10_000;

/** What users may, kept for a moment: every request of theirs asks. */
export class GrantCache {
  readonly #db: Database<Tables>;
  readonly #kept = new Map<string, { readonly grants: Grants; readonly until: number }>();
  #changes = 0;

  constructor(db: Database<Tables>) {
    this.#db = db;
  }

  async of(userId: string): Promise<Grants> {
    const now = Date.now();
    const kept = this.#kept.get(userId);
    // A clock that was set back must not keep what it kept for longer.
    if (kept && kept.until > now && kept.until <= now + lifetime) return kept.grants;
    const changes = this.#changes;
    const grants = await readGrants(this.#db, userId);
    // What was read before a change is not kept after it.
    if (changes === this.#changes) this.#keep(userId, grants, now + lifetime);
    return grants;
  }

  /** Of one user, or of all. */
  forget(userId?: string): void {
    this.#changes++;
    if (userId === undefined) this.#kept.clear();
    else this.#kept.delete(userId);
  }

  #keep(userId: string, grants: Grants, until: number): void {
    this.#kept.delete(userId);
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= capacity) this.#kept.delete(oldest);
    this.#kept.set(userId, { grants, until });
  }
}

/** As they stand in the database, in the transaction of the caller. */
export async function readGrants(db: Database<Tables>, userId: string): Promise<Grants> {
  const ofRoles = await db
    .selectFrom("nexus_user_roles as given")
    .leftJoin("nexus_role_permissions as allowed", "allowed.role", "given.role")
    .select(["given.role", "allowed.permission"])
    .where("given.user_id", "=", userId)
    .execute();
  const own = await directPermissions(db, userId);
  const permissions = [...ofRoles.flatMap(({ permission }) => permission ?? []), ...own];
  return {
    permissions: [...new Set(permissions)].toSorted(),
    roles: [...new Set(ofRoles.map(({ role }) => role))].toSorted(),
  };
}

/** Those that a user has without any role. */
export async function directPermissions(db: Database<Tables>, userId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("nexus_user_permissions")
    .select("permission")
    .where("user_id", "=", userId)
    .orderBy("permission")
    .execute();
  return rows.map(({ permission }) => permission);
}
