import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { ask, closeApps, killed, living, renaming } from "../../test/lifecycle.ts";
import { packed } from "../../test/plugin-admin.ts";
import { FileStates, openInstalled } from "./index.ts";

afterEach(closeApps);

const unwell = `since = 0;
  start() { this.since = Date.now(); }
  health() { if (Date.now() > this.since + 300) throw new Error("no disk"); }`;

test("what was stopped for is rolled back by itself, too: its tables are exported, and then what they were", async () => {
  const { app, plugins, lines } = await living();
  await plugins.install(await packed(renaming(1)));
  await ask(app, "/add/one");
  const spec = await packed(renaming(2, unwell));
  const upgrade = plugins.upgrade("notes", { spec }, { stop: true, window: 20, wait: true });
  await expect.poll(() => ask(app, "/notes"), { interval: 5 }).toEqual([200, "2.0.0"]);
  await ask(app, "/add/two");
  const { version, last_upgrade: last } = await upgrade;
  expect([version, await ask(app, "/rows")]).toEqual(["1.0.0", [200, ["one"]]]);
  expect(last).toMatchObject({ outcome: "rolled back", reason: "it is unwell: no disk" });
  expect(lines.map(({ msg }) => msg)).toContain(
    `Rolled back from 2.0.0 to 1.0.0: it is unwell: no disk. Its tables are those before the upgrade; as 2.0.0 has left them, they are in ${last!.exported}`,
  );
  expect(await readFile(last!.exported!, "utf8")).toContain(
    '{"table":"notes_rows","row":{"b":"two"}}',
  );
});

test("a version that is worse and cannot be rolled back is kept, and why is said", async () => {
  const { app, plugins, lines, versions } = await living();
  await plugins.install(await packed({}));
  await plugins.upgrade("notes", { spec: await packed({ version: "1.1.0", members: unwell }) });
  await versions.remove("notes", "1.0.0");
  await expect
    .poll(async () => (await plugins.info("notes")).last_upgrade, { timeout: 5000 })
    .toMatchObject({
      outcome: "kept",
      reason: expect.stringMatching(
        /^it is worse \(it is unwell: no disk\), and could not be rolled back: .*1\.0\.0.* not installed/,
      ),
    });
  expect(lines.map(({ msg }) => msg)).toContainEqual(expect.stringContaining("It is worse (it is"));
  expect(await ask(app, "/notes")).toEqual([200, "1.1.0"]);
});

test("a process that ends without being asked to, while a version is watched, starts on the one before", async () => {
  const first = await living();
  await first.plugins.install(await packed(renaming(1)));
  await ask(first.app, "/add/one");
  await first.plugins.upgrade("notes", { spec: await packed(renaming(2)) }, { stop: true });
  await ask(first.app, "/add/two");
  const second = await living(await killed(first.folder));
  expect([await ask(second.app, "/notes"), await ask(second.app, "/rows")]).toEqual([
    [200, "1.0.0"],
    [200, ["one"]],
  ]);
  const { last_upgrade: last, previous } = await second.plugins.info("notes");
  const reason = "the process ended without being asked to, while it was watched";
  expect(last).toMatchObject({ from: "2.0.0", to: "1.0.0", outcome: "rolled back", reason });
  expect(previous).toBeUndefined();
  expect(second.lines.map(({ msg }) => msg)).toContainEqual(
    expect.stringContaining(`Rolled back from 2.0.0 to 1.0.0: ${reason}`),
  );
  expect(await readFile(last!.exported!, "utf8")).toContain('"b":"two"');
  const third = await second.again();
  expect(await ask(third.app, "/notes")).toEqual([200, "1.0.0"]);
  expect(third.lines.filter(({ level }) => Number(level) > 30)).toEqual([]);
});

const word = (name: string) => ({
  before: `import { z } from "zod";`,
  members: `static config = z.object({ ${name}: z.string().default("no") });
    say = get("/say", () => this.config);`,
});

test("settings that came with a version go with it, also by a crash", async () => {
  const first = await living();
  await first.plugins.install(await packed(word("a")));
  await first.plugins.configure("notes", { a: "1" });
  const spec = await packed({ version: "1.1.0", ...word("b") });
  const options = { settings: { b: "2" }, unset: ["a"], allowBreaking: true };
  await first.plugins.upgrade("notes", { spec }, options);
  expect(await ask(first.app, "/say")).toEqual([200, { b: "2" }]);
  const second = await living(await killed(first.folder));
  expect(await ask(second.app, "/say")).toEqual([200, { a: "1" }]);
});

test("who stops a server while a version is watched does not speak against it: the next one goes on watching", async () => {
  const first = await living();
  await first.plugins.install(await packed({}));
  const spec = await packed({ version: "1.1.0" });
  await first.plugins.upgrade("notes", { spec }, { window: 60 });
  const { watched_until: until } = await first.plugins.info("notes");
  const second = await first.again();
  expect(await second.plugins.info("notes")).toMatchObject({
    version: "1.1.0",
    watched_until: until,
    last_upgrade: { from: "1.0.0", to: "1.1.0", outcome: "watched" },
  });
  // And that one may crash.
  const third = await living(await killed(second.folder));
  expect(await ask(third.app, "/notes")).toEqual([200, "1.0.0"]);
});

test("an end by an error that nobody caught is a crash, however orderly it is", async () => {
  const first = await living();
  await first.plugins.install(await packed({}));
  await first.plugins.upgrade("notes", { spec: await packed({ version: "1.1.0" }) });
  first.plugins.crash();
  const second = await first.again();
  expect(await ask(second.app, "/notes")).toEqual([200, "1.0.0"]);
});

test("a watched version that does not start again is rolled back", async () => {
  const first = await living();
  await first.plugins.install(await packed({}));
  const members = `start() { if (globalThis.noDisk) throw new Error("no disk"); }`;
  await first.plugins.upgrade("notes", { spec: await packed({ version: "1.1.0", members }) });
  Object.assign(globalThis, { noDisk: true });
  try {
    const second = await first.again();
    await expect.poll(() => ask(second.app, "/notes"), { timeout: 5000 }).toEqual([200, "1.0.0"]);
    expect((await second.plugins.info("notes")).last_upgrade).toMatchObject({
      outcome: "rolled back",
      reason: "it is unwell: no disk",
    });
  } finally {
    Reflect.deleteProperty(globalThis, "noDisk");
  }
});

test("once its time is over a version is kept, also by a crash", async () => {
  const first = await living();
  await first.plugins.install(await packed({}));
  const spec = await packed({ version: "1.1.0" });
  await first.plugins.upgrade("notes", { spec }, { window: 0.3, wait: true });
  const second = await living(await killed(first.folder));
  expect(await ask(second.app, "/notes")).toEqual([200, "1.1.0"]);
  await first.plugins.upgrade("notes", { version: "1.0.0" });
  await first.plugins.disable("notes");
  const third = await living(await killed(first.folder));
  expect(await third.plugins.info("notes")).toMatchObject({ version: "1.0.0", enabled: false });
});

test("what is watched is not finalized, unless that is to end the watch", async () => {
  const { plugins, versions } = await living();
  await plugins.install(await packed({}));
  await plugins.upgrade("notes", { spec: await packed({ version: "1.1.0" }) });
  const finalizing = plugins.finalize("notes");
  await expect(finalizing).rejects.toMatchObject({ code: "NX_PLUGIN_WATCHED" });
  await expect(finalizing).rejects.toThrow(/"notes" 1\.1\.0 is watched until .*Z.*[^]*say now/);
  expect(await versions.list("notes")).toEqual(["1.1.0", "1.0.0"]);
  await plugins.finalize("notes", { now: true });
  const { watched_until: until, last_upgrade: last } = await plugins.info("notes");
  expect([until, last]).toMatchObject([undefined, { outcome: "kept", reason: "it was finalized" }]);
  expect(await versions.list("notes")).toEqual(["1.1.0"]);
});

test("finalize waits for the requests of the version before", async () => {
  const { app, plugins } = await living();
  const slow = `slow = get("/slow", async () => {
    globalThis.begun();
    await globalThis.gate;
    return (await this.db.selectFrom("notes_rows").select("a").execute()).length;
  });`;
  await plugins.install(await packed(renaming(1, slow)));
  await ask(app, "/add/one");
  const contracting = `static { this.migrations["0002"] = {
    expand: (db) => db.schema.alterTable("notes_rows").addColumn("b", "text").execute(),
    contract: (db) => db.schema.alterTable("notes_rows").dropColumn("a").execute() }; }
    slow = get("/slow", () => 0);`;
  const spec = await packed({ ...renaming(1, contracting), version: "1.1.0" });
  const [gate, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  Object.assign(globalThis, { gate: gate.promise, begun: begun.resolve });
  const running = ask(app, "/slow");
  await begun.promise;
  await plugins.upgrade("notes", { spec }, { window: 0 });
  const finalized = plugins.finalize("notes");
  await sleep(50);
  gate.resolve();
  expect(await running).toEqual([200, 1]);
  expect(await finalized).toEqual(["0002"]);
  for (const name of ["gate", "begun"]) Reflect.deleteProperty(globalThis, name);
});

test("what another process leads, and is watching, is left alone", async () => {
  const { folder, plugins, versions } = await living();
  await plugins.install(await packed({}));
  await plugins.upgrade("notes", { spec: await packed({ version: "1.1.0" }) });
  const states = await FileStates.open(join(folder, "plugins"));
  const { sources } = await openInstalled(versions, states, [], { isLed: true });
  expect(sources.map(({ manifest }) => manifest.version)).toEqual(["1.1.0"]);
  expect(states.get("notes")).toMatchObject({ version: "1.1.0", watch: {} });
});
