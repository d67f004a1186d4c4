import { type Database, isUniqueViolation } from "../database/index.ts";
import { Conflict, HTTPException, NotFound } from "../exceptions.ts";
import { type PageQuery, paginate, type Pagination, rangeOf } from "../shape/index.ts";
import { contains } from "./fold.ts";
import { isRoleName, refuseNoGrant } from "./permission-names.ts";
import type { RoleRow, Tables } from "./tables.ts";

/** The role of those who may everything; it is there from the beginning, and stays. */
export const administrator = "administrator";

export interface Role extends RoleRow {
  permissions: string[];
}

export interface RolePage {
  roles: Role[];
  pagination: Pagination;
}

export interface RoleQuery extends PageQuery {
  readonly search?: string | undefined;
}

export interface RoleFields {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly permissions?: readonly string[] | undefined;
}

type DB = Database<Tables>;

/** By name. */
export async function listRoles(db: DB, { search, ...page }: RoleQuery): Promise<RolePage> {
  let found = db.selectFrom("nexus_roles");
  if (search) {
    found = found.where((role) =>
      role.or([
        contains("name", search),
        contains("title", search),
        contains("description", search),
      ]),
    );
  }
  const { total } = await found
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  const { offset, limit } = rangeOf(total, page);
  const rows = await found.selectAll().orderBy("name").limit(limit).offset(offset).execute();
  return { roles: await withPermissions(db, rows), pagination: paginate(total, page) };
}

export async function readRole(db: DB, name: string): Promise<Role | undefined> {
  const rows = await db.selectFrom("nexus_roles").selectAll().where("name", "=", name).execute();
  const [role] = await withPermissions(db, rows);
  return role;
}

/** @throws Conflict when there is one of this name, in whatever case */
export async function createRole(db: DB, name: string, fields: RoleFields): Promise<void> {
  const { title = name, description = "", permissions = [] } = fields;
  if (!isRoleName(name)) throw new HTTPException(422, `"${name}" cannot name a role`);
  // Two that only look alike would be taken for each other.
  const alike = await db
    .selectFrom("nexus_roles")
    .select("name")
    .where(({ fn }) => fn<string>("lower", ["name"]), "=", name.toLowerCase())
    .executeTakeFirst();
  if (alike) throw roleExists();
  try {
    await db.insertInto("nexus_roles").values({ name, title, description, plugin: null }).execute();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw roleExists();
  }
  await setPermissions(db, name, permissions);
}

/** Changes what is given. @throws NotFound; Conflict when the built-in one would lose something */
export async function updateRole(db: DB, name: string, fields: RoleFields): Promise<void> {
  const { permissions, title, description } = fields;
  if (!(await readRole(db, name))) throw new NotFound("Role not found");
  const words = {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
  };
  if (Object.keys(words).length)
    await db.updateTable("nexus_roles").set(words).where("name", "=", name).execute();
  if (!permissions) return;
  if (name === administrator && !permissions.includes("*"))
    throw builtIn("The role administrator keeps all permissions");
  await setPermissions(db, name, permissions);
}

/**
 * Whoever has it loses it.
 * @param bringers plugins that would bring theirs again
 * @throws NotFound; Conflict for one that would come back, and for the built-in one
 */
export async function deleteRole(
  db: DB,
  name: string,
  bringers: ReadonlySet<string>,
): Promise<void> {
  if (name === administrator) throw builtIn("The role administrator cannot be deleted");
  const role = await readRole(db, name);
  if (!role) throw new NotFound("Role not found");
  if (role.plugin !== null && bringers.has(role.plugin)) {
    throw new Conflict(
      `The plugin "${role.plugin}" brings this role: take its permissions away instead`,
      { errorCode: "ROLE_OF_PLUGIN" },
    );
  }
  await db.deleteFrom("nexus_roles").where("name", "=", name).execute();
}

export async function refuseUnknownRoles(db: DB, roles: Iterable<string>): Promise<void> {
  const known = await db.selectFrom("nexus_roles").select("name").execute();
  for (const role of roles) {
    if (known.some(({ name }) => name === role)) continue;
    throw new HTTPException(422, `There is no role "${role}"`, { errorCode: "ROLE_UNKNOWN" });
  }
}

/** What a user has: roles, and permissions without any role. */
export interface Holdings {
  readonly roles: string[];
  readonly permissions: string[];
}

/** Of several users, by id: for lists. */
export async function holdingsOf(db: DB, users: readonly string[]): Promise<Map<string, Holdings>> {
  const found = new Map(
    users.map((id): [string, Holdings] => [id, { roles: [], permissions: [] }]),
  );
  if (!users.length) return found;
  const roles = db.selectFrom("nexus_user_roles").selectAll().where("user_id", "in", users);
  for (const { user_id, role } of await roles.orderBy("role").execute())
    found.get(user_id)!.roles.push(role);
  const direct = db.selectFrom("nexus_user_permissions").selectAll().where("user_id", "in", users);
  for (const { user_id, permission } of await direct.orderBy("permission").execute())
    found.get(user_id)!.permissions.push(permission);
  return found;
}

async function withPermissions(db: DB, roles: readonly RoleRow[]): Promise<Role[]> {
  if (!roles.length) return [];
  const names = roles.map(({ name }) => name);
  const rows = await db
    .selectFrom("nexus_role_permissions")
    .selectAll()
    .where("role", "in", names)
    .orderBy("permission")
    .execute();
  return roles.map((role) => ({
    ...role,
    permissions: rows.filter((row) => row.role === role.name).map(({ permission }) => permission),
  }));
}

async function setPermissions(db: DB, role: string, permissions: readonly string[]): Promise<void> {
  refuseNoGrant(permissions);
  await db.deleteFrom("nexus_role_permissions").where("role", "=", role).execute();
  const rows = [...new Set(permissions)].map((permission) => ({ role, permission }));
  if (rows.length) await db.insertInto("nexus_role_permissions").values(rows).execute();
}

function roleExists(): Conflict {
  return new Conflict("Role already exists", { errorCode: "ROLE_EXISTS" });
}

function builtIn(detail: string): Conflict {
  return new Conflict(detail, { errorCode: "ROLE_BUILT_IN" });
}
