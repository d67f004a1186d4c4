import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { Scope } from "../scope.ts";
import { emit, event, Events, eventsKey, waitFor } from "./index.ts";

const userCreated = event("user.created", z.object({ user_id: z.string() }));

const timers = () => process.getActiveResourcesInfo().filter((one) => one === "Timeout").length;

function start() {
  const app = new Scope("app", "");
  const events = new Events();
  app.provide(eventsKey, events);
  return { app, events };
}

test("waitFor gives the next event", async () => {
  const { app } = start();
  await app.run(async () => {
    const waiting = waitFor(userCreated);
    await emit(userCreated, { user_id: "ann" });
    await emit(userCreated, { user_id: "bob" });
    const { name, data } = await waiting;
    expectTypeOf(data).toEqualTypeOf<{ user_id: string }>();
    expect([name, data]).toEqual(["user.created", { user_id: "ann" }]);
  });
});

test("waitFor lets pass what its filter does not want, and a pattern waits for many names", async () => {
  const { app, events } = start();
  await app.run(async () => {
    const waiting = waitFor("task.*", { filter: ({ data }) => data === 2 });
    for (const n of [1, 2, 3]) await events.publish("task.completed", n);
    expect((await waiting).data).toBe(2);
    const failing = waitFor("task.*", {
      filter: () => {
        throw new Error("cannot tell");
      },
    });
    await events.publish("task.completed", 1);
    await expect(failing).rejects.toThrow("cannot tell");
    expect(events.failures.size).toBe(0);
  });
});

test("waitFor gives up after its time, on abort, and when the plugin or request that waits ends", async () => {
  const { app } = start();
  const code = "NX_EVENT_WAIT";
  await app.run(async () => {
    await expect(waitFor(userCreated, { timeout: 1 })).rejects.toMatchObject({
      code,
      message: 'Waited in vain for "user.created": nothing came in 1 ms.',
    });
    const gone = new Error("the client has gone");
    const aborting = new AbortController();
    const waiting = waitFor(userCreated, { signal: aborting.signal });
    aborting.abort(gone);
    await expect(waiting).rejects.toMatchObject({ code, cause: gone });
    await expect(waitFor(userCreated, { signal: aborting.signal })).rejects.toMatchObject({ code });
  });
  const plugin = app.child("plugin", "letters");
  const waiting = [plugin.run(() => waitFor(userCreated)), plugin.run(() => waitFor("x"))];
  await plugin.dispose();
  for (const one of waiting) await expect(one).rejects.toThrow('plugin "letters" ended');
});

test("waitFor leaves nothing behind, however it ends", async () => {
  const { app, events } = start();
  const before = timers();
  await app.run(async () => {
    const { signal } = new AbortController();
    let asked = 0;
    const filter = () => ++asked > 0;
    const waiting = waitFor(userCreated, { timeout: 60_000, signal, filter });
    await emit(userCreated, { user_id: "ann" });
    await waiting;
    await waitFor(userCreated, { timeout: 1, filter }).catch(() => {});
    await events.publish("user.created", { user_id: "bob" });
    expect(asked).toBe(1);
  });
  expect(timers()).toBe(before);
});

test("waiting that nobody awaits any more does not end the process", async () => {
  const { app } = start();
  const request = app.child("request", "");
  void request.run(() => waitFor(userCreated));
  await request.dispose();
  await new Promise((resolve) => setImmediate(resolve));
});
