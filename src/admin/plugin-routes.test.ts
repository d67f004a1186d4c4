import { join } from "node:path";
import { expect, test } from "vitest";
import { audited, type Somebody, somebody, told } from "../../test/admin-client.ts";
import { writePlugin } from "../../test/lifecycle.ts";
import { administrated, home, refused } from "../../test/plugin-admin.ts";

test("plugins are listed, and one is told in full", async () => {
  await using app = await administrated();
  await app.install({ nexus: { title: "Notes", permissions: { "notes:read": "Read" } } });
  const [status, { plugins }] = (await app.ask("GET", "")) as [
    number,
    { plugins: { name: string; origin: string; needed_by: string[] }[] },
  ];
  expect([status, plugins.map(({ name, origin }) => [name, origin])]).toEqual([
    200,
    [
      ["docs", "platform"],
      ["accounts", "platform"],
      ["admin", "platform"],
      ["notes", "installed"],
    ],
  ]);
  expect(plugins[1]!.needed_by).toEqual(["admin"]);
  expect(await app.ask("GET", "/notes")).toEqual([
    200,
    {
      name: "notes",
      version: "1.0.0",
      title: "Notes",
      origin: "installed",
      folder: join(app.folder, "data/notes/1.0.0"),
      state: "started",
      since: expect.stringMatching(/Z$/),
      enabled: true,
      versions: ["1.0.0"],
      needs: {},
      needed_by: [],
      routes: [{ method: "GET", path: "/notes" }],
      permissions: { "notes:read": "Read" },
      requests: 0,
      faults: 0,
    },
  ]);
  const answer = await app.root.ask("GET", `${home}/notes`);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const none = refused(404, "NX_PLUGIN_UNKNOWN", /^There is no plugin "nope"\. There are docs/);
  for (const path of ["", "/health", "/config", "/logs"])
    expect([path, await app.ask("GET", `/nope${path}`)]).toEqual([path, none]);
});

test("a plugin is installed from a folder, disabled, enabled, reloaded and removed", async () => {
  await using app = await administrated();
  const spec = await writePlugin(app.folder);
  expect(await app.ask("POST", "/install", { spec })).toMatchObject([200, { name: "notes" }]);
  const answers = async () => (await app.client.get("/notes")).status;
  expect(await answers()).toBe(200);
  expect(await app.ask("GET", "/notes/health")).toEqual([200, { status: "ok" }]);
  expect(await app.ask("POST", "/notes/disable")).toMatchObject([
    200,
    { state: "stopped", enabled: false },
  ]);
  expect([await answers(), await app.ask("GET", "/notes/health")]).toEqual([
    404,
    [200, { status: "stopped" }],
  ]);
  expect(await app.ask("POST", "/notes/reload")).toEqual(
    refused(409, "NX_PLUGIN_DISABLED", /^The plugin "notes" is disabled\./),
  );
  expect(await app.ask("POST", "/notes/enable")).toMatchObject([200, { state: "started" }]);
  expect(await app.ask("POST", "/notes/reload")).toMatchObject([200, { state: "started" }]);
  expect(await answers()).toBe(200);
  expect(await app.ask("DELETE", "/notes?data=all")).toMatchObject([422, {}]);
  expect(await app.ask("DELETE", "/notes")).toEqual([200, {}]);
  expect([await answers(), (await app.ask("GET", "/notes"))[0]]).toEqual([404, 404]);
  expect(await app.ask("DELETE", "/docs")).toEqual(refused(409, "NX_PLUGIN_ORIGIN", /platform/));
});

test("one that others need is disabled with them, when that is said", async () => {
  await using app = await administrated();
  await app.install();
  const spec = await app.write({ name: "needy", nexus: { plugins: { notes: "^1.0.0" } } });
  await app.ask("POST", "/install", { spec });
  expect(await app.ask("POST", "/notes/disable", { cascade: false })).toEqual(
    refused(409, "NX_PLUGIN_NEEDED", /"needy" needs it/),
  );
  expect((await app.ask("POST", "/notes/disable", { cascade: true }))[0]).toBe(200);
  expect(await app.ask("GET", "/needy")).toMatchObject([200, { enabled: false }]);
});

test("the audit log says who changed which plugin, and what was refused", async () => {
  await using app = await administrated();
  const spec = await app.install();
  await app.ask("POST", "/notes/disable");
  await app.ask("POST", "/notes/enable");
  const next = await app.write({ version: "1.1.0" });
  await app.ask("POST", "/notes/upgrade", { spec: next, window: 0 });
  await app.ask("POST", "/notes/rollback");
  await app.ask("POST", "/notes/upgrade", { spec: "./nowhere", stop: true, allow_breaking: true });
  await app.ask("POST", "/nope/reload");
  await app.ask("DELETE", "/notes?data=drop");
  const rows = await audited(app.client);
  expect(
    rows.map(({ actor, action, target, result, details }) => [
      actor,
      action,
      target,
      result,
      details,
    ]),
  ).toEqual([
    [
      "root",
      "plugin.installed",
      "plugin:notes",
      "success",
      { version: "1.0.0", versions: ["1.0.0"], from: spec },
    ],
    ["root", "plugin.disabled", "plugin:notes", "success", { cascade: false }],
    ["root", "plugin.enabled", "plugin:notes", "success", { version: "1.0.0" }],
    [
      "root",
      "plugin.upgraded",
      "plugin:notes",
      "success",
      expect.objectContaining({ from: "1.0.0", to: "1.1.0", outcome: "kept" }),
    ],
    [
      "root",
      "plugin.rolled_back",
      "plugin:notes",
      "success",
      expect.objectContaining({ from: "1.1.0", to: "1.0.0", restore: false }),
    ],
    [
      "root",
      "plugin.upgraded",
      "plugin:notes",
      "failure",
      {
        to: "./nowhere",
        stop: true,
        allow_breaking: true,
        error: expect.stringContaining("nowhere"),
      },
    ],
    [
      "root",
      "plugin.reloaded",
      "plugin:nope",
      "failure",
      { error: expect.stringContaining("There is no plugin") },
    ],
    ["root", "plugin.uninstalled", "plugin:notes", "success", { data: "drop" }],
  ]);
});

test("only who may admin:plugins asks", async () => {
  await using app = await administrated();
  const bob: Somebody = await somebody(app.client, "bob", { permissions: ["admin:tasks"] });
  const routes = [
    ["GET", ""],
    ["GET", "/docs"],
    ["GET", "/docs/config"],
    ["GET", "/docs/health"],
    ["GET", "/docs/logs"],
    ["PUT", "/docs/config"],
    ["POST", "/install"],
    ["POST", "/upload"],
    ["POST", "/discover"],
    ["POST", "/docs/enable"],
    ["POST", "/docs/disable"],
    ["POST", "/docs/reload"],
    ["POST", "/docs/plan"],
    ["POST", "/docs/upgrade"],
    ["POST", "/docs/rollback"],
    ["POST", "/docs/finalize"],
    ["DELETE", "/docs"],
  ] as const;
  for (const [method, path] of routes) {
    const nobody = await app.client.request(method, home + path);
    const [status, problem] = await told(bob.ask(method, home + path));
    expect([path, nobody.status, status, problem]).toEqual([
      path,
      401,
      403,
      expect.objectContaining({ detail: "Permission 'admin:plugins' required" }),
    ]);
  }
  expect(await audited(app.client)).toEqual([]);
});

test("the routes are documented, in tags of their own", async () => {
  await using app = await administrated();
  const document = (await (await app.client.get("/openapi.json")).json()) as {
    paths: Record<string, Record<string, { tags: string[]; operationId: string }>>;
  };
  const found = Object.entries(document.paths).filter(([path]) => path.startsWith(home));
  expect(found.map(([path, methods]) => [path.slice(home.length), Object.keys(methods)])).toEqual(
    expect.arrayContaining([
      ["", ["get"]],
      ["/{name}", ["get", "delete"]],
      ["/{name}/config", ["get", "put"]],
      ["/{name}/upgrade", ["post"]],
      ["/{name}/logs", ["get"]],
    ]),
  );
  expect(found).toHaveLength(15);
  for (const [, methods] of found)
    for (const operation of Object.values(methods)) expect(operation.tags).toEqual(["Plugins"]);
  expect(document.paths[`${home}/{name}/upgrade`]!["post"]).toMatchObject({
    operationId: "admin_plugins_versions_upgrade",
    summary: "Upgrade a plugin.",
    responses: { 200: {}, 401: {}, 403: {}, 404: {}, 409: {}, 422: {}, 502: {} },
  });
});
