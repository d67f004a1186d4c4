import { expect, test } from "vitest";
import {
  accountsClient,
  bearer,
  letters,
  login,
  password,
  register,
  signedIn,
  type Tokens,
} from "../../test/accounts-client.ts";
import { inject } from "../services.ts";
import { Accounts, administrator, ApiKeys, Roles } from "./index.ts";

test("users change their name and email; null clears a name, and what is left out stays", async () => {
  await using client = await accountsClient();
  const { access_token } = await signedIn(client, "alice");
  const patch = async (json: object) => {
    const answer = await client.patch("/auth/me", { json, ...bearer(access_token) });
    return [answer.status, await answer.json()];
  };
  expect(await patch({ full_name: "Alice A." })).toMatchObject([200, { full_name: "Alice A." }]);
  expect(await patch({})).toMatchObject([200, { full_name: "Alice A." }]);
  expect(await patch({ full_name: null })).toMatchObject([200, { full_name: null }]);
  const mass = { username: "root", roles: ["administrator"], active: false, email_verified: true };
  expect(await patch(mass)).toMatchObject([
    200,
    { username: "alice", roles: [], active: true, email_verified: false },
  ]);
  await register(client, "bob");
  expect(await patch({ email: "BOB@example.com", password })).toMatchObject([
    409,
    { detail: "Email already exists" },
  ]);
  expect(await patch({ email: null })).toMatchObject([422, {}]);
  expect((await client.patch("/auth/me", { json: {} })).status).toBe(401);
});

test("another email has to be confirmed again, and the one before is told", async () => {
  await using client = await accountsClient();
  const { access_token } = await signedIn(client, "alice");
  const { id } = (await (await client.get("/auth/me", bearer(access_token))).json()) as {
    id: string;
  };
  await client.app.run(() => inject(Accounts).update(id, { email_verified: true }));
  const change = (email: string) =>
    client.patch("/auth/me", { json: { email, password }, ...bearer(access_token) });
  // Another spelling of the same address stays confirmed.
  expect(await (await change("Alice@example.com")).json()).toMatchObject({ email_verified: true });
  expect(await (await change("new@example.com")).json()).toMatchObject({ email_verified: false });
  const sent = (await letters(client)).slice(-2);
  expect(sent.some((one) => /To: Alice@example.com[^]*was changed/.test(one))).toBe(true);
  expect(sent.some((one) => /To: new@example.com[^]*Confirm/.test(one))).toBe(true);
});

test("another email wants the password, a name does not", async () => {
  await using client = await accountsClient();
  const { access_token } = await signedIn(client, "alice");
  const change = async (json: object) => {
    const answer = await client.patch("/auth/me", { json, ...bearer(access_token) });
    return [answer.status, await answer.json()];
  };
  const email = "thief@example.com";
  expect(await change({ email })).toMatchObject([
    422,
    { errors: [{ loc: ["body", "password"], msg: "Field required" }] },
  ]);
  expect(await change({ email, password: "Wrong horse 7" })).toMatchObject([
    403,
    { error_code: "WRONG_PASSWORD" },
  ]);
  const same = { email: "alice@example.com", full_name: "Alice" };
  expect(await change(same)).toMatchObject([200, same]);
  expect(await change({ email, password })).toMatchObject([200, { email }]);
});

test("a new password wants the old one, ends the other sessions, and keeps this one", async () => {
  await using client = await accountsClient();
  const here = await signedIn(client, "alice");
  const there = (await (await login(client, "alice")).json()) as Tokens;
  const change = (old_password: string, new_password: string) =>
    client.post("/auth/me/password", {
      json: { old_password, new_password },
      ...bearer(here.access_token),
    });
  const wrong = await change("Wrong horse 7", "Another horse 8");
  expect([wrong.status, await wrong.json()]).toMatchObject([403, { error_code: "WRONG_PASSWORD" }]);
  const poor = await change(password, "alice@example.com");
  expect([poor.status, await poor.json()]).toMatchObject([
    422,
    { errors: [{ loc: ["body", "new_password"] }] },
  ]);
  expect((await change(password, "Another horse 8")).status).toBe(200);
  expect((await client.get("/auth/me", bearer(here.access_token))).status).toBe(200);
  expect((await client.get("/auth/me", bearer(there.access_token))).status).toBe(401);
  const { refresh_token } = there;
  expect((await client.post("/auth/refresh", { json: { refresh_token } })).status).toBe(401);
  expect((await login(client, "alice")).status).toBe(401);
  expect((await login(client, "alice", "Another horse 8")).status).toBe(200);
});

test("users delete their account with their password, and are gone", async () => {
  await using client = await accountsClient();
  const { access_token } = await signedIn(client, "alice");
  const leave = (secret: string) =>
    client.delete("/auth/me", { json: { password: secret }, ...bearer(access_token) });
  expect((await leave("Wrong horse 7")).status).toBe(403);
  expect((await leave(password)).status).toBe(200);
  expect((await client.get("/auth/me", bearer(access_token))).status).toBe(401);
  expect((await login(client, "alice")).status).toBe(401);
  expect((await register(client, "alice")).status).toBe(201);
});

test("the last administrator cannot leave", async () => {
  await using client = await accountsClient();
  const { access_token } = await signedIn(client, "alice");
  const account = await client.app.run(() => inject(Accounts).find("alice"));
  await client.app.run(() => inject(Roles).grantRole(account!.id, administrator));
  const answer = await client.delete("/auth/me", { json: { password }, ...bearer(access_token) });
  expect([answer.status, await answer.json()]).toMatchObject([
    409,
    { error_code: "LAST_ADMINISTRATOR" },
  ]);
});

test("an API key shows who it belongs to, and does not become them", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  const key = await client.app.run(async () => {
    const { id } = (await inject(Accounts).find("alice"))!;
    return (await inject(ApiKeys).create(id, { name: "test", permissions: ["notes:read"] })).key;
  });
  client.headers["x-api-key"] = key;
  expect((await client.get("/auth/me")).status).toBe(200);
  const passwords = { old_password: password, new_password: "Another horse 8" };
  for (const [method, path, json] of [
    ["PATCH", "/auth/me", { email: "thief@example.com" }],
    ["DELETE", "/auth/me", { password }],
    ["POST", "/auth/me/password", passwords],
    ["POST", "/auth/email/verification", undefined],
    ["POST", "/auth/logout", undefined],
    ["GET", "/auth/sessions", undefined],
    ["DELETE", "/auth/sessions/1", undefined],
  ] as const) {
    const answer = await client.request(method, path, { json });
    expect([path, answer.status]).toEqual([path, 403]);
  }
});
