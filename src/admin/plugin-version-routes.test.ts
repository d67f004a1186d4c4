import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { audited } from "../../test/admin-client.ts";
import { administrated, migration, refused, withMigrations } from "../../test/plugin-admin.ts";

test("an upgrade is planned, refused where clients would break, done, and taken back", async () => {
  await using app = await administrated();
  await app.install({ members: 'old = get("/old", () => 1);' });
  const spec = await app.write({ version: "2.0.0", members: 'more = get("/more", () => 1);' });
  expect(await app.ask("POST", "/notes/plan", { spec })).toEqual([
    200,
    {
      plugin: "notes",
      from: "1.0.0",
      to: "2.0.0",
      routes: [
        { operation: "GET /more", kind: "operation", what: "new", breaking: false },
        { operation: "GET /old", kind: "operation", what: "gone", breaking: true },
      ],
      permissions: [],
      settings: [],
      migrations: { expand: [], pending: [], ahead: [] },
      breaking: true,
      needs_stop: false,
      faults: [],
    },
  ]);
  for (const path of ["plan", "upgrade"])
    for (const body of [{}, { version: "2.0.0", spec }])
      expect(await app.ask("POST", `/notes/${path}`, body)).toMatchObject([
        422,
        { errors: [{ loc: ["body"], msg: "Say either version or spec" }] },
      ]);
  expect(await app.ask("POST", "/notes/upgrade", { version: "3.0.0" })).toEqual(
    refused(422, "NX_VERSION_UNKNOWN", /Installed are 2\.0\.0, 1\.0\.0/),
  );
  expect(await app.ask("POST", "/notes/upgrade", { version: "2.0.0" })).toEqual(
    refused(409, "NX_PLUGIN_BREAKING", /GET \/old: gone/),
  );
  const body = { version: "2.0.0", allow_breaking: true, window: 60 };
  expect(await app.ask("POST", "/notes/upgrade", body)).toMatchObject([
    200,
    {
      version: "2.0.0",
      previous: { version: "1.0.0" },
      watched_until: expect.stringMatching(/Z$/),
      last_upgrade: { from: "1.0.0", to: "2.0.0", outcome: "watched" },
    },
  ]);
  expect(await (await app.client.get("/notes")).json()).toBe("2.0.0");
  expect(await app.ask("POST", "/notes/rollback")).toMatchObject([200, { version: "1.0.0" }]);
  expect(await app.ask("POST", "/notes/rollback", { restore: true })).toEqual(
    refused(409, "NX_NO_PREVIOUS", /nothing to go back to/),
  );
  const waiting = { ...body, window: 0.3, wait: true };
  expect(await app.ask("POST", "/notes/upgrade", waiting)).toMatchObject([
    200,
    { last_upgrade: { outcome: "kept" } },
  ]);
  expect(await app.ask("POST", "/notes/finalize")).toEqual([200, { migrations: [] }]);
  expect((await app.ask("POST", "/notes/rollback"))[0]).toBe(409);
});

test("what is not additive needs a stop, and what waits is finalized", async () => {
  await using app = await administrated();
  const made = migration(
    "1",
    'createTable("notes").addColumn("id", "text").addColumn("a", "text")',
  );
  const added = migration(
    "2",
    'alterTable("notes").addColumn("b", "text")',
    'alterTable("notes").dropColumn("a")',
  );
  const dropped = migration("3", 'alterTable("notes").dropColumn("b")');
  await app.install({ members: withMigrations(made) });
  const second = await app.write({ version: "1.1.0", members: withMigrations(made, added) });
  expect(await app.ask("POST", "/notes/plan", { spec: second })).toMatchObject([
    200,
    { migrations: { expand: [{ name: "2", obstacles: [] }] }, needs_stop: false },
  ]);
  expect((await app.ask("POST", "/notes/upgrade", { spec: second }))[0]).toBe(200);
  const spec = await app.write({ version: "1.2.0", members: withMigrations(made, added, dropped) });
  expect(await app.ask("POST", "/notes/plan", { spec })).toMatchObject([
    200,
    { needs_stop: true, migrations: { pending: ["2"] } },
  ]);
  expect(await app.ask("POST", "/notes/finalize")).toEqual(
    refused(409, "NX_PLUGIN_WATCHED", /is watched until .*say now/),
  );
  expect(await app.ask("POST", "/notes/finalize", { now: true })).toEqual([
    200,
    { migrations: ["2"] },
  ]);
  expect(await app.ask("POST", "/notes/upgrade", { spec })).toEqual(
    refused(409, "NX_MIGRATION_NOT_ADDITIVE", /or upgrade with --stop/),
  );
  expect(await app.ask("POST", "/notes/upgrade", { spec, stop: true })).toMatchObject([
    200,
    { version: "1.2.0" },
  ]);
  expect(await app.ask("POST", "/notes/rollback")).toEqual(refused(409, "NX_ROLLBACK", /restore/));
  expect(await app.ask("POST", "/notes/rollback", { restore: true })).toMatchObject([
    200,
    { version: "1.1.0" },
  ]);
  const [status, { exported }] = (await app.ask("DELETE", "/notes?data=export")) as [
    number,
    { exported: string },
  ];
  expect([status, await readFile(exported, "utf8")]).toEqual([
    200,
    expect.stringContaining('"notes"'),
  ]);
});

test("an upgrade sets what the new version asks for; secrets are neither answered nor audited", async () => {
  await using app = await administrated();
  await app.install();
  const before = 'import { z } from "zod"; import { secret } from "nexus-platform/config";';
  const members = `static config = z.object({ key: secret(z.string().min(3)) });
    set = get("/set", () => this.config);`;
  const spec = await app.write({ version: "1.1.0", before, members });
  const body = (key: string) => ({ spec, settings: { key } });
  expect(await app.ask("POST", "/notes/plan", { spec })).toMatchObject([
    200,
    { faults: [expect.stringMatching(/key is missing/)] },
  ]);
  expect(await app.ask("POST", "/notes/plan", body("hunter2"))).toMatchObject([
    200,
    { faults: [] },
  ]);
  expect(await app.ask("POST", "/notes/upgrade", { spec })).toEqual(
    refused(422, "NX_CONFIG", /key is missing/),
  );
  expect(await app.ask("POST", "/notes/upgrade", body("h"))).toEqual(
    refused(422, "NX_CONFIG", /key: Too small/),
  );
  const answer = await app.ask("POST", "/notes/upgrade", body("hunter2"));
  expect(answer).toMatchObject([200, { version: "1.1.0" }]);
  expect(await (await app.client.get("/set")).json()).toEqual({ key: "hunter2" });
  const rows = await audited(app.client);
  expect(rows.at(-1)).toMatchObject({ action: "plugin.upgraded", details: { settings: ["key"] } });
  expect(JSON.stringify([answer, rows])).not.toContain("hunter2");
  expect(await app.ask("POST", "/notes/rollback")).toMatchObject([200, { version: "1.0.0" }]);
  expect(await app.ask("GET", "/notes/config")).toMatchObject([200, { stored: {} }]);
});
