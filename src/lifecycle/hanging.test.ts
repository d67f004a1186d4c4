import { afterEach, expect, test } from "vitest";
import { ask, closeApps, firstTable, living, tables } from "../../test/lifecycle.ts";

afterEach(closeApps);

const endless = `"0002": { expand: () => new Promise(() => {}) }`;

test("an upgrade whose migration never ends is given up: the version before goes on, and so does the database", async () => {
  const { app, plugins, write, states } = await living(undefined, { startTimeout: 0.3 });
  await plugins.install(await write(tables(firstTable)));
  const next = { version: "1.1.0", ...tables(`${firstTable}, ${endless}`) };
  const upgrading = plugins.upgrade("notes", { spec: await write(next) });
  await expect(upgrading).rejects.toMatchObject({
    code: "NX_PLUGIN_FAILED",
    message: expect.stringContaining(
      'Migration "0002" of plugin "notes" has not ended after 0.3 s',
    ),
  });
  expect(await ask(app, "/add")).toEqual([200, 1]);
  expect(await ask(app, "/notes")).toEqual([200, "1.0.0"]);
  expect(states.get("notes")).toMatchObject({ version: "1.0.0", enabled: true });
});

test("a plan of a migration that never ends holds no query up, and says how far it came", async () => {
  const { app, plugins, write } = await living();
  await plugins.install(await write(tables(firstTable)));
  const next = { version: "1.1.0", ...tables(`${firstTable}, ${endless}`) };
  const planning = plugins.plan("notes", { spec: await write(next) });
  let isPlanned = false;
  void planning.then(() => (isPlanned = true));
  await new Promise((done) => setTimeout(done, 2500));
  expect(await ask(app, "/add")).toEqual([200, 1]);
  expect(isPlanned).toBe(false);
  expect((await planning).migrations.expand).toMatchObject([
    { name: "0002", statements: [], stoppedBy: "It has not ended after 5 s" },
  ]);
}, 20_000);
