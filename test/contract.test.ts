import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cleanUp, makeFolder, nexus, plugin, until, writeFiles } from "./nexus-process.ts";

afterAll(cleanUp);
const limit = { timeout: 30_000 };

const hello = plugin("Hello", `hello = get("/hello", () => ({ message: "hi" }));`);

describe.concurrent("the running process", limit, () => {
  test("says one line on stdout when it is ready, and ends with SIGTERM", async () => {
    const folder = await makeFolder({ "plugins/hello.ts": hello });
    const app = nexus("start", folder);
    const url = await app.url();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(`${url}/hello`)).json()).toEqual({ message: "hi" });
    const health = await Promise.all(
      ["live", "ready"].map(async (kind) => (await fetch(`${url}/health/${kind}`)).status),
    );
    expect(health).toEqual([200, 200]);
    expect((await stat(join(folder, "data"))).isDirectory()).toBe(true);
    expect(await app.stop()).toBe(0);
    expect([app.stdout(), app.stderr()]).toEqual([`Nexus is ready at ${url}\n`, ""]);
  });

  test("serves an app without anything in its folder", async () => {
    const app = nexus("start", await makeFolder(), { HOST: "0.0.0.0" });
    expect(await app.url()).toMatch(/^http:\/\/localhost:/);
    expect(await app.stop()).toBe(0);
  });

  test("a port that is taken is exit code 1, and what has started is stopped", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await until(() => server.listening);
    const { port } = server.address() as AddressInfo;
    const folder = await makeFolder({
      "plugins/a.ts": plugin("A", `stop() { console.error("stopped a"); }`),
    });
    const app = nexus("start", folder, { PORT: String(port) });
    expect([await app.code, app.stdout()]).toEqual([1, ""]);
    expect(app.stderr()).toBe(
      `stopped a\nCannot listen on port ${port} of 127.0.0.1: it is taken. ` +
        "Stop what listens there, or choose another port (PORT, or listen({ port })); 0 takes any free one. (NX_LISTEN)\n",
    );
    server.close();
  });

  test.for([
    ["PORT", "70000", /PORT is "70000", but must be a whole number from 0 to 65535/],
    ["HOST", "192.0.2.7", /Choose an address of this machine/],
    ["DATABASE_URL", "postgres://u:geheim@h/d", /DATABASE_URL names a postgres database.*sqlite:/],
    ["REDIS_URL", "redis://localhost", /REDIS_URL is set, but Redis is not supported yet/],
    ["NEXUS_WORKERS", "2", /NEXUS_WORKERS is 2, but more than one worker is not supported yet/],
    ["NEXUS_SECRET", "short", /NEXUS_SECRET is 5 bytes long, but must be at least 32/],
    ["NEXUS_ADMIN_USER", "ann", /NEXUS_ADMIN_PASSWORD is not. Set both/],
    ["NEXUS_LOG", "inf", /NEXUS_LOG is "inf".*Did you mean info\?/],
    ["NEXUS_DATA_DIR", "package.json", /package\.json cannot be made, or not be written: EEXIST/],
    ["NEXUS_DATA_DIR", "/dev/null/data", /Set NEXUS_DATA_DIR to a folder that this process may/],
  ] as const)("%s=%s is exit code 1", async ([name, value, message]) => {
    const app = nexus("start", await makeFolder({ "package.json": "{}" }), { [name]: value });
    expect([await app.code, app.stdout(), app.stderr()]).toEqual([
      1,
      "",
      expect.stringMatching(message),
    ]);
    expect(app.stderr()).not.toMatch(/geheim|    at /);
  });

  test("all faults are told at once: variables, data folder and config file", async () => {
    const folder = await makeFolder({ "nexus.config.ts": "export default {", file: "" });
    const app = nexus("start", folder, {
      PORT: "web",
      REDIS_URL: "redis://x",
      NEXUS_WORKERS: "4",
    });
    expect(await app.code).toBe(1);
    const lines = app.stderr().trim().split("\n");
    expect(lines[0]).toBe("The app cannot start:");
    for (const fault of [/nexus\.config\.ts could not be loaded/, /PORT/, /REDIS_URL/, /WORKERS/])
      expect(lines).toContainEqual(expect.stringMatching(fault));
    expect(lines.slice(1).every((line) => line.startsWith("  - "))).toBe(true);
  });

  test.for([
    [`export default { plugin: [], prot: 1 };`, /has plugin, prot, which is unknown. Known are/],
    [`export const config = {};`, /exports no settings by default. Write `export default/],
    [
      `export default { settings: { log: "loud", workers: 3 } };`,
      /NEXUS_LOG is "loud"[^]*_WORKERS is 3/,
    ],
    [
      `export default { plugins: [class Other {}] };`,
      /createApp got the class or function "Other"/,
    ],
  ] as const)("the config file %s is exit code 1", async ([text, message]) => {
    const app = nexus("start", await makeFolder({ "nexus.config.ts": text }));
    expect([await app.code, app.stderr()]).toEqual([1, expect.stringMatching(message)]);
  });

  test("the config file sets what the environment does not", async () => {
    const folder = await makeFolder({
      "nexus.config.ts": `
        import { defineConfig, get, Plugin } from "nexus-platform";
        class Here extends Plugin { here = get("/here", () => "code"); }
        export default defineConfig({
          plugins: [Here],
          pluginsFolder: "features",
          settings: { port: 1, dataDir: "kept", log: "debug" },
          config: { hello: { name: "file", tries: 2 } },
        });`,
      "features/hello.ts": plugin(
        "Hello",
        `static config = z.object({ name: z.string(), tries: z.int() });
         hello = get("/hello", () => this.config);
         start() { this.log.debug("shown"); }`,
        `import { z } from "zod";`,
      ),
    });
    const app = nexus("start", folder, { NEXUS_HELLO__NAME: "environment" });
    const url = await app.url();
    expect(await (await fetch(`${url}/hello`)).json()).toEqual({ name: "environment", tries: 2 });
    expect(await (await fetch(`${url}/here`)).json()).toBe("code");
    expect(await app.stop()).toBe(0);
    expect(app.logged()).toMatchObject([{ level: 20, plugin: "hello", msg: "shown" }]);
    expect((await stat(join(folder, "kept"))).isDirectory()).toBe(true);
    await expect(stat(join(folder, "data"))).rejects.toThrow();
  });
});

const faulty = {
  "syntax.ts": `export default class { broken = = }`,
  "nothing.ts": `export const a = 1;`,
  "manifest/package.json": `{ "name": "manifest", "version": "one" }`,
  "manifest/index.ts": hello,
  "needy/package.json": `{ "name": "needy", "nexus": { "plugins": { "absent": "^1.0.0" } } }`,
  "needy/index.ts": plugin("Needy"),
  "ring-a/package.json": `{ "name": "ring-a", "nexus": { "plugins": { "ring-b": "*" } } }`,
  "ring-a/index.ts": plugin("A"),
  "ring-b/package.json": `{ "name": "ring-b", "nexus": { "plugins": { "ring-a": "*" } } }`,
  "ring-b/index.ts": plugin("B"),
  "thief.ts": plugin(
    "Thief",
    `hello = get("/hello", () => "stolen"); own = get("/thief", () => 1);`,
  ),
  "maker.ts": plugin("Maker", `constructor() { super(); throw new Error("cannot be made"); }`),
  "starter.ts": plugin("Starter", `async start() { throw new Error("cannot start"); }`),
  "tables.ts": plugin(
    "Tables",
    `static migrations = { "0001": { expand: (db) => db.schema.dropTable("none").execute() } };`,
  ),
  "settings.ts": plugin(
    "Settings",
    `static config = z.object({ key: z.string(), count: z.int() });`,
    `import { z } from "zod";`,
  ),
  "hello.ts": hello,
};
const optional = (name: string) =>
  `{ "name": "${name}", "version": "1.0.0", "nexus": { "optional": true } }`;
const inPlugins = (files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`plugins/${name}`, text]));

describe.concurrent("plugins", limit, () => {
  test("those with faults are named by /health/ready, and the others serve", async () => {
    const app = nexus("start", await makeFolder(inPlugins(faulty)), {
      NEXUS_SETTINGS__COUNT: "many",
    });
    const url = await app.url();
    expect(await (await fetch(`${url}/hello`)).json()).toEqual({ message: "hi" });
    expect((await fetch(`${url}/thief`)).status).toBe(404);
    const ready = await fetch(`${url}/health/ready`);
    const { status, plugins } = (await ready.json()) as {
      status: string;
      plugins: { name: string; state: string; step?: string }[];
    };
    expect([ready.status, status]).toEqual([503, "unavailable"]);
    const steps = Object.fromEntries(plugins.map(({ name, state, step }) => [name, step ?? state]));
    expect(steps).toMatchObject({
      docs: "started",
      hello: "started",
      maker: "make",
      manifest: "load",
      needy: "check",
      nothing: "load",
      "ring-a": "check",
      "ring-b": "check",
      settings: "config",
      starter: "start",
      syntax: "load",
      tables: "start",
      thief: "start",
    });
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect(await app.stop()).toBe(0);
    const reasons = Object.fromEntries(
      app
        .logged()
        .map((line) => [line["plugin"], String(line["msg"]).replace(/^.*? failed \(\w+\): /, "")]),
    );
    const expected: Record<string, RegExp> = {
      maker: /^cannot be made$/,
      manifest: /manifest\/package\.json is at fault:\s+- "version" is "one"\. Write a version/,
      needy: /it needs the plugin "absent" \^1\.0\.0, and there is none/,
      nothing: /nothing\.ts exports nothing by default/,
      "ring-a": /ring: ring-a → ring-b → ring-a/,
      settings: /count: .*\(from NEXUS_SETTINGS__COUNT\)[^]*as NEXUS_SETTINGS__KEY/,
      starter: /^cannot start$/,
      syntax: /could not be loaded: Expression expected\. See \/.*plugins\/syntax\.ts:1\./,
      tables: /Migration "0001" of plugin "tables" failed: no such table: none/,
      thief: /GET \/hello \(.*hello\.ts:\d+\) and GET \/hello \(.*thief\.ts:\d+\)/,
    };
    for (const [name, reason] of Object.entries(expected)) expect(reasons[name]).toMatch(reason);
  });

  test("an app is ready without those that are optional, whatever their fault", async () => {
    const folder = await makeFolder({
      "plugins/a/package.json": optional("a"),
      "plugins/a/index.ts": faulty["starter.ts"],
      "plugins/b/package.json": optional("b"),
      "plugins/b/index.ts": faulty["syntax.ts"],
      "plugins/hello.ts": hello,
    });
    const app = nexus("start", folder);
    const ready = await fetch(`${await app.url()}/health/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: "ok",
      plugins: expect.arrayContaining([
        { name: "a", state: "failed", optional: true, step: "start" },
        { name: "b", state: "failed", optional: true, step: "load" },
      ]),
    });
    await app.stop();
  });

  test("a database file that is none fails those who have tables, and nobody else", async () => {
    const folder = await makeFolder({
      "data/nexus.db": "This is a letter to grandmother, not a database. ".repeat(50),
      "plugins/hello.ts": hello,
      "plugins/tables.ts": faulty["tables.ts"],
    });
    const app = nexus("start", folder);
    const url = await app.url();
    expect((await fetch(`${url}/hello`)).status).toBe(200);
    expect((await fetch(`${url}/health/ready`)).status).toBe(503);
    await app.stop();
    expect(app.stderr()).toMatch(/nexus\.db: file is not a database/);
    expect(await readFile(join(folder, "data/nexus.db"), "utf8")).toContain("grandmother");
  });

  test("a plugin may have decorators, a package of its own, and a strange copy of the platform", async () => {
    const folder = await makeFolder({
      "plugins/decorated.ts":
        `import { get, Plugin } from "nexus-platform";\n` +
        `/** Mail ann@example.com. */\n` +
        `export default class Decorated extends Plugin {\n` +
        `  #word: string = "decorated";\n` +
        `  @get("/decorated") async method(): Promise<string> { return this.#word; }\n}\n`,
      "plugins/inline.ts": plugin(
        "Inline",
        `a = "@a"; b() {} @get("/inline") c() { return "inline"; }`,
      ),
      "plugins/own/package.json": `{ "name": "own", "version": "1.0.0" }`,
      "plugins/own/index.ts": plugin(
        "Own",
        `own = get("/own", () => Plugin === HostPlugin && this.version);
         start() { process.emitWarning("careful"); }`,
        `import { Plugin as HostPlugin } from "nexus-platform/plugin";\nimport type { Key } from "./types.ts";`,
      ),
      "plugins/own/types.ts": "export interface Key { a: string }",
      "plugins/own/node_modules/nexus-platform/package.json": `{ "name": "nexus-platform", "type": "module", "main": "index.js" }`,
      "plugins/own/node_modules/nexus-platform/index.js": `throw new Error("the wrong copy");`,
    });
    const app = nexus("start", folder);
    const url = await app.url();
    const answers = ["/decorated", "/inline", "/own"].map(async (path) =>
      (await fetch(url + path)).json(),
    );
    expect(await Promise.all(answers)).toEqual(["decorated", "inline", "1.0.0"]);
    expect(await app.stop()).toBe(0);
    // Node's own warnings are lines of the log.
    expect(app.logged()).toMatchObject([{ level: 40, msg: "careful" }]);
  });

  test("a promise that a plugin forgets does not end the others", async () => {
    const folder = await makeFolder({
      "plugins/careless.ts": plugin(
        "Careless",
        `careless = get("/careless", () => { void Promise.reject(new Error("forgotten")); return 1; });`,
      ),
    });
    const app = nexus("start", folder);
    const url = await app.url();
    for (let turn = 0; turn < 2; turn++) expect((await fetch(`${url}/careless`)).status).toBe(200);
    expect(await app.stop()).toBe(0);
    expect(app.logged()).toMatchObject([
      { level: 50, err: { message: "forgotten" } },
      { level: 50, err: { message: "forgotten" } },
    ]);
  });
});

test("logs are JSON on stderr, with the request's id and without secrets", limit, async () => {
  const folder = await makeFolder({
    "plugins/login.ts": plugin(
      "Login",
      `static config = z.object({ key: secret(z.string()), limit: z.int() });
       login = post("/login", { body: z.object({ user: z.string(), password: secret(z.string().min(30)) }) },
         ({ body }) => body.user);
       look = get("/look", ({ request }) => {
         const headers = Object.fromEntries(request.headers);
         this.log.info({ headers, req: { headers }, body: { password: "hunter2" } }, "looked");
         throw new Error("went wrong", { cause: new Error("deeper") });
       });`,
      `import { post } from "nexus-platform";\nimport { secret } from "nexus-platform/config";\nimport { z } from "zod";`,
    ),
    "plugins/other.ts": plugin(
      "Other",
      `static config = z.object({ key: secret(z.string().min(99)) });`,
      `import { secret } from "nexus-platform/config";\nimport { z } from "zod";`,
    ),
  });
  const app = nexus("start", folder, {
    NEXUS_SECRET: "hunter2".repeat(8),
    NEXUS_ADMIN_USER: "ann",
    NEXUS_ADMIN_PASSWORD: "hunter2",
    NEXUS_LOGIN__KEY: "hunter2",
    NEXUS_LOGIN__LIMIT: "3",
    NEXUS_OTHER__KEY: "hunter2",
    NEXUS_LOG: "trace",
  });
  const url = await app.url();
  const bad = await fetch(`${url}/login?token=hunter2`, {
    method: "POST",
    body: JSON.stringify({ user: 1, password: "hunter2" }),
    headers: { "Content-Type": "application/json" },
  });
  expect(bad.status).toBe(422);
  expect(await bad.text()).not.toContain("hunter2");
  const failed = await fetch(`${url}/look`, {
    headers: { Authorization: "Bearer hunter2", Cookie: "session=hunter2", "X-Request-ID": "r-7" },
  });
  expect([failed.status, failed.headers.get("x-request-id")]).toEqual([500, "r-7"]);
  const problem = await failed.json();
  expect(problem).toMatchObject({ detail: "Internal Server Error", request_id: "r-7" });
  expect(JSON.stringify(problem)).not.toContain("went wrong");
  expect(await app.stop()).toBe(0);
  const lines = app.logged().filter((line) => line["request_id"] !== undefined);
  expect(lines).toMatchObject([
    { level: 30, request_id: "r-7", plugin: "login", msg: "looked" },
    { level: 50, request_id: "r-7", err: { message: "went wrong: deeper" } },
  ]);
  expect(app.stderr()).not.toContain("hunter2");
});

describe.concurrent("other commands", limit, () => {
  test("routes lists every route with its plugin and place, and leaves nothing behind", async () => {
    const folder = await makeFolder({
      "plugins/hello.ts": hello,
      "plugins/tables.ts": plugin(
        "Tables",
        `static migrations = { "0001": { expand: (db) => db.schema.createTable("t").addColumn("a", "text").execute() } };`,
      ),
    });
    const command = nexus("routes", folder);
    expect([await command.code, command.stderr()]).toEqual([0, ""]);
    const lines = command.stdout().trim().split("\n");
    expect(lines).toContainEqual(
      expect.stringMatching(/^GET +\/hello +hello +\/.*plugins\/hello\.ts:\d+$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^GET +\/health\/live +health /));
    await expect(stat(join(folder, "data/nexus.db"))).rejects.toThrow();
  });

  test("openapi prints the document", async () => {
    const command = nexus("openapi", await makeFolder({ "plugins/hello.ts": hello }));
    expect([await command.code, command.stderr()]).toEqual([0, ""]);
    const document = JSON.parse(command.stdout()) as { openapi: string; paths: object };
    expect(document.openapi).toMatch(/^3\.1/);
    expect(Object.keys(document.paths)).toContain("/hello");
  });

  test("both say which plugins are missing in what they print", async () => {
    const folder = await makeFolder({
      "plugins/hello.ts": hello,
      "plugins/starter.ts": faulty["starter.ts"],
    });
    const command = nexus("routes", folder);
    expect([await command.code, command.stderr()]).toEqual([
      1,
      'The plugin "starter" failed: cannot start\n',
    ]);
    expect(command.stdout()).toContain("/hello");
    const wrong = nexus("openapi", folder, { PORT: "x" });
    expect([await wrong.code, wrong.stdout(), wrong.stderr()]).toEqual([
      1,
      "",
      expect.stringMatching(/^The app cannot start:\n  - PORT is "x"[^\n]*\n$/),
    ]);
  });

  test("dev starts again after a change, and after a fault is mended", async () => {
    const folder = await makeFolder({ "plugins/hello.ts": hello });
    const { port } = await freePort();
    const dev = nexus("dev", folder, { PORT: String(port) });
    const url = await dev.url();
    const says = (text: string) =>
      until(
        async () => {
          const response = await fetch(`${url}/hello`).catch(() => undefined);
          return response !== undefined && (await response.text()).includes(text);
        },
        () => `/hello never said ${text}:\n${dev.stdout()}${dev.stderr()}`,
      );
    await says("hi");
    await writeFiles(folder, { "plugins/hello.ts": hello.replace('"hi"', '"changed"') });
    await says("changed");
    await writeFiles(folder, { "nexus.config.ts": "export default {" });
    await until(() => dev.stderr().includes("Stopped by a fault; waiting for a change."));
    await writeFiles(folder, {
      "nexus.config.ts": `export default { settings: { log: "info" } };`,
      "plugins/hello.ts": hello.replace('"hi"', '"mended"'),
    });
    await says("mended");
    expect(await dev.stop()).toBe(0);
    await expect(fetch(`${url}/hello`)).rejects.toThrow();
  });

  test("a command that nobody knows is said so", async () => {
    const command = nexus("strat", await makeFolder());
    expect([await command.code, command.stderr()]).toEqual([1, expect.stringContaining("strat")]);
  });
});

async function freePort(): Promise<AddressInfo> {
  const server = createServer().listen(0, "127.0.0.1");
  await until(() => server.listening);
  const address = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return address;
}
