import type { Database } from "../database/index.ts";
import { isPermission } from "../plugin/index.ts";
import { isGrant, isRoleName } from "./permission-names.ts";
import type { Tables } from "./tables.ts";

export interface Bringing {
  readonly plugin: string;
  /** With what each allows. */
  readonly permissions: Readonly<Record<string, string>>;
  readonly roles: Readonly<Record<string, readonly string[]>>;
}

/** What became of it. */
export interface Brought {
  /** What was left out, each with the reason. */
  readonly refused: readonly string[];
}

type DB = Database<Tables>;

/**
 * Takes in what a plugin brings. A role that is there keeps what administrators made of it, but gets
 * those of its permissions that the plugin brings for the first time.
 */
export async function bring(db: DB, { plugin, permissions, roles }: Bringing): Promise<Brought> {
  const refused: string[] = [];
  const added = new Set<string>();
  for (const [name, description] of Object.entries(permissions)) {
    if (!isPermission(name)) refused.push(`"${name}" cannot name a permission`);
    else if (await bringPermission(db, { name, description, plugin })) added.add(name);
  }
  for (const [name, grants] of Object.entries(roles)) {
    const wrong = grants.find((grant) => !isGrant(grant));
    if (!isRoleName(name)) refused.push(`"${name}" cannot name a role`);
    else if (wrong !== undefined) refused.push(`role "${name}": "${wrong}" is no permission`);
    else refused.push(...(await bringRole(db, { name, grants, plugin, added })));
  }
  return { refused };
}

/** @returns whether it was not there before */
async function bringPermission(
  db: DB,
  permission: { readonly name: string; readonly description: string; readonly plugin: string },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto("nexus_permissions")
    .values(permission)
    .onConflict((known) => known.column("name").doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows) return true;
  await db
    .updateTable("nexus_permissions")
    .set({ description: permission.description })
    .where("name", "=", permission.name)
    .where("plugin", "=", permission.plugin)
    .execute();
  return false;
}

async function bringRole(
  db: DB,
  {
    name,
    grants,
    plugin,
    added,
  }: {
    readonly name: string;
    readonly grants: readonly string[];
    readonly plugin: string;
    readonly added: ReadonlySet<string>;
  },
): Promise<string[]> {
  const known = await db
    .selectFrom("nexus_roles")
    .select("plugin")
    .where("name", "=", name)
    .executeTakeFirst();
  if (!known) {
    await db
      .insertInto("nexus_roles")
      .values({ name, title: titleOf(name), description: "", plugin })
      .execute();
  } else if (known.plugin !== plugin) {
    const owner = known.plugin === null ? "an administrator" : `the plugin "${known.plugin}"`;
    return [`role "${name}" is there already, and was made by ${owner}`];
  }
  const wanted = known ? grants.filter((grant) => added.has(grant)) : grants;
  const rows = [...new Set(wanted)].map((permission) => ({ role: name, permission }));
  if (rows.length) {
    await db
      .insertInto("nexus_role_permissions")
      .values(rows)
      .onConflict((row) => row.columns(["role", "permission"]).doNothing())
      .execute();
  }
  return [];
}

/** `note_editor` → `Note editor`. */
function titleOf(name: string): string {
  const words = name.replace(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
