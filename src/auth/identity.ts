import { findContext } from "../context.ts";
import { dependency } from "../dependency.ts";
import { NotAuthenticated } from "../exceptions.ts";
import { key } from "../services.ts";

/** Who is asking. */
export interface Identity {
  readonly id: string;
  readonly username: string;
  hasPermission(permission: string): boolean;
  hasRole(role: string): boolean;
}

/** Where a request keeps who is asking. */
export const identityKey = key<Identity>("nexus/Identity");

/** Who is asking; nobody is `undefined`. */
export const optionalUser = dependency((): Identity | undefined =>
  findContext()?.find(identityKey),
);

/** Who is asking; nobody is a 401. */
export const currentUser = dependency({ use: { user: optionalUser } }, ({ user }): Identity => {
  if (!user) throw new NotAuthenticated();
  return user;
});
