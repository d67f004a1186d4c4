import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { ask, closeApp, failure, source, start, states } from "../../test/tolerant-app.ts";
import { emit, event, on } from "../events/index.ts";
import { get, post, StreamingResponse } from "../http/index.ts";
import { inject, Service } from "../services.ts";
import { Plugin, type PluginClass } from "./index.ts";

afterEach(closeApp);

/** A version of a plugin "notes" that says which one it is. */
function notes(version: string, more: object = {}) {
  class Notes extends Plugin {
    which = get("/notes", () => this.version);
    slow = get("/slow", async ({ signal }) => {
      await Promise.race([gate.promise, new Promise((done) => (signal.onabort = done))]);
      return signal.aborted ? "given up" : this.version;
    });
    constructor() {
      super();
      Object.assign(this, more);
    }
  }
  return source(Notes, { name: "notes", version });
}

let gate = Promise.withResolvers<void>();
afterEach(() => (gate = Promise.withResolvers()));

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
  gate = Promise.withResolvers();
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

test("a disabled plugin is gone, and there again when it is enabled; both may be said twice", async () => {
  const heard: string[] = [];
  const told = on("plugin.notes.*", ({ name }) => void heard.push(name));
  class Listening extends Plugin {
    told = told;
  }
  const { app } = await start([source(Listening, { name: "listening" }), notes("1.0.0")]);
  const before = app.routes.map(({ path }) => path);
  for (let round = 0; round < 2; round++) await app.plugins.disable("notes");
  expect([(await ask("/notes"))[0], states()]).toEqual([
    404,
    { listening: "started", notes: "stopped" },
  ]);
  expect(app.plugins.status("notes")).toMatchObject({ enabled: false });
  for (let round = 0; round < 2; round++) await app.plugins.enable("notes");
  expect(await ask("/notes")).toEqual([200, "1.0.0"]);
  expect(app.routes.map(({ path }) => path)).toEqual(before);
  expect(heard).toEqual(["plugin.notes.started", "plugin.notes.stopped", "plugin.notes.started"]);
});

test("a disabled plugin that gets a new version stays disabled until it is enabled", async () => {
  const { app } = await start([notes("1.0.0")]);
  await app.plugins.disable("notes");
  expect((await app.plugins.put([notes("2.0.0")])).plugins).toEqual([]);
  expect([(await ask("/notes"))[0], states()]).toEqual([404, { notes: "stopped" }]);
  await app.plugins.enable("notes");
  expect(await ask("/notes")).toEqual([200, "2.0.0"]);
});

test("one that others need is not disabled before them, unless they go with it", async () => {
  const { app } = await start([
    notes("1.0.0"),
    source(class extends Plugin {}, { name: "shop", plugins: { notes: "^1.0.0" } }),
  ]);
  await expect(app.plugins.disable("notes")).rejects.toThrow(
    'The plugin "notes" cannot be disabled: "shop" needs it.',
  );
  await app.plugins.disable("notes", { cascade: true });
  expect(states()).toEqual({ notes: "stopped", shop: "stopped" });
  await expect(app.plugins.enable("shop")).rejects.toThrow('"notes", which is disabled');
  expect(states()).toMatchObject({ shop: "failed" });
  // It only waited for the other.
  await app.plugins.enable("notes");
  expect(states()).toEqual({ notes: "started", shop: "started" });
});

test("an unknown plugin is said so", async () => {
  const { app } = await start([notes("1.0.0")]);
  await expect(app.plugins.disable("note")).rejects.toMatchObject({ code: "NX_PLUGIN_UNKNOWN" });
  await app.plugins.remove("notes");
  expect(states()).toEqual({});
  await expect(app.plugins.enable("notes")).rejects.toThrow('There is no plugin "notes".');
});

test("a new plugin that fails is forgotten, or kept as a value when asked to", async () => {
  const { app } = await start([]);
  const bad = notes("1.0.0", { start: () => Promise.reject(new Error("no disk")) });
  await expect(app.plugins.put([bad])).rejects.toThrow("no disk");
  expect([states(), (await ask("/notes"))[0]]).toEqual([{}, 404]);
  await expect(app.plugins.put([bad], { keep: true })).rejects.toThrow("no disk");
  expect(failure("notes")).toMatchObject({ step: "start", reason: "no disk" });
  expect((await ask("/notes"))[0]).toBe(503);
});

test("the routes of a failed plugin answer 503 and say when to come back; it is tried again", async () => {
  let tries = 0;
  const flaky = notes("1.0.0", {
    start: () => {
      if (++tries < 2) throw new Error("no disk");
    },
  });
  const { app } = await start([flaky]);
  const response = await app.fetch(new Request("http://test/notes"));
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await response.json()).toMatchObject({ error_code: "PLUGIN_UNAVAILABLE" });
  expect(+app.plugins.status("notes")!.retryAt!).toBeGreaterThan(Date.now());
  await expect.poll(() => ask("/notes"), { timeout: 5000 }).toEqual([200, "1.0.0"]);
});

test("of one that could not even be made what begins as its paths answers 503", async () => {
  class Settled extends Plugin {
    static override prefix = "/settled";
    static override config = z.object({ key: z.string() });
    here = get("/here", () => 1);
  }
  const { app } = await start([source(Settled, { name: "settled" })]);
  for (const method of ["GET", "POST", "DELETE"]) {
    const response = await app.fetch(new Request("http://test/settled/here", { method }));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "30"]);
  }
  await app.plugins.put([source(Settled, { name: "settled" })], { settings: { key: "k" } });
  expect([await ask("/settled/here"), (await ask("/settled/there"))[0]]).toEqual([[200, 1], 404]);
});

test("with stop the old one has ended before the new one starts, and runs again when that fails", async () => {
  const order: string[] = [];
  const versioned = (version: string, more: object = {}) =>
    notes(version, {
      start: () => void order.push(`+${version}`),
      stop: () => void order.push(`-${version}`),
      ...more,
    });
  const { app } = await start([versioned("1.0.0")]);
  await app.plugins.put([versioned("2.0.0")], { stop: true });
  expect(order.splice(0)).toEqual(["+1.0.0", "-1.0.0", "+2.0.0"]);
  let during: unknown;
  const bad = versioned("3.0.0", {
    start: async () => {
      during = (await ask("/notes"))[0];
      throw new Error("no disk");
    },
  });
  await expect(app.plugins.put([bad], { stop: true })).rejects.toThrow("no disk");
  expect([during, await ask("/notes")]).toEqual([503, [200, "2.0.0"]]);
  expect(order).toEqual(["-2.0.0", "-3.0.0", "+2.0.0"]);
});

test("settings change with a restart beside, and what does not fit changes nothing", async () => {
  class Settled extends Plugin {
    static override config = z.object({ word: z.string().default("hello"), n: z.int().default(1) });
    declare config: { word: string; n: number };
    say = get("/say", () => this.config);
  }
  const settled = source(Settled, { name: "settled" });
  const { app } = await start([settled], { config: { settled: { n: 2 } } });
  await app.plugins.put([settled], { settings: { word: "hi" } });
  expect(await ask("/say")).toEqual([200, { word: "hi", n: 2 }]);
  const change = app.plugins.put([settled], { settings: { word: 7 } });
  await expect(change).rejects.toMatchObject({ step: "config" });
  expect([await ask("/say"), app.plugins.settingsOf("settled")]).toEqual([
    [200, { word: "hi", n: 2 }],
    { word: "hi" },
  ]);
});

test("requests and faults are counted for each version", async () => {
  const failing = notes("1.0.0", { bad: get("/bad", () => Promise.reject(new Error("bug"))) });
  const { app } = await start([failing]);
  for (const path of ["/bad", "/bad", "/notes"]) await ask(path);
  expect(app.plugins.traffic("notes")).toEqual({ requests: 3, faults: 2 });
  await app.plugins.put([failing]);
  expect(app.plugins.traffic("notes")).toEqual({ requests: 0, faults: 0 });
});

test("a preview is compiled and never started", async () => {
  let started = 0;
  const { app } = await start([notes("1.0.0")]);
  const next = notes("2.0.0", { start: () => void started++, more: get("/more", () => 1) });
  const unit = await app.plugins.preview(next);
  expect(unit.endpoints.map(({ path }) => path)).toEqual(["/notes", "/slow", "/more"]);
  await unit.end(0);
  expect([started, (await ask("/more"))[0], await ask("/notes")]).toEqual([0, 404, [200, "1.0.0"]]);
});

test("closing the app waits for versions that still end", async () => {
  const order: string[] = [];
  const { app } = await start([notes("1.0.0", { stop: () => order.push("1 stopped") })]);
  const running = ask("/slow");
  await sleep(5);
  await app.plugins.put([notes("2.0.0")]);
  const closed = app.close(5).then(() => order.push("closed"));
  gate.resolve();
  await Promise.all([running, closed]);
  expect(order).toEqual(["1 stopped", "closed"]);
  await expect(app.plugins.put([notes("3.0.0")])).rejects.toMatchObject({
    code: "NX_PLUGIN_STOPPED",
  });
});
