import type { Identity } from "../auth/index.ts";
import { PermissionDenied } from "../exceptions.ts";
import type { Grants } from "./grants.ts";

// Nobody gives others more than they have, and nobody changes somebody who may do more: who could set
// the password of an administrator would be one.

/** @throws PermissionDenied where somebody has not all of these themselves */
export function refuseGiving(me: Identity, permissions: Iterable<string>): void {
  for (const permission of permissions) {
    if (me.hasPermission(permission)) continue;
    throw new PermissionDenied(`Only who has '${permission}' may grant it`, options);
  }
}

/**
 * A role may open routes by its name alone, so its permissions are not all of it.
 * @throws PermissionDenied where somebody has neither this role nor all permissions
 */
export function refuseGivingRole(
  me: Identity,
  role: { readonly name: string; readonly permissions: readonly string[] },
): void {
  refuseGiving(me, role.permissions);
  if (me.hasRole(role.name) || me.hasPermission("*")) return;
  throw new PermissionDenied(`Only who has the role '${role.name}' may grant it`, options);
}

/** @throws PermissionDenied where somebody else may do more, and for a key that would change its owner */
export function refuseTouching(me: Identity, userId: string, { permissions, roles }: Grants): void {
  if (me.id === userId) {
    if (me.apiKey === undefined) return;
    throw new PermissionDenied("An API key cannot change its owner", options);
  }
  const all = me.hasPermission("*");
  const isLess =
    permissions.every((one) => me.hasPermission(one)) &&
    (all || roles.every((role) => me.hasRole(role)));
  if (isLess) return;
  throw new PermissionDenied("Only who may do as much as somebody may change them", options);
}

const options = { errorCode: "ESCALATION" };
