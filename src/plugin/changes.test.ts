import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { gate, newGate, notes } from "../../test/notes-versions.ts";
import { ask, closeApp, failure, source, start, states } from "../../test/tolerant-app.ts";
import { on } from "../events/index.ts";
import { get } from "../http/index.ts";
import { Plugin } from "./index.ts";

afterEach(closeApp);
afterEach(newGate);

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

test("who waits for the last request of one does not hold up the others", async () => {
  class Shop extends Plugin {
    here = get("/shop", () => "shop");
  }
  const { app } = await start([notes("1.0.0")]);
  const running = ask("/slow");
  await sleep(5);
  const disabled = app.plugins.disable("notes");
  await app.plugins.put([source(Shop, { name: "shop" })]);
  expect([await ask("/shop"), states()]).toEqual([
    [200, "shop"],
    { notes: "stopping", shop: "started" },
  ]);
  // Nor itself.
  await app.plugins.enable("notes");
  gate.resolve();
  expect(await running).toEqual([200, "1.0.0"]);
  await disabled;
  expect([await ask("/notes"), states()]).toMatchObject([[200, "1.0.0"], { notes: "started" }]);
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

test("one that cannot be loaded is known as failed until it can", async () => {
  const { app } = await start([]);
  const lost = { name: "notes", folder: "/plugins/notes", reason: new Error("no such file") };
  await app.plugins.lose(lost);
  expect(failure("notes")).toMatchObject({ step: "load", reason: "no such file" });
  await app.plugins.put([notes("1.0.0")]);
  await app.plugins.lose(lost);
  expect([states(), await ask("/notes")]).toEqual([{ notes: "started" }, [200, "1.0.0"]]);
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
    for (const path of ["/settled", "/settled/here"]) {
      const response = await app.fetch(new Request(`http://test${path}`, { method }));
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "30"]);
    }
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
