import { afterEach, expect, test } from "vitest";
import { Database, sql } from "../database/index.ts";
import { findService } from "../services.ts";
import { ask, closeApps, killed, living, renaming } from "../../test/lifecycle.ts";
import { packed } from "../../test/plugin-admin.ts";

afterEach(closeApps);

const stopped = { stop: true, window: 0 };
const add = async (app: Parameters<typeof ask>[0], ...texts: string[]) => {
  for (const text of texts) expect(await ask(app, `/add/${text}`)).toEqual([200, 1]);
};

/** 1.0.0 with a row, upgraded to 2.0.0, which has two more. */
async function upgraded() {
  const life = await living();
  await life.plugins.install(await packed(renaming(1)));
  await add(life.app, "one");
  const target = { spec: await packed(renaming(2)) };
  await life.plugins.upgrade("notes", target, stopped);
  await add(life.app, "two", "three");
  return life;
}

test("a disabled plugin's tables are copied and changed, too, and come back with its version", async () => {
  const { app, plugins } = await upgraded();
  await plugins.disable("notes");
  await plugins.upgrade("notes", { spec: await packed(renaming(3)) }, stopped);
  await plugins.enable("notes");
  expect(await ask(app, "/rows")).toEqual([200, ["one", "two", "three"]]);
  await add(app, "four");
  await plugins.rollback("notes", { restore: true });
  expect(await ask(app, "/notes")).toEqual([200, "2.0.0"]);
  expect(await ask(app, "/rows")).toEqual([200, ["one", "two", "three"]]);
});

test("what cannot be done to a disabled plugin's tables leaves them and its version as they were", async () => {
  const { app, plugins } = await upgraded();
  await plugins.disable("notes");
  const bad = `static { this.migrations["0009"] = { expand() { throw new Error("no disk"); } }; }`;
  const target = { spec: await packed(renaming(3, bad)) };
  await expect(plugins.upgrade("notes", target, stopped)).rejects.toThrow("no disk");
  expect(await plugins.info("notes")).toMatchObject({
    version: "2.0.0",
    previous: { version: "1.0.0" },
  });
  await plugins.enable("notes");
  expect(await ask(app, "/rows")).toEqual([200, ["one", "two", "three"]]);
  await plugins.rollback("notes", { restore: true });
  expect([await ask(app, "/notes"), await ask(app, "/rows")]).toEqual([
    [200, "1.0.0"],
    [200, ["one"]],
  ]);
});

test("an upgrade that fails leaves the way back of the one before it, with its tables", async () => {
  const { app, plugins } = await upgraded();
  const bad = await packed(renaming(3, `start() { throw new Error("no disk"); }`));
  await expect(plugins.upgrade("notes", { spec: bad }, stopped)).rejects.toThrow("no disk");
  expect(await ask(app, "/rows")).toEqual([200, ["one", "two", "three"]]);
  await plugins.rollback("notes", { restore: true });
  expect(await ask(app, "/notes")).toEqual([200, "1.0.0"]);
  expect(await ask(app, "/rows")).toEqual([200, ["one"]]);
});

test("old code is not put on tables that it does not know any more", async () => {
  const { app, plugins } = await upgraded();
  const old = { version: "1.0.0" };
  expect(await plugins.plan("notes", old)).toMatchObject({
    migrations: { ahead: [{ name: "0002", reason: expect.stringContaining("notes_rows") }] },
  });
  for (const options of [{ allowBreaking: true }, { allowBreaking: true, ...stopped }]) {
    const upgrade = plugins.upgrade("notes", old, options);
    await expect(upgrade).rejects.toMatchObject({ code: "NX_MIGRATION_AHEAD" });
    await expect(upgrade).rejects.toThrow(/"0002" has run[^]*rollback/);
  }
  expect(await ask(app, "/rows")).toEqual([200, ["one", "two", "three"]]);
});

test("old code may run on tables to which something was added", async () => {
  const { app, plugins } = await living();
  await plugins.install(await packed(renaming(1)));
  const added = `static { this.migrations["0002"] = { expand: (db) =>
    db.schema.alterTable("notes_rows").addColumn("more", "text").execute() }; }`;
  const next = await packed({ ...renaming(1, added), version: "1.1.0" });
  await plugins.upgrade("notes", { spec: next });
  await plugins.upgrade("notes", { version: "1.0.0" });
  await add(app, "one");
  expect(await ask(app, "/rows")).toEqual([200, ["one"]]);
});

for (const { what, from, to } of [
  { what: "upgrade", from: "2.0.0", to: "3.0.0" },
  { what: "rollback", from: "2.0.0", to: "1.0.0" },
] as const) {
  test(`killed at any moment of an ${what}, it starts on exactly one version, with its tables, and says so`, async () => {
    const before = await upgraded();
    const { plugins, states, folder } = before;
    const moments: { readonly folder: string; readonly isDecided: boolean }[] = [];
    const take = async () =>
      moments.push({
        folder: await killed(folder),
        isDecided: states.get("notes")!.version !== from,
      });
    const change = states.change.bind(states);
    states.change = async (changes) => {
      await take();
      await change(changes);
      await take();
    };
    const spec = await packed(renaming(3));
    if (what === "upgrade") await plugins.upgrade("notes", { spec }, stopped);
    else await plugins.rollback("notes", { restore: true });
    await take();
    expect(moments.filter(({ isDecided }) => isDecided).length).toBeGreaterThan(1);
    for (const moment of moments) {
      const next = await living(moment.folder);
      const said = next.lines.filter(({ level }) => Number(level) > 30).map(({ msg }) => msg);
      const [, version] = await ask(next.app, "/notes");
      expect(version).toBe(moment.isDecided ? to : from);
      const rows = version === "1.0.0" ? ["one"] : ["one", "two", "three"];
      expect(await ask(next.app, "/rows")).toEqual([200, rows]);
      const isCut = !moment.isDecided && moment !== moments[0];
      const words = `The ${what} of "notes" to ${to} was cut short: it runs ${from}`;
      expect(said).toEqual(isCut ? [words] : []);
      // What was cut short can be done again.
      if (moment.isDecided) continue;
      await add(next.app, "four");
      if (what === "upgrade") await next.plugins.upgrade("notes", { spec }, stopped);
      await next.plugins.rollback("notes", { restore: true });
      const left = what === "upgrade" ? [...rows, "four"] : ["one"];
      expect(await ask(next.app, "/rows")).toEqual([200, left]);
    }
  });
}

test("a rollback whose version does not start leaves the tables of the one that runs", async () => {
  const life = await living();
  const { app, plugins } = life;
  const once = `start() { if (globalThis.noDisk) throw new Error("no disk"); }`;
  await plugins.install(await packed(renaming(1, once)));
  await plugins.upgrade("notes", { spec: await packed(renaming(2)) }, stopped);
  await add(app, "one");
  Object.assign(globalThis, { noDisk: true });
  try {
    await expect(plugins.rollback("notes", { restore: true })).rejects.toThrow("no disk");
  } finally {
    Reflect.deleteProperty(globalThis, "noDisk");
  }
  expect(await ask(app, "/notes")).toEqual([200, "2.0.0"]);
  expect(await ask(app, "/rows")).toEqual([200, ["one"]]);
  await plugins.rollback("notes", { restore: true });
  expect(await ask(app, "/rows")).toEqual([200, []]);
});

test("tables that cannot be put back are not run on, by no version, until that is mended", async () => {
  const first = await living();
  const { app, plugins, states } = first;
  const view = `static { this.migrations["0001a"] = { expand: (db) =>
    db.schema.createView("notes_view").as(db.selectFrom("notes_rows").selectAll()).execute() }; }`;
  await plugins.install(await packed(renaming(1, view)));
  await add(app, "one");
  // In the way of what is to come back, and not of what is to come.
  const bad = `${view} static { this.migrations["0001b"] = { expand: (db) => db.schema.dropView("notes_view").execute() }; }
    start() {
      return this.db.schema.createTable("notes_view").addColumn("by_hand", "text").execute()
        .then(() => { throw new Error("no disk"); });
    }`;
  const spec = await packed(renaming(2, bad));
  await expect(plugins.upgrade("notes", { spec }, stopped)).rejects.toMatchObject({
    code: "NX_PLUGIN_PAUSED",
    message: expect.stringMatching(/notes_view[^]*no disk/),
  });
  expect(await plugins.info("notes")).toMatchObject({ version: "1.0.0", state: "failed" });
  expect((await ask(app, "/rows"))[0]).toBe(503);
  expect(states.get("notes")!.change).toMatchObject({ kind: "upgrade", stop: true });
  await expect(plugins.enable("notes")).rejects.toThrow("notes_view");
  // Nor does a restart; the others go on.
  const second = await living(await killed(first.folder));
  expect(await second.plugins.info("notes")).toMatchObject({ state: "failed" });
  await app.run(() => sql`drop table notes_view`.execute(findService(app.scope, Database)));
  await plugins.enable("notes");
  expect([await ask(app, "/notes"), await ask(app, "/rows")]).toEqual([
    [200, "1.0.0"],
    [200, ["one"]],
  ]);
});

test("without the copy that belongs to it a rollback is refused, and changes nothing", async () => {
  const { app, plugins } = await upgraded();
  await app.run(() => sql`delete from nexus_copies`.execute(findService(app.scope, Database)));
  const back = plugins.rollback("notes", { restore: true });
  await expect(back).rejects.toMatchObject({ code: "NX_TABLE_COPY" });
  expect(await ask(app, "/rows")).toEqual([200, ["one", "two", "three"]]);
});
