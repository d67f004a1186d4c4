import { NexusError } from "../exceptions.ts";
import { key } from "../scope.ts";

/** So many requests in each stretch of so many seconds. */
export interface RateLimit {
  readonly requests: number;
  /** Seconds. */
  readonly window: number;
  /**
   * Whose requests are counted together. Default "user": a user's, an API key's that is no user's, and
   * of all others an address's. "address": an address's, whoever asks, so that an account of one's own
   * is worth no second limit.
   */
  readonly by?: "user" | "address";
}

/** What became of a request. */
export interface Taken {
  readonly allowed: boolean;
  /** Requests that are left. */
  readonly remaining: number;
  /** Seconds until there is one more. */
  readonly reset: number;
  /** Seconds until a refused client may come again; 0 for an allowed one. */
  readonly retryAfter: number;
}

/** Counts requests. */
export interface Limiter {
  /** @param now milliseconds */
  take(name: string, limit: RateLimit, now?: number): Taken | Promise<Taken>;
  /** What `take` would leave, were it not counted: for answers that came before anything was. */
  peek?(name: string, limit: RateLimit, now?: number): Taken | Promise<Taken>;
}

/** Where an app's scope has the one that counts. */
export const limiterKey = key<Limiter>("nexus/Limiter");

/** @param who says so, for the message */
export function checkLimit(limit: RateLimit | undefined, who: () => string): void {
  if (limit === undefined) return;
  const { requests, window, by } = (limit ?? {}) as Partial<RateLimit>;
  const fits =
    Number.isSafeInteger(requests) && requests! > 0 && Number.isFinite(window) && window! > 0;
  if (!fits) {
    throw new NexusError("NX_RATE_LIMIT", `${who()} says a rateLimit that counts nothing.`, {
      cure: "Write rateLimit: { requests: 10, window: 60 }: 10 requests in 60 seconds.",
    });
  }
  if (by === undefined || by === "user" || by === "address") return;
  throw new NexusError("NX_RATE_LIMIT", `${who()} says a rateLimit by ${JSON.stringify(by)}.`, {
    cure: 'Write by: "address" to count addresses only, or leave it out.',
  });
}
