import { array, assert, integer, nat, property } from "fast-check";
import { expect, test } from "vitest";
import { createMemoryLimiter } from "./index.ts";

const tenAMinute = { requests: 10, window: 60 };

test("the tenth request is allowed, the eleventh is not, and then one by one as the window moves on (L1)", () => {
  let now = 0;
  const limiter = createMemoryLimiter({ now: () => now });
  const taken = Array.from({ length: 10 }, () => {
    now += 1000;
    return limiter.take("a", tenAMinute);
  });
  expect(taken.map(({ allowed }) => allowed)).not.toContain(false);
  expect(taken.map(({ remaining }) => remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  expect(taken[0]).toEqual({ allowed: true, remaining: 9, reset: 60, retryAfter: 0 });
  now = 11_000;
  const refused = { allowed: false, remaining: 0, reset: 50, retryAfter: 50 };
  expect(limiter.take("a", tenAMinute)).toEqual(refused);
  now = 60_999;
  expect(limiter.take("a", tenAMinute)).toMatchObject({ allowed: false, retryAfter: 0.001 });
  now = 61_000;
  expect(limiter.take("a", tenAMinute).allowed).toBe(true);
  expect(limiter.take("a", tenAMinute)).toMatchObject({ allowed: false, retryAfter: 1 });
});

test("there is no burst at the edge of a window (L5)", () => {
  const limiter = createMemoryLimiter();
  const burst = (now: number) =>
    Array.from({ length: 10 }, () => limiter.take("a", tenAMinute, now)).filter(
      ({ allowed }) => allowed,
    ).length;
  expect(burst(59_900)).toBe(10);
  expect(burst(60_100)).toBe(0);
  expect(burst(119_899)).toBe(0);
  expect(burst(119_900)).toBe(10);
});

test("whoever comes whenever, no window ever has more than the limit, and nobody is refused before it", () => {
  const gaps = array(nat(4000), { maxLength: 200 });
  assert(
    property(gaps, integer({ min: 1, max: 8 }), (gaps, requests) => {
      const limiter = createMemoryLimiter();
      const allowed: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        const within = allowed.filter((time) => time > now - 5000).length;
        const taken = limiter.take("a", { requests, window: 5 }, now);
        expect(taken.allowed).toBe(within < requests);
        expect(taken.remaining).toBe(Math.max(0, requests - within - (taken.allowed ? 1 : 0)));
        if (taken.allowed) allowed.push(now);
      }
    }),
  );
});

test("a thousand at once get exactly what the limit says (L7)", async () => {
  const limiter = createMemoryLimiter();
  const all = await Promise.all(
    Array.from({ length: 1000 }, async (_, i) => {
      if (i % 3 === 0) await Promise.resolve();
      return limiter.take("a", { requests: 123, window: 60 });
    }),
  );
  expect(all.filter(({ allowed }) => allowed)).toHaveLength(123);
});

test("what is left can be looked at without counting", () => {
  const limiter = createMemoryLimiter();
  const left = { allowed: true, remaining: 10, reset: 0, retryAfter: 0 };
  expect(limiter.peek("a", tenAMinute, 0)).toEqual(left);
  expect(limiter.size).toBe(0);
  for (let i = 0; i < 10; i++) limiter.take("a", tenAMinute, i * 1000);
  const spent = { allowed: false, remaining: 0, reset: 50, retryAfter: 50 };
  expect(limiter.peek("a", tenAMinute, 10_000)).toEqual(spent);
  expect(limiter.peek("a", tenAMinute, 60_000)).toMatchObject({ allowed: true, remaining: 1 });
  expect(limiter.peek("a", tenAMinute, 70_000)).toEqual(left);
});

test("each name counts for itself", () => {
  const limiter = createMemoryLimiter();
  const one = { requests: 1, window: 60 };
  expect(limiter.take("a", one, 0).allowed).toBe(true);
  expect(limiter.take("a", one, 0).allowed).toBe(false);
  expect(limiter.take("b", one, 0).allowed).toBe(true);
});

test("only so many clients are remembered; who has not come for longest is forgotten", () => {
  const limiter = createMemoryLimiter({ maxKeys: 100 });
  const one = { requests: 1, window: 60 };
  for (let i = 0; i < 100; i++) limiter.take(`${i}`, one, i);
  // A refused one has come, too: hammering is not forgotten.
  expect(limiter.take("0", one, 100).allowed).toBe(false);
  for (let i = 100; i < 150; i++) limiter.take(`${i}`, one, i);
  expect(limiter.size).toBe(100);
  expect(limiter.take("0", one, 200).allowed).toBe(false);
  expect(limiter.take("1", one, 200).allowed).toBe(true);
});

test("only so many requests are remembered, of all together", () => {
  const limiter = createMemoryLimiter({ maxRequests: 1000 });
  const limit = { requests: 500, window: 60 };
  for (let client = 0; client < 20; client++) {
    for (let i = 0; i < 500; i++) limiter.take(`${client}`, limit, client);
  }
  expect(limiter.size).toBe(2);
  expect(limiter.take("19", limit, 20).allowed).toBe(false);
});

test("who has long gone is forgotten, without a clock of its own", () => {
  const limiter = createMemoryLimiter();
  for (let i = 0; i < 1000; i++) limiter.take(`${i}`, tenAMinute, i);
  expect(limiter.size).toBe(1000);
  limiter.take("new", tenAMinute, 62_000);
  expect(limiter.size).toBe(1);
});

test("one client's requests take no more room than the limit, however long it stays", () => {
  const limiter = createMemoryLimiter({ maxRequests: 25 });
  // Were they kept, another client's would be pushed out.
  limiter.take("other", { requests: 1, window: 1e6 }, 0);
  for (let i = 0; i < 10_000; i++) limiter.take("a", tenAMinute, i * 6000);
  expect(limiter.take("other", { requests: 1, window: 1e6 }, 6e7).allowed).toBe(false);
});

test("a limit that was lowered holds for what came before", () => {
  const limiter = createMemoryLimiter();
  for (let i = 0; i < 10; i++) limiter.take("a", tenAMinute, i * 1000);
  const lowered = limiter.take("a", { requests: 3, window: 60 }, 10_000);
  expect(lowered).toEqual({ allowed: false, remaining: 0, reset: 57, retryAfter: 57 });
});
