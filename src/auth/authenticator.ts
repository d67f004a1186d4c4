import type { Context } from "../context.ts";
import { isHTTPException, NotAuthenticated, PermissionDenied } from "../exceptions.ts";
import type { Request } from "../message/index.ts";
import { key } from "../scope.ts";
import { type Identity, identityKey } from "./identity.ts";

/** Works out who asks, from the credentials of a request. */
export interface Authenticator {
  /**
   * @returns nobody, where there are no credentials
   * @throws NotAuthenticated for refused ones
   */
  authenticate(request: Request): Promise<Identity | undefined>;
}

/** Where an app's scope has the one that is asked. */
export const authenticatorKey = key<Authenticator>("nexus/Authenticator");

const outcomeKey = key<Promise<Identity | undefined>>("nexus/Authentication");

/**
 * Who asks: what somebody has put under `identityKey`, else what the authenticator says. It is asked
 * once a request; a refusal, too, is kept, and thrown again.
 */
export async function identify(context: Context): Promise<Identity | undefined> {
  const known = context.find(identityKey);
  if (known) return known;
  const before = context.find(outcomeKey);
  if (before) return before;
  const authenticator = context.find(authenticatorKey);
  if (!authenticator) return undefined;
  const outcome = authenticate(authenticator, context);
  context.provide(outcomeKey, outcome);
  return outcome;
}

async function authenticate(
  authenticator: Authenticator,
  context: Context,
): Promise<Identity | undefined> {
  const identity = await authenticator.authenticate(context.request);
  if (identity) context.provide(identityKey, identity);
  return identity;
}

/**
 * Asks the authenticator again, where it has said who asks: a body arrives as slowly as its sender
 * likes, and who held it back may have been shut out since.
 * @throws NotAuthenticated, and PermissionDenied for somebody who may less than before
 */
export async function confirm(context: Context): Promise<void> {
  const authenticator = context.find(outcomeKey) && context.find(authenticatorKey);
  const before = context.find(identityKey);
  if (!authenticator || !before) return;
  const now = await authenticate(authenticator, context);
  if (now?.id !== before.id) throw new NotAuthenticated();
  const { permissions = [], roles = [] } = before;
  if (permissions.every((one) => now.hasPermission(one)) && roles.every((one) => now.hasRole(one)))
    return;
  throw new PermissionDenied("You may less than when you began to ask: ask again");
}

/** Whether credentials were refused, or came without proof of who sends them; anything else that fails is no answer to who asks. */
export function isRefusal(error: unknown): boolean {
  return isHTTPException(error) && (error.status === 401 || error.status === 403);
}
