import { expect, test } from "vitest";
import { sanitize } from "./sanitize.ts";
import { CreateUser } from "./schemas.ts";

const { email } = CreateUser.shape;

/** How many times longer a text of 16 times the length takes: 16 where it is linear, 256 where it is quadratic. */
function growth(make: (n: number) => string, work: (text: string) => unknown): number {
  const fastest = (n: number): number => {
    const text = make(n);
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      work(text);
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  fastest(1000);
  // What takes less is little but noise, and nothing quadratic.
  return fastest(400_000) / Math.max(fastest(25_000), 0.2);
}

test.each(["<", "<>", "<a", "><", "&lt;"])("sanitising many %j takes linear time", (part) => {
  expect(growth((n) => part.repeat(n), sanitize)).toBeLessThan(64);
});

test.each([
  ["dots", (n: number) => `a@${".".repeat(n)}`],
  ["dots before another @", (n: number) => `a@${".".repeat(n)}@`],
  ["letters without a dot", (n: number) => `a@${"b".repeat(n)}`],
  ["@s", (n: number) => "@".repeat(n)],
  ["pairs", (n: number) => `${"a@".repeat(n)}.`],
])("checking an email of many %s takes linear time", (_, make) => {
  expect(growth(make, (text) => email.safeParse(text))).toBeLessThan(64);
});
