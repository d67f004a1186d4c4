import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Context } from "../context.ts";
import { Request } from "../message/index.ts";
import { Scope } from "../scope.ts";
import { Turns } from "./turns.ts";

test("whoever checks goes before whoever makes, and each in the order of coming", async () => {
  const turns = new Turns(1, 10);
  const done: string[] = [];
  const work = (name: string) => async () => {
    await sleep(1);
    done.push(name);
  };
  await Promise.all([
    turns.take("make", work("first")),
    turns.take("make", work("make 1")),
    turns.take("make", work("make 2")),
    turns.take("check", work("check 1")),
    turns.take("check", work("check 2")),
  ]);
  expect(done).toEqual(["first", "check 1", "check 2", "make 1", "make 2"]);
});

test("when too many wait in a lane the next one is sent away, and the other lane is not full", async () => {
  const turns = new Turns(1, 1);
  const release = Promise.withResolvers<void>();
  const running = turns.take("make", () => release.promise);
  const waiting = turns.take("make", async () => {});
  await expect(turns.take("make", async () => {})).rejects.toMatchObject({
    status: 503,
    headers: { "Retry-After": "5" },
  });
  const checking = turns.take("check", async () => "in");
  release.resolve();
  expect(await checking).toBe("in");
  await Promise.all([running, waiting]);
});

test("whose client has gone does not wait on, and its work is not done", async () => {
  const turns = new Turns(1, 10);
  const release = Promise.withResolvers<void>();
  const running = turns.take("make", () => release.promise);
  const gone = new AbortController();
  const request = new Request({ method: "POST", target: "/", signal: () => gone.signal });
  const worked: string[] = [];
  const waiting = new Context(request, new Scope("app", "app")).run(() =>
    turns.take("make", async () => void worked.push("gone")),
  );
  gone.abort();
  await expect(waiting).rejects.toMatchObject({ status: 503 });
  release.resolve();
  await running;
  expect(await turns.take("make", async () => "next")).toBe("next");
  expect(worked).toEqual([]);
});
