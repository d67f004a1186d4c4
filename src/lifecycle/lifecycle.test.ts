import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import {
  ask,
  closeApps,
  firstTable,
  living,
  tables,
  type TestVersion,
  writePlugin,
} from "../../test/lifecycle.ts";

afterEach(closeApps);

test("an installed plugin is live, and there again after a restart", async () => {
  const { app, plugins, write, again, versions } = await living();
  const info = await plugins.install(await write());
  expect(info).toMatchObject({
    name: "notes",
    version: "1.0.0",
    origin: "installed",
    state: "started",
    enabled: true,
    versions: ["1.0.0"],
    routes: [{ method: "GET", path: "/notes" }],
    folder: join(versions.folder, "notes", "1.0.0"),
  });
  expect(await ask(app, "/notes")).toEqual([200, "1.0.0"]);
  // Once more it is the same.
  expect(await plugins.install(await write())).toMatchObject({ state: "started" });
  const next = await again();
  expect(await ask(next.app, "/notes")).toEqual([200, "1.0.0"]);
  expect(await next.plugins.list()).toMatchObject([{ name: "notes", state: "started" }]);
});

test("one that cannot start is not installed", async () => {
  const { plugins, write, versions } = await living();
  const members = `start() { throw new Error("no disk"); }`;
  await expect(plugins.install(await write({ members }))).rejects.toThrow("no disk");
  expect([await versions.list("notes"), await plugins.list()]).toEqual([[], []]);
  const idle = await plugins.install(await write(), { enable: false });
  expect(idle).toMatchObject({ state: "stopped", enabled: false, origin: "installed" });
});

test("disabled stays disabled, and enabled enabled, over restarts", async () => {
  const first = await living();
  await first.plugins.install(await first.write());
  for (let round = 0; round < 2; round++)
    expect(await first.plugins.disable("notes")).toMatchObject({ state: "stopped" });
  expect((await ask(first.app, "/notes"))[0]).toBe(404);
  const second = await first.again();
  expect(await second.plugins.info("notes")).toMatchObject({
    state: "stopped",
    enabled: false,
    origin: "installed",
    version: "1.0.0",
  });
  for (let round = 0; round < 2; round++)
    expect(await second.plugins.enable("notes")).toMatchObject({ state: "started" });
  expect(await ask(second.app, "/notes")).toEqual([200, "1.0.0"]);
  const third = await second.again();
  expect(await ask(third.app, "/notes")).toEqual([200, "1.0.0"]);
});

test("settings outlive a restart, stay covered, and can be rolled back", async () => {
  const version: TestVersion = {
    before: `import { z } from "zod"; import { secret } from "nexus-platform/config";`,
    members: `static config = z.object({ word: z.string().default("hello"), key: secret(z.string()).default("k0") });
      say = get("/say", () => this.config);`,
  };
  const first = await living();
  await first.plugins.install(await first.write(version));
  await first.plugins.configure("notes", { word: "hi", key: "k1" });
  expect(await ask(first.app, "/say")).toEqual([200, { word: "hi", key: "k1" }]);
  expect(await first.plugins.settings("notes")).toMatchObject({
    values: { word: "hi", key: "********" },
    stored: { word: "hi", key: "********" },
    sources: { word: "stored", key: "stored" },
    schema: { type: "object" },
  });
  await first.plugins.configure("notes", { word: "ho", key: "********" });
  await expect(first.plugins.configure("notes", { word: 1, wrod: 2 })).rejects.toThrow(
    /wrod: there is no such setting \(from the stored settings\)[^]*word: /,
  );
  const second = await first.again();
  expect(await ask(second.app, "/say")).toEqual([200, { word: "ho", key: "k1" }]);
  await second.plugins.disable("notes");
  await second.plugins.configure("notes", { word: "hey" });
  await second.plugins.enable("notes");
  expect(await ask(second.app, "/say")).toEqual([200, { word: "hey", key: "k0" }]);
  await second.plugins.rollback("notes");
  expect(await ask(second.app, "/say")).toEqual([200, { word: "ho", key: "k1" }]);
});

test("uninstalled it is gone with all its versions; its tables are kept, exported or dropped", async () => {
  const { app, plugins, write, versions, folder, again } = await living();
  const spec = await write(tables(firstTable));
  await plugins.install(spec);
  await ask(app, "/add");
  expect(await plugins.uninstall("notes")).toEqual({});
  expect([(await ask(app, "/rows"))[0], await versions.list("notes")]).toEqual([404, []]);
  await plugins.install(spec);
  expect(await ask(app, "/rows")).toEqual([200, [{ text: "a" }]]);
  const { exported } = await plugins.uninstall("notes", { data: "export" });
  expect(await readdir(join(folder, "exports"))).toEqual([exported!.split("/").at(-1)]);
  await plugins.install(spec);
  expect(await ask(app, "/rows")).toEqual([200, []]);
  await plugins.uninstall("notes", { data: "drop" });
  const next = await again();
  expect(await next.plugins.list()).toEqual([]);
  await expect(next.plugins.info("notes")).rejects.toMatchObject({ code: "NX_PLUGIN_UNKNOWN" });
});

test("the author's folder is read and never written: discovered, reloaded, not uninstalled", async () => {
  const { app, plugins, folder } = await living();
  const place = await writePlugin(join(folder, "authors"));
  expect(await plugins.discover()).toEqual(["notes"]);
  expect(await plugins.discover()).toEqual([]);
  expect(await ask(app, "/notes")).toEqual([200, "1.0.0"]);
  expect(await plugins.reload("notes")).toMatchObject({ origin: "folder", folder: place });
  for (const change of [
    () => plugins.uninstall("notes"),
    () => plugins.upgrade("notes", { version: "2.0.0" }),
  ])
    await expect(change()).rejects.toMatchObject({ code: "NX_PLUGIN_ORIGIN" });
  const other = await writePlugin(join(folder, "packages"), { version: "3.0.0" });
  await expect(plugins.install(other)).rejects.toMatchObject({ code: "NX_PLUGIN_TWICE" });
  expect(await ask(app, "/notes")).toEqual([200, "1.0.0"]);
});

test("the same name in the author's folder and among the installed ones stops the start, naming both", async () => {
  const first = await living();
  await first.plugins.install(await first.write());
  await first.app.close();
  const place = await writePlugin(join(first.folder, "authors"), { version: "2.0.0" });
  const start = living(first.folder);
  await expect(start).rejects.toThrow(
    `Two plugins are called "notes": ${place} and the installed one in ${join(first.versions.folder, "notes", "1.0.0")}.`,
  );
});

test("an installed version that is damaged or gone fails, and the others start", async () => {
  const first = await living();
  await first.plugins.install(await first.write());
  await first.plugins.install(await first.write({ name: "shop" }));
  await rm(join(first.versions.folder, "notes", "1.0.0", "index.ts"));
  const second = await first.again();
  expect(await ask(second.app, "/shop")).toEqual([200, "1.0.0"]);
  expect((await plugins(second)).notes).toMatchObject({ state: "failed", origin: "installed" });
  expect(await second.plugins.health("notes")).toMatchObject({ status: "failed" });
});

test("parts of the platform are not disabled", async () => {
  const { plugins } = await living(undefined, { docs: {} });
  expect(await plugins.info("docs")).toMatchObject({ origin: "platform" });
  await expect(plugins.disable("docs")).rejects.toThrow("it is a part of the platform");
});

async function plugins({ plugins }: Awaited<ReturnType<typeof living>>) {
  return Object.fromEntries((await plugins.list()).map((one) => [one.name, one]));
}

test("a damaged version runs again once it was installed anew", async () => {
  const first = await living();
  const spec = await first.write();
  await first.plugins.install(spec);
  await rm(join(first.versions.folder, "notes", "1.0.0", "index.ts"));
  const second = await first.again();
  expect(await second.plugins.info("notes")).toMatchObject({ state: "failed" });
  expect(await second.plugins.install(spec)).toMatchObject({ state: "started" });
});

test("one that is gone from the author's folder is forgotten", async () => {
  const { app, plugins, folder } = await living();
  const place = await writePlugin(join(folder, "authors"));
  await plugins.discover();
  await plugins.disable("notes");
  await rm(place, { recursive: true });
  await plugins.discover();
  expect([await plugins.list(), (await ask(app, "/notes"))[0]]).toEqual([[], 404]);
});

test("disable is decided before anything ends: who is killed meanwhile starts without it", async () => {
  const { app, plugins, write, states } = await living();
  const members = `slow = get("/slow", () => new Promise((done) => { globalThis.letGo = done; }));`;
  await plugins.install(await write({ members }));
  const slow = ask(app, "/slow");
  const disabled = plugins.disable("notes");
  await expect.poll(() => states.get("notes")?.enabled).toBe(false);
  expect(app.plugins.status("notes")?.state).toBe("stopping");
  (globalThis as { letGo?: (text: string) => void }).letGo!("finished");
  expect(await slow).toEqual([200, "finished"]);
  await disabled;
});

test("what cannot be uninstalled goes on as if nobody had asked", async () => {
  const { app, plugins, write, folder } = await living();
  await plugins.install(await write(tables(firstTable)));
  const refers = `"1": { expand: (db) => db.schema.createTable("refers").addColumn("a", "text", (one) => one.references("notes_rows.text")).execute() }`;
  const other = await write({
    name: "other",
    ...tables(refers),
    members: `static migrations = { ${refers} };`,
  });
  await plugins.install(other);
  await expect(plugins.uninstall("notes", { data: "drop" })).rejects.toMatchObject({
    code: "NX_TABLE_REFERENCED",
  });
  expect(await ask(app, "/rows")).toEqual([200, []]);
  await writeFile(join(folder, "exports"), "no folder");
  await expect(plugins.uninstall("notes", { data: "export" })).rejects.toMatchObject({
    code: "NX_TABLE_EXPORT",
    message: expect.stringMatching(
      /^The tables of "notes" could not be written to .*exports.notes-1\.0\.0-\w+\.ndjson: E.*\. Make room there/,
    ),
  });
  expect(await ask(app, "/rows")).toEqual([200, []]);
  expect(await plugins.info("notes")).toMatchObject({ state: "started", enabled: true });
});

test("what was said of a folder that is gone says nothing of a package of its name", async () => {
  const first = await living();
  const place = await writePlugin(join(first.folder, "authors"), { name: "good" });
  await rename(place, join(first.folder, "authors", "good"));
  await first.plugins.discover();
  await first.plugins.disable("good");
  await rm(join(first.folder, "authors"), { recursive: true });
  const second = await first.again();
  const info = await second.plugins.install(await second.write({ name: "good" }));
  expect(info).toMatchObject({ state: "started", enabled: true, origin: "installed" });
  expect(await ask(second.app, "/good")).toEqual([200, "1.0.0"]);
  expect(second.states.get("good")).toMatchObject({ enabled: true, version: "1.0.0" });
});

test("the routes of one that cannot be loaded any more answer 503, unless others have them now", async () => {
  const first = await living();
  const members = `one = get("/notes/{id:int}/text", ({ id }) => id); moved = get("/moved", () => 1);`;
  await first.plugins.install(await first.write({ members }));
  await first.plugins.install(await first.write({ name: "other" }));
  await first.plugins.install(await first.write({ name: "gone" }));
  await first.plugins.uninstall("gone");
  await writeFile(join(first.versions.folder, "notes", "1.0.0", "index.ts"), "what is this");
  const second = await first.again();
  const answer = await second.app.fetch(new Request("http://test/notes/7/text"));
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "30"]);
  expect((await ask(second.app, "/notes"))[0]).toBe(503);
  expect((await ask(second.app, "/notes/unknown/else"))[0]).toBe(404);
  expect(await ask(second.app, "/other")).toEqual([200, "1.0.0"]);
  expect((await ask(second.app, "/gone"))[0]).toBe(404);
  await second.plugins.disable("notes");
  expect((await ask(second.app, "/notes"))[0]).toBe(404);
});

test("routes that another plugin has taken over are its own", async () => {
  const first = await living();
  const shared = { members: `shared = get("/shared", () => this.name);` };
  await first.plugins.install(await first.write(shared));
  await writeFile(join(first.versions.folder, "notes", "1.0.0", "index.ts"), "what is this");
  await first.plugins.disable("notes");
  await first.plugins.install(await first.write({ name: "other", ...shared }));
  await first.states.change({ notes: { ...first.states.get("notes")!, enabled: true } });
  const second = await first.again();
  expect(await ask(second.app, "/shared")).toEqual([200, "other"]);
  expect((await ask(second.app, "/notes"))[0]).toBe(503);
});

test("one that cannot be loaded when it is enabled has failed, and is mended by installing it anew", async () => {
  const first = await living();
  const spec = await first.write();
  await first.plugins.install(spec);
  await first.plugins.disable("notes");
  await writeFile(join(first.versions.folder, "notes", "1.0.0", "index.ts"), "what is this");
  const second = await first.again();
  expect((await ask(second.app, "/notes"))[0]).toBe(404);
  await expect(second.plugins.enable("notes")).rejects.toMatchObject({ code: "NX_INTEGRITY" });
  expect(await second.plugins.info("notes")).toMatchObject({
    state: "failed",
    enabled: true,
    failure: { step: "load" },
  });
  expect((await ask(second.app, "/notes"))[0]).toBe(503);
  await second.plugins.install(spec);
  expect(await ask(second.app, "/notes")).toEqual([200, "1.0.0"]);
});

test("of two plugins of one name the second can be named, and disabled", async () => {
  const one = await living();
  await one.app.close();
  for (const version of ["1.0.0", "2.0.0"])
    await writePlugin(join(one.folder, "authors"), { version });
  const { app, plugins } = await living(one.folder, {});
  expect(await plugins.info("notes (notes-2.0.0)")).toMatchObject({
    state: "failed",
    failure: { reason: expect.stringMatching(/notes-1\.0\.0 and .*notes-2\.0\.0\. Give one/) },
  });
  expect(await plugins.disable("notes (notes-2.0.0)")).toMatchObject({ state: "stopped" });
  expect(await ask(app, "/notes")).toEqual([200, "1.0.0"]);
});
