import { createHash } from "node:crypto";
import { once } from "node:events";
import { cp, readdir } from "node:fs/promises";
import { request } from "node:http";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cleanUp, makeFolder, nexus, type Running, until } from "./nexus-process.ts";

/** The inventory of a server, before and after a plugin that uses everything has run in it. */

const fixtures = resolve(import.meta.dirname, "nothing-stays");
const password = "Correct-Horse-9";
// A connection for each request: none is left over.
const headers: Record<string, string> = { connection: "close" };

let folder: string;
let server: Running;
let url: string;
let untouched: Survey;
beforeAll(async () => {
  folder = await makeFolder();
  await cp(join(fixtures, "surveyor"), join(folder, "plugins/surveyor"), { recursive: true });
  server = nexus("start", folder, { NEXUS_ADMIN_USER: "root", NEXUS_ADMIN_PASSWORD: password });
  url = await server.url();
  const tokens = await ask("POST", "/auth/login", formOf({ username: "root", password }));
  headers["authorization"] = `Bearer ${tokens["access_token"]}`;
  // The platform makes much when it is first asked for it. What is native remembers who asked: the
  // parser of the doc comments keeps that request for good.
  await ask("POST", "/surveyor/upload", bigFile());
  await openAPI();
  // What is new in its first moments is gone in a while.
  await until(async () => {
    const before = untouched;
    untouched = await survey();
    return isDeepStrictEqual(before, untouched);
  });
}, 60_000);
afterAll(cleanUp);

interface Survey {
  readonly [part: string]: unknown;
  readonly living: Readonly<Record<string, number>>;
  readonly files: readonly string[];
  readonly tables: readonly string[];
  readonly plugins: readonly string[];
  readonly schedules: readonly string[];
}

async function survey(): Promise<Survey> {
  const found = (await ask("GET", "/surveyor/")) as unknown as Survey;
  const { permissions } = await ask("GET", "/auth/admin/permissions?per_page=100");
  const openapi = createHash("sha256")
    .update(await openAPI())
    .digest("hex");
  return { ...found, permissions, openapi };
}

async function openAPI(): Promise<string> {
  return (await fetch(`${url}/openapi.json`, { headers })).text();
}

/** What it has come to when it does not change to the better any more. */
async function surveyUntil(expected: object): Promise<Survey> {
  let found = await survey();
  await until(
    async () => isDeepStrictEqual(found, expected) || ((found = await survey()), false),
  ).catch(() => {});
  return found;
}

/** What comes of having the plugin here; that its class is in memory counts as one of its kind. */
function withPlugin(before: Survey, state: string): Survey {
  const own = [".nexus-seal.json", "index.ts", "package.json"];
  const files = own.map((name) => `plugins/everything/1.0.0/${name}`);
  return {
    ...before,
    plugins: [...before.plugins, `everything ${state}`],
    files: [...before.files, ...files, "plugins/state.json"].toSorted(),
    living: { ...before.living, Plugin: before.living["Plugin"]! + 1 },
  };
}

const tables = ["everything_things", "nexus_contracts_everything", "nexus_migrations_everything"];

test("what is installed and disabled is nowhere but on disk", { timeout: 60_000 }, async () => {
  const spec = join(fixtures, "everything");
  await ask("POST", "/api/v1/plugins/install", { spec, enable: false });
  const expected = withPlugin(untouched, "stopped");
  expect(await surveyUntil(expected)).toEqual(expected);
});

test("what runs can be found all over", { timeout: 60_000 }, async () => {
  await ask("POST", "/api/v1/plugins/everything/enable");
  const found = await survey();
  const { app, subscriptions, living, resources, descriptors, listeners } = untouched;
  expect(found["routes"]).toContain("GET /everything/things");
  expect(await openAPI()).toMatch(
    /"EverythingThing".*"name":"Everything","description":"All there is"/s,
  );
  expect(JSON.stringify(found["permissions"])).toMatch(/everything:read.*everything:write/);
  expect(found["app"]).toMatchObject({ values: expect.stringContaining("everything/Counter") });
  expect(Number(found["subscriptions"])).toBe(Number(subscriptions) + 3);
  for (const [name, count] of Object.entries(living))
    expect(found.living[name]).toBeGreaterThan(count);
  for (const [part, before] of Object.entries({ app, resources, descriptors, listeners }))
    expect(found[part], part).not.toEqual(before);
  expect(found.tables).toEqual([...untouched.tables, ...tables].toSorted());
  expect(found.schedules).toContain("everything.tidy");
});

test(
  "what is disabled has left nothing behind, whatever it was doing",
  { timeout: 120_000 },
  async () => {
    const schedules = await ask("GET", "/surveyor/schedules");
    // Its tables, and when its schedules are due, are data: they are there when it is enabled again.
    const expected = {
      ...withPlugin(untouched, "stopped"),
      tables: [...untouched.tables, ...tables].toSorted(),
      schedules,
    };
    for (let round = 1; round <= 2; round++) {
      await useEverything(round);
      const work = await workInProgress();
      const disabled = ask("POST", "/api/v1/plugins/everything/disable", {});
      await until(async () => (await fetch(`${url}/everything/mine`, { headers })).status === 404);
      await work.finish();
      expect(await disabled).toMatchObject({ state: "stopped" });
      expect(await surveyUntil(expected)).toEqual(expected);
      await ask("POST", "/api/v1/plugins/everything/enable");
    }
  },
);

test(
  "what is uninstalled with its data was never here, but for its code in memory",
  { timeout: 60_000 },
  async () => {
    const { living } = await survey();
    await ask("DELETE", "/api/v1/plugins/everything?data=drop");
    const files = [...untouched.files, "plugins/state.json"].toSorted();
    const Plugin = untouched.living["Plugin"]! + 1;
    const expected = { ...untouched, files, living: { ...untouched.living, Plugin } };
    expect(living["Plugin"]).toBeGreaterThan(Plugin);
    expect(await surveyUntil(expected)).toEqual(expected);
  },
);

test("what is uninstalled with its data is not due any more", async () => {
  expect(await ask("GET", "/surveyor/schedules")).toEqual(untouched.schedules);
});

async function useEverything(id: number): Promise<void> {
  await ask("POST", "/everything/things", { id, name: "a" });
  expect(await ask("GET", "/everything/things?page=2")).toHaveLength(id);
  expect(await ask("GET", "/everything/mine")).toBeGreaterThan(0);
  expect(await ask("GET", "/everything/inner/heard")).toBeGreaterThan(0);
  expect(await ask("GET", "/everything/broken")).toEqual({ detail: "It is broken" });
  expect(await ask("POST", "/everything/upload", bigFile())).toBe(bigSize);
}

/** Streams that have begun, an upload that has, and a task. */
async function workInProgress(): Promise<{ readonly finish: () => Promise<void> }> {
  const stream = await fetch(`${url}/everything/slowly`, { headers });
  const events = await fetch(`${url}/everything/events`, { headers });
  const upload = request(`${url}/everything/upload`, {
    method: "POST",
    headers: { ...headers, "content-type": "multipart/form-data; boundary=edge" },
  });
  upload.write(
    `--edge\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n${"a".repeat(bigSize)}`,
  );
  await until(async () => (await readdir(join(folder, "data/uploads"))).length > 0);
  expect(await ask("POST", "/everything/tasks", { n: 1 })).toEqual(expect.any(String));
  return {
    async finish() {
      upload.end("\r\n--edge--\r\n");
      const [answer] = await once(upload, "response");
      expect(answer.statusCode).toBe(200);
      answer.resume();
      expect(await stream.text()).toMatch(/\d+\nend\n$/);
      expect(await events.text()).toMatch(/^data: \{"n":\d+\}$/m);
    },
  };
}

/** More than is kept in memory. */
const bigSize = 5_000_000;

function bigFile(): FormData {
  return formOf({ file: new Blob([new Uint8Array(bigSize)]) });
}

function formOf(fields: Readonly<Record<string, string | Blob>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

async function ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const isForm = body instanceof FormData;
  const response = await fetch(url + path, {
    method,
    headers: { ...headers, ...(body && !isForm && { "content-type": "application/json" }) },
    ...(body && { body: isForm ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status >= 500 || (response.status >= 400 && response.status !== 418))
    throw new Error(`${method} ${path}: ${response.status} ${text}\n${server.stderr()}`);
  return JSON.parse(text);
}
