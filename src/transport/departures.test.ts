import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Departures } from "./departures.ts";

test("what departs in one turn of the event loop leaves at its end, in order", async () => {
  const { add, left } = departures();
  add(1, 2, 3);
  expect(left).toEqual([]);
  await turn();
  expect(left).toEqual([1, 2, 3]);
  add(4, 5);
  await turn();
  expect(left).toEqual([1, 2, 3, 4, 5]);
});

test("behind one that has waited for nobody, the next one leaves at once", async () => {
  const { add, left } = departures();
  add("a");
  await turn();
  add("b");
  expect(left).toEqual(["a", "b"]);
  // They may be more again.
  add("c");
  expect(left).toEqual(["a", "b"]);
  add("d");
  expect(left).toEqual(["a", "b", "c", "d"]);
});

test("where each takes long to make, few wait for others", async () => {
  const { add, left } = departures();
  for (let round = 0; round < 3; round++) {
    add(round, round);
    pass(2);
    await turn();
  }
  left.length = 0;
  add("a");
  // At once, as the most that wait are one.
  expect(left).toEqual(["a"]);
  // They come fast again, and more wait: two, four, eight.
  add("b", "c");
  expect(left).toEqual(["a", "b", "c"]);
  add("d", "e", "f");
  expect(left).toEqual(["a", "b", "c"]);
  await turn();
  expect(left).toEqual(["a", "b", "c", "d", "e", "f"]);
});

test("it leaves in nobody's context", async () => {
  const store = new AsyncLocalStorage<string>();
  const departures = new Departures();
  const seen: unknown[] = [];
  store.run("a request's", () => departures.add({ leave: () => void seen.push(store.getStore()) }));
  await turn();
  expect(seen).toEqual([undefined]);
});

function departures() {
  const left: unknown[] = [];
  const departures = new Departures();
  const add = (...all: unknown[]): void => {
    for (const one of all) departures.add({ leave: () => void left.push(one) });
  };
  return { add, left };
}

function pass(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
