import type { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import { accountsClient } from "../../test/accounts-client.ts";
import { somebody, type Somebody } from "../../test/admin-client.ts";
import { Headers, Request } from "../message/index.ts";
import { inject } from "../services.ts";
import { Accounts, ApiKeys, Roles, Sessions } from "./index.ts";

interface Held {
  readonly method: string;
  readonly path: string;
  readonly json: object;
  /** Happens after the request has begun, before its body arrives. */
  readonly meanwhile: () => Promise<unknown>;
}

/** Sends a body only after something has happened. @returns the status */
async function held(
  client: TestClient,
  { token }: Somebody,
  { method, path, json, meanwhile }: Held,
): Promise<number> {
  async function* body() {
    await meanwhile();
    yield Buffer.from(JSON.stringify(json));
  }
  const headers = new Headers({
    host: "testserver",
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
  });
  let status = 0;
  const request = new Request({ method, target: path, headers, body: body() });
  await client.app.exchange(request, async (answer) => {
    ({ status } = answer);
    await answer.bytes();
  });
  return status;
}

const users = "/auth/admin/users";
const eve = { username: "eve", email: "eve@example.com", password: "Correct horse 8" };

test("who is disabled, or may less, while a request is held open, does nothing with it", async () => {
  await using client = await accountsClient();
  const { accounts, roles, sessions } = client.app.run(() => ({
    accounts: inject(Accounts),
    roles: inject(Roles),
    sessions: inject(Sessions),
  }));
  await somebody(client, "root", { roles: ["administrator"] });
  const fired = async (name: string, meanwhile: (id: string) => Promise<unknown>) => {
    const boss = await somebody(client, name, { permissions: ["*"] });
    const ask = { method: "POST", path: users, json: eve, meanwhile: () => meanwhile(boss.id) };
    return held(client, boss, ask);
  };
  expect(await fired("ann", (id) => accounts.update(id, { active: false }))).toBe(401);
  expect(await fired("bob", (id) => sessions.endAll(id))).toBe(401);
  expect(await fired("cay", (id) => roles.setPermissions(id, []))).toBe(403);
  // Still let in by the guard, but less than before.
  expect(await fired("dan", (id) => roles.setPermissions(id, ["admin:users"]))).toBe(403);
  expect(await accounts.find("eve")).toBeUndefined();
  expect(await fired("fay", async () => {})).toBe(201);
});

test("whose session has ended makes no key with a request held open", async () => {
  await using client = await accountsClient();
  const { keys, sessions } = client.app.run(() => ({
    keys: inject(ApiKeys),
    sessions: inject(Sessions),
  }));
  const ann = await somebody(client, "ann");
  const meanwhile = () => sessions.endAll(ann.id);
  for (const [method, path, json] of [
    ["POST", "/auth/keys", { name: "later" }],
    ["PATCH", "/auth/me", { full_name: "Eve" }],
    ["DELETE", "/auth/me", { password: "Correct horse 7" }],
  ] as const)
    expect(await held(client, await again(client, ann), { method, path, json, meanwhile })).toBe(
      401,
    );
  expect(await keys.list(ann.id)).toEqual([]);
});

/** The same one, signed in anew. */
async function again(client: TestClient, who: Somebody): Promise<Somebody> {
  const { access_token: token } = await client.app.run(() => inject(Sessions).signIn(who.id));
  return { ...who, token };
}
