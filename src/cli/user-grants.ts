import { administrator, type Roles } from "../accounts/index.ts";
import { transaction } from "../database/index.ts";
import { NexusError } from "../exceptions.ts";
import { change } from "./user-changes.ts";

export interface GrantOptions {
  readonly admin?: boolean;
  readonly role: readonly string[];
  readonly permission: readonly string[];
}

export interface Given {
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

export async function grant(name: string, options: GrantOptions): Promise<void> {
  const given = grantsOf(options);
  refuseNothing("grant", given);
  await change(name, "user.granted", given, async ({ roles }, { id, username }) => {
    await refuseUnknown(roles, given);
    await give(roles, id, given);
    return `${username} has ${wordsOf(given)}.`;
  });
}

export async function revoke(name: string, options: GrantOptions): Promise<void> {
  const taken = grantsOf(options);
  refuseNothing("revoke", taken);
  await change(name, "user.revoked", taken, async ({ roles }, { id, username }) => {
    await take(roles, id, username, taken);
    return `${username} has no longer ${wordsOf(taken)}.`;
  });
}

/** All of it, or nothing. */
export function give(roles: Roles, id: string, given: Given): Promise<void> {
  return transaction(async () => {
    for (const role of given.roles) await roles.grantRole(id, role);
    for (const permission of given.permissions) await roles.grantPermission(id, permission);
  });
}

/** All of it, or nothing. @throws NX_USER for what the user did not have */
function take(roles: Roles, id: string, username: string, taken: Given): Promise<void> {
  return transaction(async () => {
    const missing: string[] = [];
    for (const role of taken.roles)
      if (!(await roles.revokeRole(id, role))) missing.push(`the role ${role}`);
    for (const permission of taken.permissions)
      if (!(await roles.revokePermission(id, permission))) missing.push(permission);
    if (!missing.length) return;
    throw new NexusError("NX_USER", `${username} did not have ${missing.join(", ")}.`, {
      cure: "Nothing was changed; `nexus user list` shows what users have.",
    });
  });
}

/** @throws NX_USER */
export async function refuseUnknown(roles: Roles, given: Given): Promise<void> {
  for (const name of given.roles) {
    if (await roles.get(name)) continue;
    const { roles: some } = await roles.list({ page: 1, per_page: 20 });
    const names = some.map((role) => role.name).join(", ");
    throw new NexusError("NX_USER", `There is no role "${name}".`, {
      cure: `Known are ${names}; plugins bring theirs when the app runs.`,
    });
  }
}

export function grantsOf({ admin, role, permission }: GrantOptions): Given {
  return { roles: [...role, ...(admin ? [administrator] : [])], permissions: permission };
}

function refuseNothing(command: string, { roles, permissions }: Given): void {
  if (roles.length || permissions.length) return;
  throw new NexusError("NX_USER", `nexus user ${command} was told nothing to ${command}.`, {
    cure: "Add --role <name>, --permission <name> or --admin.",
  });
}

function wordsOf({ roles, permissions }: Given): string {
  return [...roles.map((role) => `the role ${role}`), ...permissions].join(", ");
}
