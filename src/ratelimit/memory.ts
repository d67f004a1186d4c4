import type { Limiter, RateLimit, Taken } from "./limiter.ts";

export interface MemoryLimiterOptions {
  /** Clients of routes that are remembered; whoever has not come for longest is forgotten first. Default 100,000. */
  readonly maxKeys?: number;
  /** Requests that are remembered, of all together. Default 2,000,000: 16 MB. */
  readonly maxRequests?: number;
  /** Milliseconds; default a clock that is never set back. */
  readonly now?: () => number;
}

export interface MemoryLimiter extends Limiter {
  take(name: string, limit: RateLimit, now?: number): Taken;
  peek(name: string, limit: RateLimit, now?: number): Taken;
  /** Clients that are remembered. */
  readonly size: number;
}

/**
 * Counts in this process, exactly: it remembers when each request came, so that no stretch of a
 * window's length ever has more than the limit. Refused requests do not count.
 */
export function createMemoryLimiter(options: MemoryLimiterOptions = {}): MemoryLimiter {
  const { maxKeys = 100_000, maxRequests = 2_000_000, now: clock = monotonic } = options;
  /** The one that came last stands last. */
  const logs = new Map<string, Log>();
  let kept = 0;

  const forget = (name: string, log: Log): void => {
    kept -= log.times.length;
    logs.delete(name);
  };
  const makeRoom = (now: number): void => {
    for (const [name, log] of logs) {
      const isFull = logs.size > maxKeys || (kept > maxRequests && logs.size > 1);
      if (!isFull && log.times.at(-1)! + log.window > now) return;
      forget(name, log);
    }
  };

  return {
    take(name, limit, now = clock()) {
      const log = logs.get(name) ?? { times: [], first: 0, window: 0 };
      log.window = limit.window * 1000;
      const before = log.times.length;
      drop(log, now - log.window);
      const allowed = countOf(log) < limit.requests;
      if (allowed) log.times.push(now);
      kept += log.times.length - before;
      logs.delete(name);
      logs.set(name, log);
      makeRoom(now);
      return stateOf(log, limit, allowed, now);
    },
    peek(name, limit, now = clock()) {
      const window = limit.window * 1000;
      const times = logs.get(name)?.times.filter((time) => time > now - window) ?? [];
      return stateOf({ times, first: 0, window }, limit, times.length < limit.requests, now);
    },
    get size() {
      return logs.size;
    },
  };
}

/** When somebody's requests came, oldest first; those before `first` are over. */
interface Log {
  times: number[];
  first: number;
  /** Milliseconds. */
  window: number;
}

const countOf = ({ times, first }: Log): number => times.length - first;

function stateOf(log: Log, { requests }: RateLimit, allowed: boolean, now: number): Taken {
  const count = countOf(log);
  // Of more than the limit, as after it was lowered, all but the last ones have to go first.
  const next = log.times[log.first + Math.max(0, count - requests)];
  const reset = next === undefined ? 0 : Math.max(0, (next + log.window - now) / 1000);
  const remaining = Math.max(0, requests - count);
  return { allowed, remaining, reset, retryAfter: allowed ? 0 : reset };
}

/** Leaves out what came until then. */
function drop(log: Log, until: number): void {
  while (log.first < log.times.length && log.times[log.first]! <= until) log.first++;
  // Not each time: a long list would be copied for every request.
  if (log.first * 2 < log.times.length) return;
  log.times = log.times.slice(log.first);
  log.first = 0;
}

const monotonic = (): number => performance.now();
