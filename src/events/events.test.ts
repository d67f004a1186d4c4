import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { createLog, logKey } from "../log.ts";
import { currentScope, key, Scope } from "../scope.ts";
import { emit, event, Events, eventsKey, on, once } from "./index.ts";

const twice = (...names: string[]) => [...names, ...names];
const userCreated = event("user.created", z.object({ user_id: z.string() }));

async function start() {
  const lines: string[] = [];
  const app = new Scope("app", "");
  const events = new Events();
  app.provide(eventsKey, events);
  app.provide(logKey, createLog({ destination: { write: (line) => lines.push(line) } }));
  return { app, events, lines };
}

test("a listener is told of an event that is emitted, and emit waits for it", async () => {
  const { app, events } = await start();
  const heard: string[] = [];
  events.subscribe(
    on(userCreated, async ({ name, data }) => {
      await Promise.resolve();
      heard.push(`${name} ${data.user_id}`);
    }),
  );
  await app.run(() => emit(userCreated, { user_id: "ann" }));
  expect(heard).toEqual(["user.created ann"]);
});

test("a listener gets what the schema makes of the data", async () => {
  const { app, events } = await start();
  const measured = event(
    "room.measured",
    z.object({ celsius: z.string().transform(async (text) => Number(text)) }),
  );
  const heard: number[] = [];
  events.subscribe(
    on(measured, ({ data }) => {
      expectTypeOf(data).toEqualTypeOf<{ celsius: number }>();
      heard.push(data.celsius);
    }),
  );
  await app.run(() => emit(measured, { celsius: "21" }));
  expect(heard).toEqual([21]);
});

test("data that does not fit reaches nobody, and the emitter hears all its faults", async () => {
  const { app, events } = await start();
  const heard: unknown[] = [];
  events.subscribe(on("**", ({ data }) => void heard.push(data)));
  const moved = event("user.moved", z.object({ from: z.string(), to: z.object({ zip: z.int() }) }));
  const emitting = app.run(() => emit(moved, { to: { zip: 1.5 } } as never));
  await expect(emitting).rejects.toMatchObject({
    code: "NX_EVENT_DATA",
    message: expect.stringMatching(/^"user\.moved" .*: from: Field required; to\.zip: .*int.*\.$/),
  });
  expect(heard).toEqual([]);
});

test("the higher priority hears first, then whoever subscribed earlier", async () => {
  const { app, events } = await start();
  const heard: string[] = [];
  for (const [who, priority] of [
    ["b", 0],
    ["d", -1],
    ["a", 10],
    ["c", 0],
  ] as const) {
    events.subscribe(on(userCreated, { priority }, () => void heard.push(who)));
  }
  await app.run(() => emit(userCreated, { user_id: "ann" }));
  expect(heard).toEqual(["a", "b", "c", "d"]);
});

test("one star is one segment of a name, two are the rest", async () => {
  const { events } = await start();
  const heard = new Map<string, string[]>();
  for (const pattern of ["plugin.*.started", "plugin.**", "*.x", "**", "plugin.a.started"]) {
    const names: string[] = [];
    heard.set(pattern, names);
    events.subscribe(on(pattern, ({ name }) => void names.push(name)));
  }
  const names = ["plugin.a.started", "plugin.a.b.started", "plugin.stopped", "plugin", "y.x"];
  for (const name of twice(...names)) await events.publish(name, undefined);
  expect(Object.fromEntries(heard)).toEqual({
    "plugin.*.started": twice("plugin.a.started"),
    "plugin.**": twice("plugin.a.started", "plugin.a.b.started", "plugin.stopped"),
    "*.x": twice("y.x"),
    "**": twice(...names),
    "plugin.a.started": twice("plugin.a.started"),
  });
});

test("what is subscribed after an event was first emitted hears the next one", async () => {
  const { events } = await start();
  const heard: string[] = [];
  await events.publish("user.created", undefined);
  events.subscribe(on("user.created", () => void heard.push("exact")));
  await events.publish("user.created", undefined);
  events.subscribe(on("user.*", () => void heard.push("pattern")));
  await events.publish("user.created", undefined);
  expect(heard).toEqual(["exact", "exact", "pattern"]);
});

test("names and patterns that can match nothing are refused where they are written", () => {
  for (const name of ["", "user..created", "user.*", ".x", "a b"]) {
    expect(() => event(name, z.string())).toThrow(
      expect.objectContaining({ code: "NX_EVENT_NAME" }),
    );
  }
  for (const pattern of ["", "user.cre*", "**.created", "user.", "a.**.b"]) {
    expect(() => on(pattern, () => {})).toThrow(
      expect.objectContaining({ code: "NX_EVENT_PATTERN" }),
    );
  }
});

test("a listener that fails is logged and counted, and neither the others nor the emitter notice", async () => {
  const { app, events, lines } = await start();
  const heard: string[] = [];
  events.subscribe(
    on(userCreated, () => {
      throw new Error("no paper");
    }),
  );
  events.subscribe(on("user.*", () => Promise.reject(new Error("no ink"))));
  events.subscribe(on(userCreated, () => void heard.push("third")));
  await app.run(() => emit(userCreated, { user_id: "ann" }));
  expect(heard).toEqual(["third"]);
  expect(events.failures.get("user.created")).toBe(2);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: "user.created", err: { message: "no paper" } },
    { event: "user.created", pattern: "user.*", err: { message: "no ink" } },
  ]);
});

test("failures are remembered of the last thousand names only", async () => {
  const { events } = await start();
  events.subscribe(on("**", () => Promise.reject(new Error("always"))));
  for (let n = 0; n < 1100; n++) await events.publish(`event.${n}`, undefined);
  expect(events.failures.size).toBe(1000);
  expect(events.failures.has("event.1099")).toBe(true);
});

test("a handler's failure is in its own plugin's log, whoever emits", async () => {
  const { app, events } = await start();
  const lines: string[] = [];
  const plugin = app.child("plugin", "letters");
  plugin.provide(logKey, createLog({ destination: { write: (line) => lines.push(line) } }));
  events.subscribe(
    on(userCreated, () => {
      throw new Error("no paper");
    }),
    plugin,
  );
  await app.child("request", "").run(() => emit(userCreated, { user_id: "ann" }));
  expect(lines.join()).toContain("no paper");
});

test("a handler runs in its emitter's request, and in its transaction", async () => {
  const { app, events } = await start();
  const request = key<string>("request");
  const heard: string[] = [];
  const listen = on("**", () => void heard.push(currentScope("test").find(request) ?? "none"));
  events.subscribe(listen, app.child("plugin", "letters"));
  const asking = app.child("request", "");
  asking.provide(request, "GET /");
  await asking.run(() => events.publish("x", undefined));
  await events.publish("x", undefined);
  expect(heard).toEqual(["GET /", "none"]);
});

test("what a handler leaves to undo is undone when it is done", async () => {
  const { events } = await start();
  const heard: string[] = [];
  events.subscribe(
    on("**", () => {
      currentScope("test").defer(() => heard.push("undone"));
      heard.push("done");
    }),
  );
  await events.publish("x", undefined);
  expect(heard).toEqual(["done", "undone"]);
});

test("a listener whose plugin has ended hears nothing, not even of the event being told", async () => {
  const { app, events } = await start();
  const heard: string[] = [];
  const plugin = app.child("plugin", "letters");
  events.subscribe(on("**", { priority: 1 }, () => plugin.dispose()));
  events.subscribe(
    on("**", () => void heard.push("plugin")),
    plugin,
  );
  events.subscribe(on("**", () => void heard.push("last")));
  await events.publish("x", undefined);
  await events.publish("y", undefined);
  expect(heard).toEqual(["last", "last"]);
});

test("a listener may unsubscribe itself and others while they are told", async () => {
  const { events } = await start();
  const heard: string[] = [];
  const undo = [
    events.subscribe(
      on("x", () => {
        heard.push("a");
        undo[0]!();
        undo[1]!();
      }),
    ),
    events.subscribe(on("x", () => void heard.push("b"))),
    events.subscribe(on("x", () => void heard.push("c"))),
  ];
  await events.publish("x", undefined);
  await events.publish("x", undefined);
  expect(heard).toEqual(["a", "c", "c"]);
});

test("once hears one event, even when two are told at a time", async () => {
  const { events } = await start();
  const heard: unknown[] = [];
  events.subscribe(once("x", { priority: 1 }, async ({ data }) => void heard.push(data)));
  await Promise.all([events.publish("x", 1), events.publish("x", 2)]);
  await events.publish("x", 3);
  expect(heard).toEqual([1]);
});

test("two apps in one process do not hear each other", async () => {
  const [one, two] = [await start(), await start()];
  const heard: string[] = [];
  one.events.subscribe(on(userCreated, ({ data }) => void heard.push(`one ${data.user_id}`)));
  two.events.subscribe(on(userCreated, ({ data }) => void heard.push(`two ${data.user_id}`)));
  await Promise.all([
    one.app.run(() => emit(userCreated, { user_id: "ann" })),
    two.app.run(() => emit(userCreated, { user_id: "bob" })),
  ]);
  expect(heard.toSorted()).toEqual(["one ann", "two bob"]);
});

test("emit outside every app says where it belongs", async () => {
  await expect(emit(userCreated, { user_id: "ann" })).rejects.toMatchObject({
    code: "NX_NO_SCOPE",
    message: expect.stringContaining("emit() was called outside"),
  });
});

test("the compiler knows an event's data, and refuses other data", () => {
  const listener = on(userCreated, ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<{ user_id: string }>();
  });
  on("user.*", ({ data }) => void expectTypeOf(data).toBeUnknown());
  // @ts-expect-error: data is a user's id
  const wrong = () => emit(userCreated, { user: "1" });
  // @ts-expect-error: the option is called priority
  on(userCreated, { prio: 1 }, () => {});
  expect([listener.kind, typeof wrong]).toEqual(["listener", "function"]);
});
