import { afterEach, expect, test } from "vitest";
import { ask, closeApps, living } from "../../test/lifecycle.ts";
import { packed } from "../../test/plugin-admin.ts";

afterEach(closeApps);

const refuse = (why: string) => () => Promise.reject(new Error(why));

test("what could not be undone in a pause keeps those back that need it; enabled again, it brings them", async () => {
  const { app, plugins } = await living();
  await plugins.install(await packed({ name: "base" }));
  await plugins.install(await packed({ nexus: { plugins: { base: "*" } } }));
  await plugins.install(await packed({ name: "top", nexus: { plugins: { notes: "*" } } }));
  const host = app.plugins;
  const stop = {
    stopped: async () => {},
    failed: refuse("disk full"),
  };
  await expect(
    host.put([host.sourceOf("base")!], { stop, decide: refuse("no") }),
  ).rejects.toMatchObject({
    code: "NX_PLUGIN_PAUSED",
  });
  expect(host.plugins.map(({ state, failure }) => [state, failure?.error])).toMatchObject([
    ["failed", { code: "NX_PLUGIN_PAUSED" }],
    ["failed", { code: "NX_PLUGIN_NEEDS", message: expect.stringContaining(`"base"`) }],
    ["failed", { code: "NX_PLUGIN_NEEDS", message: expect.stringContaining(`"notes"`) }],
  ]);
  await plugins.enable("base");
  for (const name of ["base", "notes", "top"])
    expect(await ask(app, `/${name}`)).toEqual([200, "1.0.0"]);
});
