import { appendFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import {
  ask,
  closeApps,
  firstTable,
  living,
  tables,
  type TestVersion,
} from "../../test/lifecycle.ts";

afterEach(closeApps);

test("an upgrade takes over, outlives a restart, and can be rolled back", async () => {
  const first = await living();
  await first.plugins.install(await first.write());
  const next = await first.write({ version: "1.1.0", members: `more = get("/more", () => 1);` });
  const target = { spec: next };
  expect(await first.plugins.plan("notes", target)).toMatchObject({
    from: "1.0.0",
    to: "1.1.0",
    routes: [{ operation: "GET /more", what: "new", breaking: false }],
    breaking: false,
    needs_stop: false,
    faults: [],
  });
  expect(await ask(first.app, "/notes")).toEqual([200, "1.0.0"]);
  expect(await first.plugins.upgrade("notes", target)).toMatchObject({
    version: "1.1.0",
    versions: ["1.1.0", "1.0.0"],
    previous: { version: "1.0.0" },
    last_upgrade: { from: "1.0.0", to: "1.1.0", outcome: "watched" },
  });
  expect(await ask(first.app, "/more")).toEqual([200, 1]);
  // The same again is nothing.
  await first.plugins.upgrade("notes", { version: "1.1.0" });
  const second = await first.again();
  expect(await ask(second.app, "/notes")).toEqual([200, "1.1.0"]);
  expect(await second.plugins.rollback("notes")).toMatchObject({
    version: "1.0.0",
    last_upgrade: { outcome: "rolled back" },
  });
  expect((await ask(second.app, "/more"))[0]).toBe(404);
  await expect(second.plugins.rollback("notes")).rejects.toMatchObject({ code: "NX_NO_PREVIOUS" });
  const third = await second.again();
  expect(await ask(third.app, "/notes")).toEqual([200, "1.0.0"]);
});

test("what breaks clients is refused, naming all of it, unless it is allowed", async () => {
  const { app, plugins, write } = await living();
  await plugins.install(await write({ members: `gone = get("/gone", () => 1);` }));
  const target = { spec: await write({ version: "2.0.0" }) };
  await expect(plugins.upgrade("notes", target)).rejects.toThrow(
    '"notes" 2.0.0 breaks its clients: GET /gone: gone.',
  );
  expect(await ask(app, "/gone")).toEqual([200, 1]);
  await plugins.upgrade("notes", target, { allowBreaking: true });
  expect(await ask(app, "/notes")).toEqual([200, "2.0.0"]);
});

const broken: [string, TestVersion][] = [
  ["at import", { before: `throw new Error("no disk");` }],
  ["when made", { members: `x = (() => { throw new Error("no disk"); })();` }],
  ["at its start", { members: `start() { throw new Error("no disk"); }` }],
  ["unwell", { members: `health() { throw new Error("no disk"); }` }],
];
for (const [how, version] of broken) {
  test(`a version that is broken (${how}) changes nothing`, async () => {
    const first = await living();
    await first.plugins.install(await first.write());
    const spec = await first.write({ version: "1.1.0", ...version });
    await expect(first.plugins.upgrade("notes", { spec })).rejects.toThrow("no disk");
    expect(await ask(first.app, "/notes")).toEqual([200, "1.0.0"]);
    const second = await first.again();
    expect(await ask(second.app, "/notes")).toEqual([200, "1.0.0"]);
    expect(second.lines.filter(({ level }) => level === 40)).toEqual([]);
  });
}

test("a version whose answers are worse rolls itself back while it is watched", async () => {
  const { app, plugins, write, lines } = await living();
  await plugins.install(await write());
  const spec = await write({
    version: "1.1.0",
    members: `bad = get("/bad", () => { throw new Error("bug"); });`,
  });
  await plugins.upgrade("notes", { spec }, { window: 20 });
  for (let at = 0; at < 4; at++) expect((await ask(app, "/bad"))[0]).toBe(500);
  await expect.poll(() => ask(app, "/notes"), { timeout: 5000 }).toEqual([200, "1.0.0"]);
  expect(await plugins.info("notes")).toMatchObject({
    version: "1.0.0",
    last_upgrade: {
      outcome: "rolled back",
      reason: expect.stringMatching(
        /^it had [34] faults in \d+ requests, the version before 0 faults in 0 requests$/,
      ),
    },
  });
  expect(lines.map(({ msg }) => msg)).toContainEqual(
    expect.stringContaining("Rolled back from 1.1.0 to 1.0.0"),
  );
});

test("a version whose promises fail by themselves is worse, without any request", async () => {
  const { app, plugins, write } = await living();
  await plugins.install(await write());
  const spec = await write({ version: "1.1.0" });
  await plugins.upgrade("notes", { spec }, { window: 20 });
  const { folder: place = "" } = app.plugins.status("notes")!;
  for (let at = 0; at < 3; at++)
    app.plugins.blame({ name: "notes", place }, new Error("forgotten"), { thrown: false });
  await expect
    .poll(async () => (await plugins.info("notes")).last_upgrade, { timeout: 5000 })
    .toMatchObject({
      outcome: "rolled back",
      reason: "it had 3 faults in 0 requests, the version before 0 faults in 0 requests",
    });
});

test("a version that becomes unwell is rolled back, and one that is not is kept", async () => {
  const { app, plugins, write } = await living();
  await plugins.install(await write());
  const unwell = `since = Date.now();
    health() { if (Date.now() > this.since + 300) throw new Error("no disk"); }`;
  const bad = await write({ version: "1.1.0", members: unwell });
  await plugins.upgrade("notes", { spec: bad }, { window: 20, wait: true });
  expect(await ask(app, "/notes")).toEqual([200, "1.0.0"]);
  expect((await plugins.info("notes")).last_upgrade).toMatchObject({
    reason: "it is unwell: no disk",
  });
  const good = await write({ version: "1.2.0" });
  const kept = await plugins.upgrade("notes", { spec: good }, { window: 0.3, wait: true });
  expect(kept).toMatchObject({ version: "1.2.0", last_upgrade: { outcome: "kept" } });
  expect(kept.watched_until).toBeUndefined();
});

test("a live upgrade only adds to the tables; what it no longer needs is taken away by finalize", async () => {
  const { app, plugins, write } = await living();
  await plugins.install(await write(tables(firstTable)));
  await ask(app, "/add");
  const second = `${firstTable}, "0002": {
    expand: (db) => db.schema.alterTable("notes_rows").addColumn("title", "text").execute(),
    contract: (db) => db.schema.alterTable("notes_rows").dropColumn("text").execute() }`;
  const next = await write({ version: "1.1.0", ...tables(second) });
  expect((await plugins.plan("notes", { spec: next })).migrations).toMatchObject({
    expand: [{ name: "0002", obstacles: [] }],
    pending: [],
  });
  await plugins.upgrade("notes", { spec: next });
  expect(await ask(app, "/rows")).toEqual([200, [{ text: "a", title: null }]]);
  await plugins.rollback("notes");
  expect(await ask(app, "/rows")).toEqual([200, [{ text: "a", title: null }]]);
  await plugins.upgrade("notes", { version: "1.1.0" }, { window: 0 });
  expect(await plugins.finalize("notes")).toEqual(["0002"]);
  expect(await ask(app, "/rows")).toEqual([200, [{ title: null }]]);
  await expect(plugins.rollback("notes")).rejects.toMatchObject({ code: "NX_NO_PREVIOUS" });
});

const dropping = `${firstTable}, "0002": {
  expand: (db) => db.schema.alterTable("notes_rows").renameColumn("text", "body").execute() }`;

test("what is not additive needs a stop; rolled back, the tables are what they were", async () => {
  const { app, plugins, write } = await living();
  await plugins.install(await write(tables(firstTable)));
  await ask(app, "/add");
  const next = await write({ version: "2.0.0", ...tables(dropping) });
  expect(await plugins.plan("notes", { spec: next })).toMatchObject({ needs_stop: true });
  await expect(plugins.upgrade("notes", { spec: next })).rejects.toThrow(
    /"0002"[^]*rename column[^]*--stop/,
  );
  expect(await ask(app, "/rows")).toEqual([200, [{ text: "a" }]]);
  await plugins.upgrade("notes", { spec: next }, { stop: true });
  expect(await ask(app, "/rows")).toEqual([200, [{ body: "a" }]]);
  await expect(plugins.rollback("notes")).rejects.toMatchObject({ code: "NX_ROLLBACK" });
  await plugins.rollback("notes", { restore: true });
  expect(await ask(app, "/rows")).toEqual([200, [{ text: "a" }]]);
  expect(await ask(app, "/notes")).toEqual([200, "1.0.0"]);
});

test("when one that was stopped for cannot start, the old one runs on its old tables again", async () => {
  const { app, plugins, write } = await living();
  await plugins.install(await write(tables(firstTable)));
  await ask(app, "/add");
  const version = tables(dropping);
  const members = `${version.members} start() { throw new Error("no disk"); }`;
  const next = await write({ version: "2.0.0", ...version, members });
  await expect(plugins.upgrade("notes", { spec: next }, { stop: true })).rejects.toThrow("no disk");
  expect(await ask(app, "/rows")).toEqual([200, [{ text: "a" }]]);
});

test("an upgrade that was cut short is taken back by the next start, which says so", async () => {
  const first_ = await living();
  await first_.plugins.install(await first_.write(tables(firstTable)));
  await ask(first_.app, "/add");
  const next = await first_.write({ version: "2.0.0", ...tables(dropping) });
  await first_.plugins.upgrade("notes", { spec: next }, { stop: true });
  // As it was between the migrations and the last word.
  const { states } = first_;
  const { previous, ...state } = states.get("notes")!;
  const change = { id: previous!.copy!, kind: "upgrade", version: "2.0.0", stop: true } as const;
  await states.change({ notes: { ...state, version: "1.0.0", change } });
  const second = await first_.again();
  expect(await ask(second.app, "/rows")).toEqual([200, [{ text: "a" }]]);
  expect(second.lines.map(({ msg }) => msg)).toContain(
    'The upgrade of "notes" to 2.0.0 was cut short: it runs 1.0.0',
  );
  const third = await second.again();
  expect(third.lines.filter(({ level }) => level === 40)).toEqual([]);
});

test("a disabled plugin is upgraded without being started, also after a restart", async () => {
  const first = await living();
  await first.plugins.install(await first.write());
  await first.plugins.disable("notes");
  const second = await first.again();
  const spec = await second.write({ version: "1.1.0" });
  expect(await second.plugins.plan("notes", { spec })).toMatchObject({ from: "1.0.0", routes: [] });
  expect(await second.plugins.upgrade("notes", { spec })).toMatchObject({
    version: "1.1.0",
    state: "stopped",
    enabled: false,
  });
  await second.plugins.enable("notes");
  expect(await ask(second.app, "/notes")).toEqual([200, "1.1.0"]);
});

test("a version that cannot be loaded is no obstacle to the next one", async () => {
  const first = await living();
  await first.plugins.install(await first.write());
  await rm(join(first.versions.folder, "notes", "1.0.0", "index.ts"));
  const second = await first.again();
  expect(await second.plugins.info("notes")).toMatchObject({ state: "failed" });
  const spec = await second.write({ version: "1.0.1" });
  expect(await second.plugins.upgrade("notes", { spec })).toMatchObject({ state: "started" });
  expect(await ask(second.app, "/notes")).toEqual([200, "1.0.1"]);
});

test("who upgrades what is watched has the new version watched, and nothing else", async () => {
  const { app, plugins, write } = await living();
  await plugins.install(await write());
  await plugins.upgrade("notes", { spec: await write({ version: "1.1.0" }) }, { window: 20 });
  const members = `since = Date.now();
    health() { if (Date.now() > this.since + 300) throw new Error("no disk"); }`;
  const spec = await write({ version: "1.2.0", members });
  await plugins.upgrade("notes", { spec }, { window: 20, wait: true });
  expect(await ask(app, "/notes")).toEqual([200, "1.1.0"]);
});

test("a version that is watched stays so when the next one is refused", async () => {
  const { plugins, write } = await living();
  await plugins.install(await write());
  await plugins.upgrade("notes", { spec: await write({ version: "1.1.0" }) });
  const members = `start() { throw new Error("no disk"); }`;
  const bad = await write({ version: "1.2.0", members });
  await expect(plugins.upgrade("notes", { spec: bad })).rejects.toThrow("no disk");
  const info = await plugins.info("notes");
  expect(info).toMatchObject({ version: "1.1.0", last_upgrade: { outcome: "watched" } });
  expect(info.watched_until).toBeInstanceOf(Date);
  await plugins.reload("notes");
  expect((await plugins.info("notes")).last_upgrade).toMatchObject({ outcome: "kept" });
});

test("a version whose files were changed does not run, also not by a rollback", async () => {
  const { app, plugins, write, versions } = await living();
  await plugins.install(await write());
  await plugins.upgrade("notes", { spec: await write({ version: "1.1.0" }) });
  await appendFile(join(versions.folder, "notes", "1.0.0", "index.ts"), "// more");
  await expect(plugins.rollback("notes")).rejects.toMatchObject({ code: "NX_INTEGRITY" });
  expect(await ask(app, "/notes")).toEqual([200, "1.1.0"]);
});

test("finalized, the older versions are gone", async () => {
  const { plugins, write, versions } = await living();
  for (const version of ["1.0.0", "1.1.0"]) {
    const spec = await write({ version });
    if (version === "1.0.0") await plugins.install(spec);
    else await plugins.upgrade("notes", { spec });
  }
  await plugins.install(await write({ version: "2.0.0" }));
  await plugins.finalize("notes", { now: true });
  expect(await versions.list("notes")).toEqual(["2.0.0", "1.1.0"]);
});
