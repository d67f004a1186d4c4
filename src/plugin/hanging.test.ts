import { afterEach, expect, test } from "vitest";
import { ask, closeApp, source, start } from "../../test/tolerant-app.ts";
import { on } from "../events/index.ts";
import { get } from "../http/index.ts";
import { Service } from "../services.ts";
import { Plugin, type PluginClass } from "./index.ts";

afterEach(closeApp);

const never = () => new Promise<void>(() => {});
const named = (type: PluginClass, name: string) => source(type, { name });

/** One whose end never comes, with what it undid. */
function stuck() {
  const undone: string[] = [];
  class Store extends Service {
    override stop = () => void undone.push("store");
  }
  class Stuck extends Plugin {
    static override readonly services = [Store];
    early = this.defer(() => undone.push("early"));
    here = get("/stuck", () => 1);
    start() {
      this.defer(never);
    }
    stop = never;
  }
  return { undone, source: named(Stuck, "stuck") };
}
class Other extends Plugin {
  here = get("/other", () => 1);
}

test("a stop() that never ends holds nobody up: it is logged, and the rest is undone", async () => {
  const { undone, source } = stuck();
  const { app, lines } = await start([source, Other], { stopTimeout: 0.05 });
  await app.plugins.disable("stuck");
  expect(undone).toEqual(["store", "early"]);
  expect(lines).toContainEqual(
    expect.objectContaining({
      level: 50,
      plugin: "stuck",
      msg: "A plugin did not stop cleanly",
      err: expect.objectContaining({
        aggregateErrors: Array(2).fill(expect.objectContaining({ code: "NX_PLUGIN_HANGS" })),
      }),
    }),
  );
  await app.plugins.enable("stuck");
  expect(await ask("/stuck")).toEqual([200, 1]);
});

test("what is awaited and is no promise has a deadline, too: of start(), health() and stop()", async () => {
  // As query builders are.
  // oxlint-disable-next-line unicorn/no-thenable
  const endless = { then() {} } as unknown as Promise<void>;
  class Starts extends Plugin {
    start = () => endless;
  }
  class Stops extends Plugin {
    stop = () => endless;
    health = () => endless;
  }
  const sources = [named(Starts, "starts"), named(Stops, "stops"), Other];
  const { app, lines } = await start(sources, { startTimeout: 0.05, stopTimeout: 0.05 });
  expect(app.plugins.status("starts")).toMatchObject({
    state: "failed",
    failure: { error: { code: "NX_PLUGIN_HANGS" } },
  });
  await expect(app.plugins.health("stops")).rejects.toMatchObject({ code: "NX_PLUGIN_HANGS" });
  await app.plugins.disable("stops");
  expect(lines).toContainEqual(
    expect.objectContaining({ plugin: "stops", msg: "A plugin did not stop cleanly" }),
  );
}, 15_000);

test("an upgrade with stop goes on behind a stop() that never ends, and so do the others' changes", async () => {
  const { source } = stuck();
  const { app } = await start([source, Other], { stopTimeout: 0.05 });
  const changed = app.plugins.put([source], { stop: true });
  await app.plugins.disable("other");
  await changed;
  expect([await ask("/stuck"), (await ask("/other"))[0]]).toEqual([[200, 1], 404]);
});

test("an app that ends waits for no start(), and no longer than its time for a stop()", async () => {
  class Endless extends Plugin {
    start = never;
  }
  const { undone, source } = stuck();
  const { app } = await start([source, Other]);
  const refused = expect(app.plugins.put([named(Endless, "endless")])).rejects.toThrow(
    /Its start\(\) was given up: the app is about to end/,
  );
  const begun = performance.now();
  await app.close(0.2);
  await refused;
  expect(performance.now() - begun).toBeLessThan(3000);
  expect(undone).toEqual(["store", "early"]);
});

test("a check of settings that never ends is given up", async () => {
  class Asks extends Plugin {
    static override readonly config = {
      "~standard": { version: 1, vendor: "test", validate: never },
    } as never;
  }
  const { app } = await start([named(Asks, "asks")], { startTimeout: 0.05 });
  expect(app.plugins.status("asks")?.failure).toMatchObject({
    step: "config",
    error: { code: "NX_PLUGIN_HANGS" },
  });
});

test("repeated work that runs is waited for as long as requests are", async () => {
  const order: string[] = [];
  const begun = Promise.withResolvers<void>();
  class Repeats extends Plugin {
    start() {
      this.every(1, async () => {
        begun.resolve();
        await new Promise((done) => setTimeout(done, 150));
        order.push("worked");
      });
    }
    stop = () => void order.push("stopped");
  }
  const { app } = await start([named(Repeats, "repeats")], { stopTimeout: 0.01 });
  await begun.promise;
  await app.plugins.disable("repeats");
  expect(order).toEqual(["worked", "stopped"]);
});

test("a listener that never ends does not hold up the plugin that it hears of", async () => {
  let heard = 0;
  class Hears extends Plugin {
    heard = on("plugin.other.*", () => {
      heard++;
      return never();
    });
  }
  const { app, lines } = await start([Hears, Other], { startTimeout: 0.05 });
  await app.plugins.disable("other");
  expect(heard).toBe(2);
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 40, msg: "Not everybody has heard of it" }),
  );
});
