import { get, Plugin } from "nexus-platform";
import { type TestClient } from "nexus-platform/testing";
import { afterEach, expect, test, vi } from "vitest";
import { currentUser } from "../auth/index.ts";
import { accountsClient, tokenOf } from "../../test/accounts-client.ts";
import { asking, audited, somebody, type Somebody, told } from "../../test/admin-client.ts";
import { Database } from "../database/index.ts";
import { inject } from "../services.ts";
import { Accounts } from "./accounts.ts";
import { ApiKeys } from "./api-keys.ts";
import { Roles } from "./roles.ts";
import type { Tables } from "./tables.ts";

class Notes extends Plugin {
  who = get("/who", { use: { me: currentUser } }, ({ me }) => ({
    id: me.id,
    permissions: me.permissions,
    roles: me.roles,
    apiKey: me.apiKey,
  }));
  read = get("/notes", { permission: "notes:read" }, () => []);
  write = get("/write", { permission: "notes:write" }, () => []);
  edit = get("/edit", { role: "editor" }, () => []);
}

const keys = "/auth/keys";
const start = () => accountsClient({}, [Notes]);
afterEach(() => void vi.useRealTimers());

interface Made {
  readonly id: string;
  readonly key: string;
  readonly permissions: string[];
  readonly expires_at: string | null;
}

async function make(me: Somebody, fields: object = {}): Promise<Made> {
  const [status, made] = await told(me.ask("POST", keys, { name: "ci", ...fields }));
  expect([status, made]).toMatchObject([201, {}]);
  return made as Made;
}

const statusWith = async (client: TestClient, key: string, path = "/who") =>
  (await client.get(path, { headers: { "x-api-key": key } })).status;

test("a key is shown once, and then only how it begins", async () => {
  await using client = await start();
  const ann = await somebody(client, "ann");
  const made = await make(ann);
  expect(made).toEqual({
    id: expect.any(String),
    name: "ci",
    key: expect.stringMatching(/^nx_[\w-]{43}$/),
    prefix: made.key.slice(0, 8),
    permissions: ["*"],
    expires_at: null,
    last_used_at: null,
    created_at: expect.any(String),
  });
  const { key: _, ...known } = made;
  expect(await told(ann.ask("GET", keys))).toEqual([200, [known]]);
  const bob = await somebody(client, "bob");
  expect(await told(bob.ask("GET", keys))).toEqual([200, []]);
});

test("nothing that is stored, logged or answered later has the key in it", async () => {
  await using client = await start();
  const ann = await somebody(client, "ann", { roles: ["administrator"] });
  const { key } = await make(ann);
  const db = client.app.run(() => inject(Database<Tables>));
  const [row] = await db.selectFrom("nexus_api_keys").selectAll().execute();
  expect(row!.hash).toMatch(/^[0-9a-f]{64}$/);
  const texts = [
    row,
    await audited(client),
    await told(ann.ask("GET", keys)),
    await told(ann.ask("GET", "/auth/admin/audit")),
  ];
  expect(JSON.stringify(texts)).not.toContain(key.slice(8));
});

test("a key is sent as X-API-Key or as a bearer token", async () => {
  await using client = await start();
  const ann = await somebody(client, "ann");
  const { id, key } = await make(ann);
  expect(await statusWith(client, key)).toBe(200);
  const who = await told(asking(client, key)("GET", "/who"));
  expect(who).toMatchObject([200, { id: ann.id, apiKey: id }]);
  for (const wrong of [
    `${key}x`,
    key.slice(0, -1),
    "nx_",
    "x",
    key.replace(/.$/, "é"),
    "nx_".padEnd(46, "A"),
  ]) {
    const answer = await client.get("/who", { headers: { "x-api-key": wrong } });
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "APIKey"]);
  }
});

test("a key may what it says, as long as its owner may that too", async () => {
  await using client = await start();
  const ann = await somebody(client, "ann", { permissions: ["notes:*", "users:read"] });
  const { key } = await make(ann, { permissions: ["notes:read", "notes:read"] });
  expect(await statusWith(client, key, "/notes")).toBe(200);
  expect(await statusWith(client, key, "/write")).toBe(403);
  const roles = client.app.run(() => inject(Roles));
  await roles.setPermissions(ann.id, ["notes:write"]);
  expect(await statusWith(client, key, "/notes")).toBe(403);
  await roles.setPermissions(ann.id, ["*"]);
  expect(await statusWith(client, key, "/notes")).toBe(200);
  expect(await statusWith(client, key, "/write")).toBe(403);
});

test("a wide key shrinks with its owner, and grows with them only where it is for everything", async () => {
  await using client = await start();
  const ann = await somebody(client, "ann", { permissions: ["notes:*"] });
  const [wide, whole] = [await make(ann, { permissions: ["notes:*"] }), await make(ann)];
  const may = async ({ key }: Made) =>
    ((await told(asking(client, key)("GET", "/who")))[1] as Made).permissions;
  const roles = client.app.run(() => inject(Roles));
  await roles.setPermissions(ann.id, ["notes:read", "users:read"]);
  expect(await may(wide)).toEqual(["notes:read"]);
  expect(await may(whole)).toEqual(["notes:read", "users:read"]);
});

test("only a key for everything has its owner's roles", async () => {
  await using client = await start();
  const roles = client.app.run(() => inject(Roles));
  await roles.create("editor", { permissions: ["notes:*"] });
  const ann = await somebody(client, "ann", { roles: ["editor"] });
  const [wide, whole] = [await make(ann, { permissions: ["notes:*"] }), await make(ann)];
  expect(await statusWith(client, wide.key, "/edit")).toBe(403);
  expect(await statusWith(client, whole.key, "/edit")).toBe(200);
});

test("nobody makes a key for what they may not", async () => {
  await using client = await start();
  const ann = await somebody(client, "ann", { permissions: ["notes:read"] });
  for (const wanted of ["notes:*", "notes:write", "admin:users"]) {
    const json = { name: "ci", permissions: ["notes:read", wanted] };
    expect(await told(ann.ask("POST", keys, json))).toMatchObject([
      403,
      { error_code: "ESCALATION" },
    ]);
  }
  expect((await ann.ask("POST", keys, { name: "", permissions: ["a b"] })).status).toBe(422);
  expect((await client.post(keys, { json: { name: "ci" } })).status).toBe(401);
});

test("a new password revokes all keys: by letter, with the old one, by an administrator, in code", async () => {
  await using client = await start();
  const ann = await somebody(client, "ann");
  const root = await somebody(client, "root", { roles: ["administrator"] });
  const accounts = client.app.run(() => inject(Accounts));
  await accounts.update(ann.id, { email_verified: true });
  const secret = "Correct horse 7";
  const ways: (() => Promise<unknown>)[] = [
    () => ann.ask("POST", "/auth/me/password", { old_password: secret, new_password: secret }),
    () => root.ask("POST", `/auth/admin/users/${ann.id}/password`, { password: secret }),
    () => accounts.setPassword(ann.id, secret),
    async () => {
      await client.post("/auth/password/forgot", { json: { email: "ann@example.com" } });
      const token = await tokenOf(client, "Reset your password");
      const json = { token, password: secret };
      expect((await client.post("/auth/password/reset", { json })).status).toBe(200);
    },
  ];
  for (const way of ways) {
    const { key } = await client.app.run(() => inject(ApiKeys).create(ann.id, { name: "ci" }));
    expect(await statusWith(client, key)).toBe(200);
    await way();
    expect(await statusWith(client, key)).toBe(401);
  }
});

test("a revoked key is refused at once, and only its owner can revoke it", async () => {
  await using client = await start();
  const ann = await somebody(client, "ann");
  const bob = await somebody(client, "bob", { roles: ["administrator"] });
  const { id, key } = await make(ann);
  expect((await bob.ask("DELETE", `${keys}/${id}`)).status).toBe(404);
  expect(await statusWith(client, key)).toBe(200);
  expect((await ann.ask("DELETE", `${keys}/${id}`)).status).toBe(204);
  expect(await statusWith(client, key)).toBe(401);
  expect(await told(ann.ask("GET", keys))).toEqual([200, []]);
  expect((await ann.ask("DELETE", `${keys}/${id}`)).status).toBe(404);
});

test("a key ends at its time", async () => {
  await using client = await start();
  const ann = await somebody(client, "ann");
  vi.useFakeTimers({ toFake: ["Date"] });
  const soon = await make(ann, { expires_in: 60 });
  const later = await make(ann, { expires_at: new Date(Date.now() + 120_000).toISOString() });
  expect(Date.parse(soon.expires_at!)).toBe(Date.now() + 60_000);
  vi.setSystemTime(Date.now() + 59_999);
  expect(await statusWith(client, soon.key)).toBe(200);
  vi.setSystemTime(Date.now() + 1);
  expect(await statusWith(client, soon.key)).toBe(401);
  expect(await statusWith(client, later.key)).toBe(200);
  const past = new Date(Date.now() - 1).toISOString();
  for (const json of [
    { expires_in: 0 },
    { expires_at: past },
    { expires_in: 60, expires_at: past },
    { expires_in: 1e12 },
    { expires_at: "tomorrow" },
  ])
    expect((await ann.ask("POST", keys, { name: "ci", ...json })).status).toBe(422);
});

test("the key of somebody who is disabled is refused, and of somebody deleted gone", async () => {
  await using client = await start();
  const ann = await somebody(client, "ann");
  const { key } = await make(ann);
  const accounts = client.app.run(() => inject(Accounts));
  await client.app.run(() => accounts.update(ann.id, { active: false }));
  expect(await statusWith(client, key)).toBe(401);
  await client.app.run(() => accounts.update(ann.id, { active: true }));
  expect(await statusWith(client, key)).toBe(200);
  await client.app.run(() => accounts.delete(ann.id));
  expect(await statusWith(client, key)).toBe(401);
});

test("the last use of a key is written once a minute", async () => {
  await using client = await start();
  const ann = await somebody(client, "ann");
  const { key } = await make(ann);
  const used = async () =>
    ((await told(ann.ask("GET", keys)))[1] as { last_used_at: string }[])[0]!.last_used_at;
  vi.useFakeTimers({ toFake: ["Date"] });
  const first = new Date().toISOString();
  await statusWith(client, key);
  vi.setSystemTime(Date.now() + 59_000);
  await statusWith(client, key);
  expect(await used()).toBe(first);
  vi.setSystemTime(Date.now() + 1000);
  await statusWith(client, key);
  expect(await used()).toBe(new Date().toISOString());
});

test("a key makes no keys, and does nothing else that only its owner may", async () => {
  await using client = await start();
  const ann = await somebody(client, "ann", { roles: ["administrator"] });
  const { id, key } = await make(ann);
  const ask = asking(client, key);
  const refused = { status: 403, error_code: "API_KEY_REFUSED" };
  const attempts: [string, string, object?][] = [
    ["POST", keys, { name: "more" }],
    ["GET", keys],
    ["DELETE", `${keys}/${id}`],
    [
      "POST",
      "/auth/me/password",
      { old_password: "Correct horse 7", new_password: "Other horse 9" },
    ],
  ];
  for (const [method, path, json] of attempts)
    expect((await told(ask(method, path, json)))[1]).toMatchObject(refused);
});
