import { afterEach, expect, test } from "vitest";
import { ask, closeApps, killed, living, renaming } from "../../test/lifecycle.ts";
import { packed } from "../../test/plugin-admin.ts";
import { FileStates } from "./index.ts";

afterEach(closeApps);

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("an app that has ended writes no more of what it has watched", async () => {
  const first = await living();
  await first.plugins.install(await packed({}));
  const spec = await packed({ version: "1.1.0" });
  await first.plugins.upgrade("notes", { spec }, { window: 0.6 });
  const second = await first.again();
  await second.plugins.disable("notes");
  await sleep(800);
  const kept = await FileStates.open(second.versions.folder);
  expect(kept.get("notes")).toMatchObject({ enabled: false, version: "1.1.0" });
});

test("a worse version that the app's end has kept from going back goes back at the next start", async () => {
  const first = await living();
  const slow = `start() { globalThis.starting?.(); return globalThis.gate; }`;
  await first.plugins.install(await packed({ members: slow }));
  const members = `n = 0; health() { if (this.n++) throw new Error("no disk"); }`;
  const begun = Promise.withResolvers<void>();
  Object.assign(globalThis, { gate: new Promise(() => {}), starting: begun.resolve });
  try {
    const spec = await packed({ version: "1.1.0", members });
    await first.plugins.upgrade("notes", { spec }, { window: 60 });
    await begun.promise;
    await first.app.close(1);
  } finally {
    for (const name of ["gate", "starting"]) Reflect.deleteProperty(globalThis, name);
  }
  expect(first.lines.map(({ msg }) => msg)).not.toContainEqual(expect.stringContaining("worse"));
  const second = await living(first.folder);
  expect(await ask(second.app, "/notes")).toEqual([200, "1.0.0"]);
  const { last_upgrade: last, previous } = await second.plugins.info("notes");
  expect([previous, last]).toMatchObject([
    undefined,
    { from: "1.1.0", to: "1.0.0", outcome: "rolled back", reason: "it is unwell: no disk" },
  ]);
});

test("finalizing that a kill cuts short leaves no way back, and is done by the next start", async () => {
  const { app, plugins, states, folder } = await living();
  await plugins.install(await packed(renaming(1)));
  await ask(app, "/add/one");
  const contracting = `static { this.migrations["0002"] = {
    expand: (db) => db.schema.alterTable("notes_rows").addColumn("b", "text").execute(),
    contract: (db) => db.schema.alterTable("notes_rows").dropColumn("b").execute() }; }`;
  const spec = await packed({ ...renaming(1, contracting), version: "1.1.0" });
  await plugins.upgrade("notes", { spec }, { window: 60 });
  // A start after a kill at each moment at which something is kept.
  const change = states.change.bind(states);
  const copies: string[] = [];
  states.change = async (changes) => {
    await change(changes);
    copies.push(await killed(folder));
  };
  expect(await plugins.finalize("notes", { now: true })).toEqual(["0002"]);
  states.change = change;
  expect(copies).toHaveLength(2);
  for (const copy of copies) {
    const next = await living(copy);
    const info = await next.plugins.info("notes");
    expect(info).toMatchObject({ version: "1.1.0", state: "started" });
    expect([info.previous, info.watched_until]).toEqual([undefined, undefined]);
    expect(await next.plugins.finalize("notes")).toEqual([]);
    expect(await ask(next.app, "/rows")).toEqual([200, ["one"]]);
  }
});
