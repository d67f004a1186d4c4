import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Ending } from "./ending.ts";

test("an end is told first, and what still runs is given up later", async () => {
  const ending = new Ending();
  ending.begin(0.02);
  expect([ending.begun.aborted, ending.over.aborted]).toEqual([true, false]);
  await sleep(60);
  expect(ending.over.aborted).toBe(true);
});

test("an end that is given for ever is never given up", async () => {
  const ending = new Ending();
  const ended = ending.begin(Infinity);
  await sleep(10);
  expect([ending.begun.aborted, ending.over.aborted]).toEqual([true, false]);
  ended();
});

test("who sees that the time is up need not wait for the clock", () => {
  const ending = new Ending();
  const ended = ending.begin(60);
  ending.giveUp();
  expect(ending.over.aborted).toBe(true);
  ended();
});

test("the end of an app is the end of its plugins, and not the other way round", () => {
  const app = new Ending();
  const [one, other] = [new Ending(app), new Ending(app)];
  one.begin(0);
  expect([one.over.aborted, other.begun.aborted, app.begun.aborted]).toEqual([true, false, false]);
  app.begin(0);
  expect(other.over.aborted).toBe(true);
});
