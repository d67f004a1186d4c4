import { mkdir, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { accountsClient } from "../../test/accounts-client.ts";
import { audited, type Somebody, somebody, told } from "../../test/admin-client.ts";
import { type TestVersion, writePlugin } from "../../test/lifecycle.ts";
import { newFolder, tarballOf, type TestPackage } from "../../test/npm-packages.ts";
import { Versions } from "../lifecycle/index.ts";
import type { TestOptions } from "../testing/index.ts";

const home = "/api/v1/plugins";
const may = { permissions: ["admin:plugins"] };

/** An app with a place for installed plugins, and an administrator. */
async function administrated(options: TestOptions = {}) {
  const folder = await newFolder();
  const pluginsFolder = join(folder, "authors");
  await mkdir(pluginsFolder);
  const lifecycle = { versions: new Versions(join(folder, "data")), pluginsFolder };
  const client = await accountsClient({ lifecycle, raiseErrors: false, ...options });
  const root = await somebody(client, "root", may);
  return {
    client,
    root,
    folder,
    pluginsFolder,
    /** Packs a version, which npm takes longer for. */
    write: (version?: TestVersion) => packed(folder, version),
    ask: (method: string, path: string, json?: object) =>
      told(root.ask(method, `${home}${path}`, json)),
    install: async (version: TestVersion = {}) => {
      const spec = await packed(folder, version);
      const [status, made] = await told(root.ask("POST", `${home}/install`, { spec }));
      expect([status, made]).toMatchObject([200, { name: "notes" }]);
      return spec;
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

async function packed(folder: string, version?: TestVersion): Promise<string> {
  const place = await writePlugin(folder, version);
  const [text, code] = await Promise.all(
    ["package.json", "index.ts"].map((name) => readFile(join(place, name), "utf8")),
  );
  return tarballOf({
    json: JSON.parse(text!) as TestPackage["json"],
    files: { "index.ts": code! },
  });
}

const migration = (name: string, expand: string, contract = "") =>
  `"${name}": { expand: (db) => db.schema.${expand}.execute()${contract} }`;
const members = (...all: string[]) => `static migrations = { ${all.join(", ")} };`;

const refused = (status: number, error_code: string, detail: RegExp) => [
  status,
  expect.objectContaining({ status, error_code, detail: expect.stringMatching(detail) }),
];

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

test("a package that cannot be installed is refused by its kind, and is not there", async () => {
  await using app = await administrated();
  const install = (spec: string) => app.ask("POST", "/install", { spec });
  expect(await install("./nowhere.tgz")).toEqual(refused(422, "NX_PACKAGE_SPEC", /nowhere/));
  expect(await install(await newFolder())).toEqual(refused(422, "NX_PACKAGE", /no package\.json/));
  const bad = await app.write({ name: "bad", nexus: { plugins: { x: "not a range" } } });
  expect(await install(bad)).toEqual(refused(422, "NX_MANIFEST", /not a range/));
  const broken = await app.write({ name: "broken", members: 'start() { throw new Error("no") }' });
  expect(await install(broken)).toEqual(
    refused(409, "NX_PLUGIN_FAILED", /^The plugin "broken" 1\.0\.0 failed \(start\): no$/),
  );
  expect(await app.ask("POST", "/install", {})).toMatchObject([422, { errors: [{}] }]);
  await app.install();
  await app.ask("POST", "/notes/upgrade", {
    spec: await app.write({ version: "1.1.0", members: 'x = get("/x", () => 1);' }),
  });
  const other = await app.write({ version: "1.1.0", members: 'y = get("/y", () => 1);' });
  expect(await install(other)).toEqual(refused(409, "NX_VERSION_TAKEN", /1\.1\.0/));
  expect((await app.ask("GET", ""))[1]).toMatchObject({ plugins: { length: 4 } });
});

test("a tarball is sent as a form", async () => {
  await using app = await administrated();
  const content = await readFile(await app.write());
  const upload = (filename: string, form = {}) => {
    const headers = { authorization: `Bearer ${app.root.token}` };
    return told(
      app.client.post(`${home}/upload`, {
        headers,
        form,
        files: { package: { content, filename } },
      }),
    );
  };
  expect(await upload("notes-1.0.0.tgz", { enable: "false" })).toMatchObject([
    200,
    { name: "notes", state: "stopped", versions: ["1.0.0"] },
  ]);
  expect(await upload("../../../etc/passwd")).toMatchObject([200, { name: "notes" }]);
  const left = (await readdir(tmpdir())).filter((name) => name.startsWith("nexus-upload-"));
  expect(left).toEqual([]);
  expect((await audited(app.client)).map(({ details }) => details)).toEqual(
    ["notes-1.0.0.tgz", "passwd"].map((from) => ({
      version: "1.0.0",
      versions: ["1.0.0"],
      from: expect.stringContaining(from),
      size: content.length,
    })),
  );
});

test("what is new in the author's folder is started", async () => {
  await using app = await administrated();
  expect(await app.ask("POST", "/discover")).toEqual([200, { plugins: [] }]);
  await writePlugin(app.pluginsFolder, { name: "found" });
  expect(await app.ask("POST", "/discover")).toMatchObject([
    200,
    { plugins: [{ name: "found", origin: "folder", state: "started" }] },
  ]);
  expect((await app.client.get("/found")).status).toBe(200);
  expect((await audited(app.client)).map(({ action, details }) => [action, details])).toEqual([
    ["plugin.discovered", { names: [] }],
    ["plugin.discovered", { names: ["found"] }],
  ]);
});

test("settings are read covered, changed, and stay what they are where they go back covered", async () => {
  await using app = await administrated({ config: { notes: { retries: 2 } } });
  const before = 'import { z } from "zod"; import { secret } from "nexus-platform/config";';
  const members = `static config = z.object({
      retries: z.int().max(9).default(3), key: secret(z.string().default("none")) });
    set = get("/set", () => this.config);`;
  await app.install({ before, members });
  const set = async () => (await app.client.get("/set")).json();
  expect(await app.ask("GET", "/notes/config")).toMatchObject([
    200,
    {
      values: { retries: 2, key: "********" },
      stored: {},
      schema: { properties: { retries: { maximum: 9 } } },
      sources: { retries: "file", key: "default" },
    },
  ]);
  expect(await app.ask("PUT", "/notes/config", { retries: 5, key: "hunter2" })).toMatchObject([
    200,
    { state: "started", previous: {} },
  ]);
  expect(await set()).toEqual({ retries: 5, key: "hunter2" });
  const [, { stored }] = (await app.ask("GET", "/notes/config")) as [number, { stored: object }];
  expect(stored).toEqual({ retries: 5, key: "********" });
  await app.ask("PUT", "/notes/config", { ...stored, retries: 6 });
  expect(await set()).toEqual({ retries: 6, key: "hunter2" });
  expect(await app.ask("PUT", "/notes/config", { retries: 10 })).toEqual(
    refused(422, "NX_CONFIG", /retries: Too big/),
  );
  expect((await app.ask("PUT", "/notes/config", []))[0]).toBe(422);
  expect(await set()).toEqual({ retries: 6, key: "hunter2" });
  const rows = await audited(app.client);
  expect(JSON.stringify(rows)).not.toContain("hunter2");
  expect(rows.at(-1)).toMatchObject({ result: "failure", details: { names: ["retries"] } });
});

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
      migrations: { expand: [], pending: [] },
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
    ', contract: (db) => db.schema.alterTable("notes").dropColumn("a").execute()',
  );
  const dropped = migration("3", 'alterTable("notes").dropColumn("b")');
  await app.install({ members: members(made) });
  const second = await app.write({ version: "1.1.0", members: members(made, added) });
  expect(await app.ask("POST", "/notes/plan", { spec: second })).toMatchObject([
    200,
    { migrations: { expand: [{ name: "2", obstacles: [] }] }, needs_stop: false },
  ]);
  expect((await app.ask("POST", "/notes/upgrade", { spec: second }))[0]).toBe(200);
  const spec = await app.write({ version: "1.2.0", members: members(made, added, dropped) });
  expect(await app.ask("POST", "/notes/plan", { spec })).toMatchObject([
    200,
    { needs_stop: true, migrations: { pending: ["2"] } },
  ]);
  expect(await app.ask("POST", "/notes/finalize")).toEqual([200, { migrations: ["2"] }]);
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

test("an app in code has no place for installed ones", async () => {
  await using app = await administrated({ lifecycle: undefined as never });
  const spec = await app.write();
  expect(await app.ask("POST", "/install", { spec })).toEqual(
    refused(409, "NX_PLUGIN_ORIGIN", /no place for installed plugins/),
  );
});
