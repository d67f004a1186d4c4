export { addressOf, networkOf } from "./address.ts";
export { type LimitMark, rateLimit } from "./decorator.ts";
export { compileLimit, type Limit } from "./limit.ts";
export { checkLimit, type Limiter, limiterKey, type RateLimit, type Taken } from "./limiter.ts";
export { createMemoryLimiter, type MemoryLimiter, type MemoryLimiterOptions } from "./memory.ts";
