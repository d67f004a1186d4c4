import { decorate, type Decorator, type Mark } from "../decoration.ts";
import { checkLimit, type RateLimit } from "./limiter.ts";

export interface LimitMark extends Mark {
  readonly kind: "rate-limit";
  readonly rateLimit: RateLimit;
}

/** Says of a route's method how often it may be called: `@rateLimit({ requests: 10, window: 60 })`. */
export function rateLimit(limit: RateLimit): Decorator {
  checkLimit(limit, () => "rateLimit()");
  const mark: LimitMark = { kind: "rate-limit", rateLimit: limit };
  return (_, context) => decorate(context, mark) as never;
}
