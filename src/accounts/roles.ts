import { Database } from "../database/index.ts";
import { Conflict } from "../exceptions.ts";
import { inject, Service } from "../services.ts";
import { bring, type Brought } from "./bring.ts";
import { directPermissions, GrantCache, type Grants, readGrants } from "./grants.ts";
import { KnownPermissions } from "./known-permissions.ts";
import { refuseNoGrant } from "./permission-names.ts";
import {
  administrator,
  createRole,
  deleteRole,
  type Holdings,
  holdingsOf,
  listRoles,
  readRole,
  refuseUnknownRoles,
  type Role,
  type RoleFields,
  type RolePage,
  type RoleQuery,
  updateRole,
} from "./role-rows.ts";
import type { Tables } from "./tables.ts";

/** Who may what: roles, their permissions, and who has them. */
export class Roles extends Service {
  readonly #db = inject(Database<Tables>);
  readonly #cache = new GrantCache(this.#db);
  /** The permissions that each running plugin brings. */
  readonly #brought = new Map<string, readonly string[]>();
  /** Those that somebody has described. */
  readonly permissions: KnownPermissions = new KnownPermissions(this.#db, this.#brought);

  async start(): Promise<void> {
    await this.#db
      .insertInto("nexus_roles")
      .values({
        name: administrator,
        title: "Administrator",
        description: "May do everything",
        plugin: "accounts",
      })
      .onConflict((other) => other.column("name").doNothing())
      .execute();
    await this.#db
      .insertInto("nexus_role_permissions")
      .values({ role: administrator, permission: "*" })
      .onConflict((other) => other.columns(["role", "permission"]).doNothing())
      .execute();
  }

  /** What a user may; a change by another process is seen within two seconds. */
  grantsOf(userId: string): Promise<Grants> {
    return this.#cache.of(userId);
  }

  /** As it stands in the database at this moment. */
  readGrants(userId: string): Promise<Grants> {
    return readGrants(this.#db, userId);
  }

  /** What a user has without any role. */
  directPermissions(userId: string): Promise<string[]> {
    return directPermissions(this.#db, userId);
  }

  /** What several users have, by id. */
  holdingsOf(userIds: readonly string[]): Promise<Map<string, Holdings>> {
    return holdingsOf(this.#db, userIds);
  }

  list(query: RoleQuery): Promise<RolePage> {
    return listRoles(this.#db, query);
  }

  get(name: string): Promise<Role | undefined> {
    return readRole(this.#db, name);
  }

  /** @throws Conflict when there is one of this name */
  async create(name: string, fields: RoleFields = {}): Promise<Role> {
    await this.#change(() => createRole(this.#db, name, fields));
    return (await this.get(name))!;
  }

  /** Changes what is given. @throws NotFound; Conflict when `administrator` would lose something */
  async update(name: string, fields: RoleFields): Promise<Role> {
    await this.#change(() => updateRole(this.#db, name, fields));
    return (await this.get(name))!;
  }

  /** Whoever has it loses it. @throws NotFound; Conflict for one that would come back, or must stay */
  delete(name: string): Promise<void> {
    return this.#change(() => deleteRole(this.#db, name, new Set(this.#brought.keys())));
  }

  /** The roles of a user, from now on these. @throws Conflict for the last administrator */
  setRoles(userId: string, roles: readonly string[]): Promise<void> {
    return this.#change(async () => {
      await refuseUnknownRoles(this.#db, roles);
      await this.keepAdministrator(async () => {
        await this.#db.deleteFrom("nexus_user_roles").where("user_id", "=", userId).execute();
        const rows = [...new Set(roles)].map((role) => ({ user_id: userId, role }));
        if (rows.length) await this.#db.insertInto("nexus_user_roles").values(rows).execute();
      });
    }, userId);
  }

  grantRole(userId: string, role: string): Promise<void> {
    return this.#change(async () => {
      const { roles } = await this.readGrants(userId);
      await this.setRoles(userId, [...roles, role]);
    }, userId);
  }

  /** @returns whether the user had it @throws Conflict for the last administrator */
  revokeRole(userId: string, role: string): Promise<boolean> {
    return this.#change(async () => {
      const { roles } = await this.readGrants(userId);
      const others = roles.filter((one) => one !== role);
      if (others.length < roles.length) await this.setRoles(userId, others);
      return others.length < roles.length;
    }, userId);
  }

  /** What a user may without any role, from now on this. */
  async setPermissions(userId: string, permissions: readonly string[]): Promise<void> {
    refuseNoGrant(permissions);
    await this.#change(async () => {
      await this.#db.deleteFrom("nexus_user_permissions").where("user_id", "=", userId).execute();
      const rows = [...new Set(permissions)].map((permission) => ({ user_id: userId, permission }));
      if (rows.length) await this.#db.insertInto("nexus_user_permissions").values(rows).execute();
    }, userId);
  }

  grantPermission(userId: string, permission: string): Promise<void> {
    return this.#change(async () => {
      const own = await this.directPermissions(userId);
      await this.setPermissions(userId, [...own, permission]);
    }, userId);
  }

  /** @returns whether the user had it without any role */
  revokePermission(userId: string, permission: string): Promise<boolean> {
    return this.#change(async () => {
      const own = await this.directPermissions(userId);
      const others = own.filter((one) => one !== permission);
      if (others.length < own.length) await this.setPermissions(userId, others);
      return others.length < own.length;
    }, userId);
  }

  /** Takes in what a plugin brings; what administrators have changed stays as it is. */
  declare(
    plugin: string,
    permissions: Readonly<Record<string, string>>,
    roles: Readonly<Record<string, readonly string[]>> = {},
  ): Promise<Brought> {
    this.#brought.set(plugin, Object.keys(permissions));
    return this.#change(() => bring(this.#db, { plugin, permissions, roles }));
  }

  /** It runs no more: what it brought is known no more, but who was given it keeps it. */
  forget(plugin: string): void {
    this.#brought.delete(plugin);
  }

  /**
   * Does what may take an administrator away, and undoes it if it was the last one that is active.
   * @throws Conflict
   */
  keepAdministrator<T>(work: () => Promise<T>): Promise<T> {
    return this.#db.transaction().execute(async () => {
      const before = await this.#administrators();
      const result = await work();
      if (!before || (await this.#administrators())) return result;
      throw new Conflict("This is the last administrator: make another one first", {
        errorCode: "LAST_ADMINISTRATOR",
      });
    });
  }

  async #administrators(): Promise<number> {
    const { count } = await this.#db
      .selectFrom("nexus_user_roles as given")
      .innerJoin("nexus_users as user", "user.id", "given.user_id")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("given.role", "=", administrator)
      .where("user.active", "=", true)
      .executeTakeFirstOrThrow();
    return count;
  }

  /** All or nothing; what was known of this user, or of all, is read anew. */
  async #change<T>(work: () => Promise<T>, userId?: string): Promise<T> {
    try {
      return await this.#db.transaction().execute(work);
    } finally {
      this.#cache.forget(userId);
    }
  }
}
