import { expect, test } from "vitest";
import { courseOf, type Sample } from "./flatness.ts";
import { soak } from "./soak.ts";

/** Of so many million requests, each of which leaves so many bytes behind. */
function run(millions: number, left: number): Sample[] {
  return Array.from({ length: 180 }, (_, at) => {
    const requests = ((at + 1) / 180) * millions * 1e6;
    // It comes and goes, as memory does.
    const heap = 40e6 + 3e6 * Math.sin(at) + left * requests;
    return { requests, heap, rss: heap + 90e6 };
  });
}

test("memory that comes and goes is flat, and memory that stays is not", () => {
  expect(courseOf(run(20, 0), "heap")).toMatchObject({ isFlat: true });
  expect(courseOf(run(20, 0), "rss")).toMatchObject({ isFlat: true });
  // Of each request a pointer.
  expect(courseOf(run(20, 8), "heap")).toMatchObject({ isFlat: false });
  expect(courseOf(run(20, 8), "rss")).toMatchObject({ isFlat: false });
});

test("memory that a server fills once, and then keeps, is flat", () => {
  const filled = run(20, 0).map((sample, at) => ({ ...sample, heap: at < 20 ? 20e6 : 60e6 }));
  expect(courseOf(filled, "heap")).toMatchObject({ isFlat: true });
});

test(
  "a server under all kinds of load answers every request, and ends with what it began with",
  { timeout: 180_000 },
  async () => {
    const report = await soak({ seconds: 2, every: 0.5, connections: 8 });
    expect(report).toMatchObject({ failed: [], grown: [] });
    // Else nothing was tried.
    expect(report.requests).toBeGreaterThan(50);
    expect(report.samples.length).toBe(4);
    expect(report.heap.first).toBeGreaterThan(1e6);
  },
);
