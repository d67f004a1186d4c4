import { afterEach, expect, test } from "vitest";
import { ask, closeApp, source, start } from "../../test/tolerant-app.ts";
import { get } from "../http/index.ts";
import { inject, keyOf, Service } from "../services.ts";
import { Plugin } from "./index.ts";

afterEach(closeApp);

class Clock extends Service {
  isStopped = false;
  override stop() {
    this.isStopped = true;
  }
}
class Clocks extends Plugin {
  static override readonly services = [Clock];
  now = get("/now", () => inject(Clock).isStopped);
}

/** One whose request asks for a service of another plugin when it is let go. */
function diary() {
  const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  class Diary extends Plugin {
    clock = inject(Clock);
    look = get("/look", async () => {
      asked.resolve();
      await gate.promise;
      return inject(Clock).isStopped;
    });
  }
  return { asked: asked.promise, letGo: gate.resolve, source: source(Diary, { name: "diary" }) };
}
const clocks = source(Clocks, { name: "clocks" });

test("what still runs finds the services of another plugin, also when both were disabled", async () => {
  const { asked, letGo, source } = diary();
  const { app } = await start([clocks, source]);
  const looking = ask("/look");
  await asked;
  const disabled = app.plugins.disable("clocks", { cascade: true });
  await expect.poll(async () => (await ask("/now"))[0]).toBe(404);
  letGo();
  expect(await looking).toEqual([200, false]);
  await disabled;
  expect(() => app.run(() => inject(Clock))).toThrow('Nothing provides "clocks/Clock"');
  expect(app.scope.has(keyOf(Clock))).toBe(false);
});

test("one that comes back meanwhile keeps its services when the one before has ended", async () => {
  const { asked, letGo, source } = diary();
  const { app } = await start([clocks, source]);
  const looking = ask("/look");
  await asked;
  const disabled = app.plugins.disable("clocks", { cascade: true });
  await app.plugins.enable("clocks");
  letGo();
  await disabled;
  expect(await looking).toEqual([200, false]);
  expect(await ask("/now")).toEqual([200, false]);
  expect(app.run(() => inject(Clock).isStopped)).toBe(false);
});

test("what still runs of an earlier version finds them, too", async () => {
  const { asked, letGo, source } = diary();
  const { app } = await start([clocks, source]);
  const looking = ask("/look");
  await asked;
  await app.plugins.put([clocks]);
  const disabled = app.plugins.disable("clocks", { cascade: true });
  await expect.poll(async () => (await ask("/now"))[0]).toBe(404);
  letGo();
  expect(await looking).toEqual([200, false]);
  await disabled;
  expect(() => app.run(() => inject(Clock))).toThrow('Nothing provides "clocks/Clock"');
  expect(app.scope.has(keyOf(Clock))).toBe(false);
});

test("who asks late for what it needs gets what was there from its own beginning", async () => {
  const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  class Late extends Plugin {
    first = true;
    look = get("/look", async () => {
      asked.resolve();
      await gate.promise;
      return inject(Clock).isStopped;
    });
  }
  const late = source(Late, { name: "late", plugins: { clocks: "*" } });
  const { app } = await start([clocks, late]);
  const looking = ask("/look");
  await asked.promise;
  const made = app.run(() => inject(Clock));
  await app.plugins.put([clocks]);
  expect(app.run(() => inject(Clock))).not.toBe(made);
  made.isStopped = true;
  gate.resolve();
  expect(await looking).toEqual([200, true]);
});

test("a version that lacks a service is refused by who asks for it, and by nobody else", async () => {
  const { source: asker, letGo, asked } = diary();
  class Bare extends Plugin {}
  const bare = source(Bare, { name: "clocks" });
  const { app } = await start([clocks, asker]);
  await expect(app.plugins.put([bare])).rejects.toThrow('Nothing provides "clocks/Clock"');
  // Those that are there still do, and what begins now.
  const looking = ask("/look");
  await asked;
  letGo();
  expect(await looking).toEqual([200, false]);
});

test("what only a version offers that fails is not offered", async () => {
  class Calendar extends Service {}
  class Both extends Plugin {
    static override readonly services = [Clock, Calendar];
    override start() {
      throw new Error("no disk");
    }
  }
  const { app } = await start([clocks]);
  await expect(app.plugins.put([source(Both, { name: "clocks" })])).rejects.toThrow("no disk");
  await expect.poll(() => app.scope.has(keyOf(Calendar))).toBe(false);
  expect(app.run(() => inject(Clock).isStopped)).toBe(false);
});

test("what a new version does not offer any more is there as long as somebody may ask for it", async () => {
  class Bare extends Plugin {}
  const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  class Modest extends Plugin {
    look = get("/look", async () => {
      asked.resolve();
      await gate.promise;
      return inject(Clock).isStopped;
    });
  }
  const modest = source(Modest, { name: "modest", plugins: { clocks: "*" } });
  const { app } = await start([clocks, modest]);
  const looking = ask("/look");
  await asked.promise;
  const { drained } = await app.plugins.put([source(Bare, { name: "clocks" })]);
  gate.resolve();
  expect(await looking).toEqual([200, false]);
  await drained;
  expect(() => app.run(() => inject(Clock))).toThrow('Nothing provides "clocks/Clock"');
  expect(app.scope.has(keyOf(Clock))).toBe(false);
});
