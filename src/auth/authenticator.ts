import type { Context } from "../context.ts";
import { isHTTPException, NotAuthenticated, PermissionDenied } from "../exceptions.ts";
import type { Request } from "../message/index.ts";
import { key } from "../scope.ts";
import { isThenable } from "../waiting.ts";
import { type Identity, identityKey } from "./identity.ts";

/** Works out who asks, from the credentials of a request. */
export interface Authenticator {
  /**
   * @returns nobody, where there are no credentials
   * @throws NotAuthenticated for refused ones
   */
  authenticate(request: Request): Asked;
}
/** Somebody or nobody; a promise of that where it takes time to find out. */
type Asked = Identity | undefined | Promise<Identity | undefined>;

/** Where an app's scope has the one that is asked. */
export const authenticatorKey = key<Authenticator>("nexus/Authenticator");

const outcomeKey = key<{ readonly asked: Asked }>("nexus/Authentication");

/**
 * Who asks: what somebody has put under `identityKey`, else what the authenticator says. It is asked
 * once a request; a refusal, too, is kept, and thrown again.
 */
export async function identify(context: Context): Promise<Identity | undefined> {
  return identifyNow(context);
}

/** As `identify`, but at once where that is known, or the authenticator says it at once. */
export function identifyNow(context: Context): Asked {
  const known = context.find(identityKey);
  if (known) return known;
  const before = context.find(outcomeKey);
  if (before) return before.asked;
  const authenticator = context.find(authenticatorKey);
  if (!authenticator) return undefined;
  const asked = authenticate(authenticator, context);
  context.provide(outcomeKey, { asked });
  return asked;
}

function authenticate(authenticator: Authenticator, context: Context): Asked {
  const keep = (identity: Identity | undefined): Identity | undefined => {
    if (identity) context.provide(identityKey, identity);
    return identity;
  };
  try {
    const asked = authenticator.authenticate(context.request);
    // Nobody is let in because their identity is still a promise, of whatever kind.
    return isThenable(asked) ? Promise.resolve(asked).then(keep) : keep(asked);
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Asks the authenticator again, where it has said who asks: a body arrives as slowly as its sender
 * likes, and who held it back may have been shut out since.
 * @throws NotAuthenticated, and PermissionDenied for somebody who may less than before
 */
export function confirm(context: Context): Promise<void> | undefined {
  if (!context.has(outcomeKey)) return undefined;
  const authenticator = context.find(authenticatorKey);
  const before = context.find(identityKey);
  return authenticator && before && ask(authenticator, context, before);
}

async function ask(authenticator: Authenticator, context: Context, before: Identity) {
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
