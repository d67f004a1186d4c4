import { expect, onTestFinished, test, vi } from "vitest";
import { inTime, later, longest, untilAborted } from "./waiting.ts";

const never = new Promise<never>(() => {});

test("a time that no timer can hold is waited for all the same, and Infinity is for ever", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const done: number[] = [];
  for (const time of [-1, 10, longest + 1, 1e300, Infinity]) later(time, () => done.push(time));
  vi.advanceTimersByTime(9);
  expect(done).toEqual([-1]);
  vi.advanceTimersByTime(longest - 10);
  expect(done).toEqual([-1, 10]);
  vi.advanceTimersByTime(1);
  expect(done).toEqual([-1, 10, longest + 1, 1e300]);
  expect(vi.getTimerCount()).toBe(0);
});

test("work is done in time or is not, and fails if it does so in time", async () => {
  expect(await inTime(1000, Promise.resolve())).toBe(true);
  expect(await inTime(Infinity, new Promise((done) => setTimeout(done, 5)))).toBe(true);
  expect(await inTime(5, never)).toBe(false);
  expect(await inTime(-Infinity, never)).toBe(false);
  await expect(inTime(1000, Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("work is waited for until a signal fires", async () => {
  const over = new AbortController();
  await untilAborted(over.signal, Promise.resolve());
  await expect(untilAborted(over.signal, Promise.reject(new Error("no")))).rejects.toThrow("no");
  const waiting = untilAborted(over.signal, never);
  over.abort();
  await waiting;
  await untilAborted(over.signal, never);
});

test("of work that fails when nobody waits any more nothing is heard", async () => {
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  onTestFinished(() => void process.off("unhandledRejection", unhandled));
  const work = Promise.withResolvers<void>();
  expect(await inTime(0, work.promise)).toBe(false);
  await untilAborted(AbortSignal.abort(), work.promise);
  work.reject(new Error("too late"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).not.toHaveBeenCalled();
});
