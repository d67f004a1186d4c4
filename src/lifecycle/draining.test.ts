import { afterEach, expect, test } from "vitest";
import { ask, closeApps, living, renaming } from "../../test/lifecycle.ts";
import { packed } from "../../test/plugin-admin.ts";
import { findCulprit } from "../plugin/index.ts";

afterEach(async () => {
  for (const name of ["gate", "begun"]) Reflect.deleteProperty(globalThis, name);
  await closeApps();
});

/** Writes a row when the gate opens. */
const slow = `slow = get("/slow/{a}", async ({ a }) => {
  globalThis.begun();
  await globalThis.gate;
  await this.db.insertInto("notes_rows").values({ a }).execute();
  return "stored";
});`;

/** 1.0.0 with a row, and with a request that still runs; and 1.1.0, with the same tables. */
async function busy(nexus = {}) {
  const life = await living();
  const one = { ...renaming(1, slow), nexus };
  await life.plugins.install(await packed({ name: "base" }));
  await life.plugins.install(await packed(one));
  await ask(life.app, "/add/first");
  const [gate, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  Object.assign(globalThis, { gate: gate.promise, begun: begun.resolve });
  const begin = async () => {
    const late = ask(life.app, "/slow/late");
    await begun.promise;
    return late;
  };
  return {
    ...life,
    one,
    begin: () => ({ late: begin(), begun: begun.promise }),
    open: gate.resolve,
  };
}

const stopped = { window: 0, stop: true, allowBreaking: true };
const moment = () => new Promise((resolve) => setTimeout(resolve, 200));

test("an upgrade that stops the old version waits for those before it, too, that still answer", async () => {
  const { app, plugins, one, begin, open } = await busy();
  const { late, begun } = begin();
  await begun;
  await plugins.upgrade(
    "notes",
    { spec: await packed({ ...one, version: "1.1.0" }) },
    { window: 0 },
  );
  const upgrade = plugins.upgrade("notes", { spec: await packed(renaming(2)) }, stopped);
  await expect.poll(async () => (await ask(app, "/notes"))[0]).toBe(503);
  await moment();
  open();
  expect(await late).toEqual([200, "stored"]);
  await upgrade;
  expect(await ask(app, "/rows")).toEqual([200, ["first", "late"]]);
});

test("so does an upgrade of one that is disabled", async () => {
  const { app, plugins, begin, open } = await busy({ plugins: { base: "*" } });
  const { late, begun } = begin();
  await begun;
  const disabled = plugins.disable("base", { cascade: true });
  await expect.poll(async () => (await ask(app, "/notes"))[0]).toBe(404);
  const upgrade = plugins.upgrade("notes", { spec: await packed(renaming(2)) }, stopped);
  await moment();
  open();
  expect(await late).toEqual([200, "stored"]);
  await Promise.all([disabled, upgrade]);
  await plugins.enable("base");
  await plugins.enable("notes");
  expect(await ask(app, "/rows")).toEqual([200, ["first", "late"]]);
});

test("tables are not put back under a request of a version that has failed: what it writes is exported", async () => {
  const { app, plugins, one, begin, open } = await busy();
  const spec = await packed({ ...one, version: "1.1.0" });
  await plugins.upgrade("notes", { spec }, { ...stopped, window: 30 });
  const { late, begun } = begin();
  await begun;
  const [route] = app.plugins.routesOf("notes");
  const error = new Error("boom");
  const { plugin } = route!.scope.run(() => findCulprit(error))!;
  app.plugins.blame(plugin, error, { thrown: true });
  await expect.poll(async () => (await ask(app, "/notes"))[0]).toBe(503);
  await new Promise((resolve) => setTimeout(resolve, 700));
  open();
  expect(await late).toEqual([200, "stored"]);
  await expect.poll(() => ask(app, "/notes"), { timeout: 5000 }).toEqual([200, "1.0.0"]);
  expect(await ask(app, "/rows")).toEqual([200, ["first"]]);
});
