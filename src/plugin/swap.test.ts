import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { gate, newGate, notes } from "../../test/notes-versions.ts";
import { ask, closeApp, source, start, states } from "../../test/tolerant-app.ts";
import { emit, event, on } from "../events/index.ts";
import { get, post, StreamingResponse } from "../http/index.ts";
import { inject, Service } from "../services.ts";
import { Plugin, type PluginClass } from "./index.ts";

afterEach(closeApp);
afterEach(newGate);

test("a new version takes over in one step, and the old one ends when its last request has left", async () => {
  const order: string[] = [];
  const { app } = await start([notes("1.0.0", { stop: () => order.push("1 stopped") })]);
  const running = ask("/slow");
  await sleep(5);
  const { drained, plugins } = await app.plugins.put([notes("2.0.0")]);
  expect([plugins, await ask("/notes")]).toEqual([["notes"], [200, "2.0.0"]]);
  expect(order).toEqual([]);
  gate.resolve();
  expect(await running).toEqual([200, "1.0.0"]);
  await drained;
  expect(order).toEqual(["1 stopped"]);
  expect(app.plugins.status("notes")).toMatchObject({
    state: "started",
    manifest: { version: "2.0.0" },
  });
});

test("a request that does not end is told by its signal, and not waited for any longer", async () => {
  const { app } = await start([notes("1.0.0")]);
  const running = ask("/slow");
  await sleep(5);
  const { drained } = await app.plugins.put([notes("2.0.0")], { drain: 0.02 });
  await drained;
  expect(await running).toEqual([200, "given up"]);
});

test("a stream of the old version goes on to its end, and is cut when the time is up", async () => {
  class Streams extends Plugin {
    feed = get(
      "/feed",
      () =>
        new StreamingResponse(
          (async function* () {
            yield "begun";
            await gate.promise;
            yield " ended";
          })(),
        ),
    );
  }
  const streams = source(Streams, { name: "streams" });
  const { app } = await start([streams]);
  const { url } = await app.listen({ port: 0 });
  const open = async () => {
    const reader = (await fetch(`${url}/feed`)).body!.getReader();
    expect(Buffer.from((await reader.read()).value).toString()).toBe("begun");
    return reader;
  };
  const whole = await open();
  const first = await app.plugins.put([streams]);
  gate.resolve();
  expect(Buffer.from((await whole.read()).value).toString()).toBe(" ended");
  await first.drained;
  newGate();
  const cut = await open();
  const second = await app.plugins.put([streams], { drain: 0.02 });
  await expect(cut.read()).rejects.toThrow();
  await second.drained;
  gate.resolve();
});

const broken: [string, object | PluginClass][] = [
  ["make", { constructed: true }],
  ["start", { start: () => Promise.reject(new Error("no disk")) }],
  ["health", { health: () => Promise.reject(new Error("no disk")) }],
];
for (const [step, more] of broken) {
  test(`the old one never stops when the new one fails: ${step}`, async () => {
    const { app } = await start([notes("1.0.0")]);
    const bad =
      step === "make"
        ? source(
            class extends Plugin {
              constructor() {
                super();
                throw new Error("no disk");
              }
            },
            { name: "notes", version: "2.0.0" },
          )
        : notes("2.0.0", more);
    await expect(app.plugins.put([bad])).rejects.toMatchObject({
      code: "NX_PLUGIN_FAILED",
      step,
      message: `The plugin "notes" 2.0.0 failed (${step}): no disk`,
    });
    expect([await ask("/notes"), states()]).toEqual([[200, "1.0.0"], { notes: "started" }]);
    await app.plugins.put([notes("3.0.0")]);
    expect(await ask("/notes")).toEqual([200, "3.0.0"]);
  });
}

test("a version whose routes are another plugin's is refused, and nothing of it stays", async () => {
  class Other extends Plugin {
    here = get("/other", () => "other");
  }
  const { app } = await start([notes("1.0.0"), source(Other, { name: "other" })]);
  const before = app.routes;
  const bad = notes("2.0.0", { other: get("/other", () => "mine"), more: get("/more", () => 1) });
  await expect(app.plugins.put([bad])).rejects.toMatchObject({ step: "check" });
  expect(app.routes).toEqual(before);
  expect(await ask("/other")).toEqual([200, "other"]);
});

test("who needs a plugin is restarted with it, and gets the newest, ten times over", async () => {
  const order: string[] = [];
  const users = (version: number) => {
    class Users extends Service {
      names = [`ann ${version}`];
      override stop = () => void order.push(`-users ${version}`);
    }
    class UsersPlugin extends Plugin {
      static services = [Users];
    }
    return { type: UsersPlugin, Users, from: source(UsersPlugin, { name: "users" }) };
  };
  const first = users(0);
  class Shop extends Plugin {
    users = inject(first.Users);
    list = get("/list", () => this.users.names);
    lazily = get("/lazily", { use: { users: first.Users } }, ({ users }) => users.names);
    stop = () => void order.push("-shop");
  }
  const { app } = await start([source(Shop, { name: "shop" }), first.from]);
  for (let version = 1; version <= 10; version++) {
    const { plugins, drained } = await app.plugins.put([users(version).from]);
    expect(plugins).toEqual(["users", "shop"]);
    expect(await ask("/list")).toEqual([200, [`ann ${version}`]]);
    expect(await ask("/lazily")).toEqual([200, [`ann ${version}`]]);
    await drained;
    expect(order.splice(0)).toEqual(["-shop", `-users ${version - 1}`]);
  }
});

test("when one that needs it cannot go with the new one, all stay as they were", async () => {
  class Users extends Service {}
  class UsersPlugin extends Plugin {
    static services = [Users];
  }
  class Shop extends Plugin {
    list = get("/list", () => "shop");
  }
  const { app } = await start([
    source(UsersPlugin, { name: "users", version: "1.0.0" }),
    source(Shop, { name: "shop", plugins: { users: "^1.0.0" } }),
  ]);
  const next = source(UsersPlugin, { name: "users", version: "2.0.0" });
  await expect(app.plugins.put([next])).rejects.toThrow(
    'The plugin "shop" 1.0.0 failed (check): The plugin "shop" cannot start: it needs the plugin "users" ^1.0.0, found 2.0.0.',
  );
  expect(states()).toEqual({ users: "started", shop: "started" });
  expect(app.plugins.status("users")!.manifest!.version).toBe("1.0.0");
});

test("an event is heard once while versions change, by the one in force", async () => {
  const happened = event("happened", z.object({}));
  const heard: string[] = [];
  const hearing = (version: string, more: object = {}) =>
    notes(version, {
      heard: on(happened, () => void heard.push(version)),
      tell: post("/tell", () => emit(happened, {})),
      ...more,
    });
  const { app } = await start([hearing("1.0.0")]);
  const tell = () => app.fetch(new Request("http://test/tell", { method: "POST" }));
  // While it starts, the old one is in force.
  await app.plugins.put([hearing("2.0.0", { start: async () => void (await tell()) })]);
  expect(heard.splice(0)).toEqual(["1.0.0"]);
  await tell();
  expect(heard.splice(0)).toEqual(["2.0.0"]);
});
