import { afterEach, expect, test } from "vitest";
import { ask, closeApps, living, type TestVersion } from "../../test/lifecycle.ts";
import { packed } from "../../test/plugin-admin.ts";

afterEach(closeApps);

const wanting = (config: string): TestVersion => ({
  before: `import { z } from "zod"; import { secret } from "nexus-platform/config";`,
  members: `static config = z.object({ ${config} });
    say = get("/say", () => this.config);`,
});

test("a plan names what the new version lacks here, as the upgrade would", async () => {
  const { app, plugins } = await living();
  await plugins.install(await packed({ name: "auth", version: "1.4.1" }));
  await plugins.install(await packed({ name: "shop", members: `taken = get("/taken", () => 1);` }));
  await plugins.install(await packed({}));
  const next: [string, TestVersion, RegExp][] = [
    ["1.1.0", { nexus: { platform: "^99.0.0" } }, /works with nexus-platform \^99\.0\.0/],
    ["1.2.0", { nexus: { plugins: { auth: "^2.0.0" } } }, /"auth" \^2\.0\.0, found 1\.4\.1/],
    ["1.3.0", { nexus: { plugins: { users: "*" } } }, /"users" \*, and there is none/],
    ["1.4.0", { members: `taken = get("/taken", () => 2);` }, /\/taken/],
    ["1.5.0", wanting("key: z.string()"), /key is missing/],
  ];
  for (const [version, about, fault] of next) {
    const spec = await packed({ version, ...about });
    const { faults } = await plugins.plan("notes", { spec });
    expect(faults).toEqual([expect.stringMatching(fault)]);
    await expect(plugins.upgrade("notes", { version })).rejects.toThrow(fault);
  }
  expect([await ask(app, "/notes"), await ask(app, "/taken")]).toEqual([
    [200, "1.0.0"],
    [200, 1],
  ]);
});

test("a plan names those that need the plugin and do not get on with the new version", async () => {
  const { app, plugins } = await living();
  await plugins.install(await packed({}));
  await plugins.install(await packed({ name: "reader", nexus: { plugins: { notes: "^1.0.0" } } }));
  const spec = await packed({ version: "2.0.0" });
  const { faults } = await plugins.plan("notes", { spec });
  expect(faults).toEqual([expect.stringMatching(/"reader".*"notes" \^1\.0\.0, found 2\.0\.0/)]);
  await expect(plugins.upgrade("notes", { spec })).rejects.toThrow(/\^1\.0\.0, found 2\.0\.0/);
  // A plan has changed nothing for anybody.
  for (const name of ["notes", "reader"])
    expect(await ask(app, `/${name}`)).toEqual([200, "1.0.0"]);
});

test("an upgrade may set what the new version asks for, and a rollback takes that back", async () => {
  const first = await living();
  await first.plugins.install(await packed(wanting("word: z.string().default('a')")));
  await first.plugins.configure("notes", { word: "hi" });
  const next = wanting("word: z.string(), key: secret(z.string().min(3))");
  const target = { spec: await packed({ version: "1.1.0", ...next }) };
  for (const [settings, fault] of [
    [undefined, /key is missing/],
    [{ key: "k" }, /key: .*3/],
    [{ key: "sesame", wrod: 1 }, /wrod: there is no such setting/],
  ] as const) {
    const { faults } = await first.plugins.plan("notes", target, { settings });
    expect(faults).toEqual([expect.stringMatching(fault)]);
    const upgrade = first.plugins.upgrade("notes", target, { settings });
    await expect(upgrade).rejects.toThrow(fault);
    await expect(upgrade).rejects.not.toThrow("sesame");
  }
  const settings = { key: "sesame" };
  expect((await first.plugins.plan("notes", target, { settings })).faults).toEqual([]);
  await first.plugins.upgrade("notes", target, { settings });
  expect(await ask(first.app, "/say")).toEqual([200, { word: "hi", key: "sesame" }]);
  expect(await first.plugins.settings("notes")).toMatchObject({
    stored: { word: "hi", key: "********" },
  });
  // The same again is nothing; what is secret may come back covered.
  await first.plugins.upgrade("notes", target, { settings: { key: "********" } });
  const second = await first.again();
  expect(await ask(second.app, "/say")).toEqual([200, { word: "hi", key: "sesame" }]);
  await second.plugins.rollback("notes");
  expect(await ask(second.app, "/say")).toEqual([200, { word: "hi" }]);
  expect(second.lines.map((line) => JSON.stringify(line)).join()).not.toContain("sesame");
});

test("an upgrade may give up what the new version does not know any more", async () => {
  const { app, plugins } = await living();
  await plugins.install(await packed(wanting("old: z.string().default('a')")));
  await plugins.configure("notes", { old: "b" });
  const target = { spec: await packed({ version: "1.1.0", ...wanting("") }) };
  const allowed = { allowBreaking: true };
  await expect(plugins.upgrade("notes", target, allowed)).rejects.toThrow("old: there is no such");
  await plugins.upgrade("notes", target, { ...allowed, unset: ["old"] });
  expect(await ask(app, "/say")).toEqual([200, {}]);
  await plugins.rollback("notes");
  expect(await ask(app, "/say")).toEqual([200, { old: "b" }]);
});

test("the same settings again are nothing, and a rollback goes to those before them", async () => {
  const { app, plugins, states } = await living();
  await plugins.install(await packed(wanting("word: z.string().default('a')")));
  await plugins.configure("notes", { word: "b" });
  await plugins.configure("notes", { word: "c" });
  const { since } = await plugins.info("notes");
  const { changedAt } = states.get("notes")!;
  await plugins.configure("notes", { word: "c" });
  expect((await plugins.info("notes")).since).toBe(since);
  expect(states.get("notes")!.changedAt).toBe(changedAt);
  await plugins.rollback("notes");
  expect(await ask(app, "/say")).toEqual([200, { word: "b" }]);
  await expect(plugins.rollback("notes")).rejects.toMatchObject({ code: "NX_NO_PREVIOUS" });
});

test("other settings leave the way back to the version before: first they are taken back, and then it", async () => {
  const first = await living();
  const version = wanting("word: z.string().default('a')");
  await first.plugins.install(await packed(version));
  await first.plugins.configure("notes", { word: "old" });
  await first.plugins.upgrade("notes", { spec: await packed({ version: "1.1.0", ...version }) });
  for (const word of ["b", "c"]) await first.plugins.configure("notes", { word });
  const { app, plugins } = await first.again();
  expect(await ask(app, "/say")).toEqual([200, { word: "c" }]);
  const seen: unknown[] = [];
  for (let step = 0; step < 2; step++) {
    const { version, previous } = await plugins.rollback("notes");
    seen.push([version, (await ask(app, "/say"))[1], previous?.version]);
  }
  expect(seen).toEqual([
    ["1.1.0", { word: "b" }, "1.0.0"],
    ["1.0.0", { word: "old" }, undefined],
  ]);
  await expect(plugins.rollback("notes")).rejects.toMatchObject({ code: "NX_NO_PREVIOUS" });
});
