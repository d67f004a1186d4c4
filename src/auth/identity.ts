import { key } from "../scope.ts";
import { allows } from "./permissions.ts";

/** Who is asking. */
export interface Identity {
  readonly id: string;
  readonly username: string;
  /** Granted ones, their wildcards included; ask with `hasPermission`. */
  readonly permissions?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
  hasPermission(permission: string): boolean;
  hasRole(role: string): boolean;
  /** The session that the request belongs to, if there is one. */
  readonly session?: string | undefined;
  /** The id of the API key that the request came with, if it did. */
  readonly apiKey?: string | undefined;
}

/** Where a request keeps who is asking. */
export const identityKey = key<Identity>("nexus/Identity");

/** What is known of somebody; what is not said, they have not. */
export interface Known {
  readonly id: string;
  readonly username: string;
  readonly permissions?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly session?: string | undefined;
  readonly apiKey?: string | undefined;
}

export function createIdentity(known: Known): Identity {
  const { permissions = [], roles = [] } = known;
  return {
    ...known,
    permissions,
    roles,
    hasPermission: (permission) => allows(permissions, permission),
    hasRole: (role) => roles.includes(role),
  };
}
