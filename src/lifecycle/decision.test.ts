import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ask, closeApps, living, type TestVersion } from "../../test/lifecycle.ts";

afterEach(closeApps);

/** What a start after a kill would find, whenever something of it changes, and who answers then. */
async function watched() {
  const { app, states, folder, ...others } = await living();
  const seen: [kept: unknown, answering: unknown][] = [];
  const change = states.change.bind(states);
  const kept = async () => {
    const text = await readFile(join(folder, "plugins/state.json"), "utf8");
    return (JSON.parse(text) as { plugins: { notes: { version: string } } }).plugins.notes.version;
  };
  states.change = async (changes) => {
    await change(changes);
    seen.push([await kept(), (await ask(app, "/notes"))[1]]);
  };
  return { ...others, app, states, seen, kept };
}

test("what is decided is kept before anybody sees it, by an upgrade as by a rollback", async () => {
  const { app, plugins, write, seen } = await watched();
  await plugins.install(await write());
  seen.length = 0;
  await plugins.upgrade("notes", { spec: await write({ version: "1.1.0" }) }, { window: 0 });
  expect(seen).toEqual([
    ["1.0.0", "1.0.0"],
    ["1.1.0", "1.0.0"],
  ]);
  expect(await ask(app, "/notes")).toEqual([200, "1.1.0"]);
  seen.length = 0;
  await plugins.rollback("notes");
  expect(seen).toEqual([
    ["1.1.0", "1.1.0"],
    ["1.0.0", "1.1.0"],
  ]);
  expect(await ask(app, "/notes")).toEqual([200, "1.0.0"]);
});

test("what cannot be kept does not take over", async () => {
  const { app, plugins, write, states, kept } = await watched();
  await plugins.install(await write());
  const change = states.change.bind(states);
  states.change = (changes) =>
    changes["notes"]?.version === "1.1.0"
      ? Promise.reject(new Error("disk full"))
      : change(changes);
  const target = { spec: await write({ version: "1.1.0" }) };
  await expect(plugins.upgrade("notes", target)).rejects.toThrow("disk full");
  expect([await ask(app, "/notes"), await kept()]).toEqual([[200, "1.0.0"], "1.0.0"]);
  expect(states.get("notes")).not.toHaveProperty("change");
});

test("what fails at the last moment is not decided any more", async () => {
  const { app, plugins, write, seen, kept } = await watched();
  await plugins.install(await write());
  const version: TestVersion = {
    version: "1.1.0",
    before: `import { Database, sql } from "nexus-platform/database";
      import { task } from "nexus-platform/tasks";`,
    members: `db = inject(Database);
      tick = task({ cron: "0 3 * * *" }, () => {});
      start() { return sql\`drop table nexus_task_schedules\`.execute(this.db); }`,
  };
  const target = { spec: await write(version) };
  await expect(plugins.upgrade("notes", target)).rejects.toThrow("nexus_task_schedules");
  expect(seen.map(([version]) => version)).toContain("1.1.0");
  expect([await ask(app, "/notes"), await kept()]).toEqual([[200, "1.0.0"], "1.0.0"]);
  expect(await plugins.info("notes")).toMatchObject({ version: "1.0.0", state: "started" });
  await expect(plugins.rollback("notes")).rejects.toMatchObject({ code: "NX_NO_PREVIOUS" });
});
