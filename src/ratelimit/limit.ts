import { identify, type Identity, identityKey, isRefusal } from "../auth/index.ts";
import { type Context, contextKey, valueOf } from "../context.ts";
import { RateLimited } from "../exceptions.ts";
import type { Response } from "../message/index.ts";
import type { Scope } from "../scope.ts";
import { addressOf, networkOf } from "./address.ts";
import { type Limiter, limiterKey, type RateLimit, type Taken } from "./limiter.ts";
import { createMemoryLimiter } from "./memory.ts";

/** What limits a route. A request counts once: at the first step or at the second. */
export interface Limit {
  /** Counts who has no credentials, or refused ones; or everybody. @throws RateLimited */
  byAddress(context: Context): Promise<void>;
  /** Counts who is known, unless everybody counts by address. @throws RateLimited */
  byUser(context: Context): Promise<void>;
  /** Tells the client, on every answer. */
  announce(context: Context, response: Response): Promise<Response>;
}

const takenKey = contextKey<Taken>("nexus.rateLimit");

/** @param route counts apart from all others */
export function compileLimit(limit: RateLimit | undefined, route: string): Limit | undefined {
  if (!limit) return undefined;
  const isByAddress = limit.by === "address";
  const policy = `"default";q=${limit.requests};w=${Math.ceil(limit.window)}`;

  const take = async (context: Context, who: string): Promise<void> => {
    const taken = await limiterOf(context.root).take(`${route} ${who}`, limit);
    context.values.set(takenKey.name, taken);
    if (taken.allowed) return;
    const retryAfter = Math.max(1, Math.ceil(taken.retryAfter));
    throw new RateLimited(retryAfter, "Rate limit exceeded", {
      errorCode: "RATE_LIMIT_EXCEEDED",
      extra: { retry_after: retryAfter },
    });
  };

  const peek = async (context: Context): Promise<Taken | undefined> => {
    const user = isByAddress ? undefined : context.find(identityKey);
    const who = user ? nameOf(user) : strangerAt(context);
    return limiterOf(context.root).peek?.(`${route} ${who}`, limit);
  };

  return {
    async byAddress(context) {
      // Nobody is asked who they are: that is the route's own affair.
      if (isByAddress) return take(context, strangerAt(context));
      let failure: unknown;
      const user = await identify(context).catch((error: unknown) => void (failure = error));
      if (user) return;
      await take(context, strangerAt(context));
      // A refusal is for who guards the route; what else fails is no answer to who asks.
      if (failure !== undefined && !isRefusal(failure)) throw failure;
    },
    async byUser(context) {
      if (isByAddress) return;
      const user = await identify(context).catch(() => undefined);
      if (user) await take(context, nameOf(user));
    },
    async announce(context, response) {
      // A 403, or a layer around the route, answers before anything is counted.
      const taken = valueOf(context, takenKey) ?? (await peek(context));
      response.headers.set("RateLimit-Policy", policy);
      if (taken) {
        const { remaining, reset } = taken;
        response.headers.set("RateLimit", `"default";r=${remaining};t=${Math.ceil(reset)}`);
      }
      return response;
    },
  };
}

function strangerAt(context: Context): string {
  const address = addressOf(context);
  return `address ${address === undefined ? "" : networkOf(address)}`;
}

function nameOf({ id, apiKey }: Identity): string {
  return id === "" && apiKey !== undefined ? `key ${apiKey}` : `user ${id}`;
}

/** The app's, made when it is first needed. */
function limiterOf(app: Scope): Limiter {
  const known = app.find(limiterKey);
  if (known) return known;
  const limiter = createMemoryLimiter();
  app.provide(limiterKey, limiter);
  return limiter;
}
