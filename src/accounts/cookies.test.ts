import { expect, test } from "vitest";
import { accountsClient, login, password, register } from "../../test/accounts-client.ts";
import type { TestClient } from "../testing/index.ts";

const open = (client: TestClient, headers: Record<string, string> = {}) =>
  client.post("/auth/session", { json: { username: "alice", password }, headers });

test("a browser signs in with a cookie that its scripts cannot read", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  const answer = await open(client);
  expect(answer.status).toBe(201);
  const body = (await answer.json()) as { csrf_token: string };
  expect(body).toMatchObject({
    user: { username: "alice", roles: [] },
    csrf_token: expect.stringMatching(/^[0-9a-f]{43}$/),
  });
  const [session, csrf] = answer.headers.getSetCookie();
  expect(session).toMatch(
    /^nexus_session=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; Secure; SameSite=lax$/i,
  );
  expect(csrf).toMatch(new RegExp(`^nexus_csrf=${body.csrf_token}; .*Secure; SameSite=lax$`, "i"));
  expect(csrf).not.toContain("HttpOnly");
  expect(await (await client.get("/auth/me")).json()).toMatchObject({ username: "alice" });
  expect((await client.get("/auth/me", { cookies: { nexus_session: "x" } })).status).toBe(401);
});

test("what changes something needs a proof that it comes from the same site", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  await open(client);
  const token = client.cookies.get("nexus_csrf")!;
  const change = async (headers: Record<string, string>) =>
    (await client.patch("/auth/me", { json: { full_name: "A" }, headers })).status;
  const forged: Record<string, string>[] = [
    {},
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", origin: "http://testserver" },
    { origin: "http://evil.example" },
    { origin: "http://testserver.evil.example" },
    { origin: "http://testserver:81" },
    { origin: "ftp://testserver" },
    { origin: "null" },
    { "x-csrf-token": "" },
    { "x-csrf-token": "x".repeat(43) },
  ];
  for (const headers of forged) expect([headers, await change(headers)]).toEqual([headers, 403]);
  for (const headers of [
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
    { origin: "http://testserver" },
    // Through a proxy that speaks https.
    { origin: "https://testserver" },
    { "x-csrf-token": token },
    { origin: "http://app.example", "x-csrf-token": token },
  ]) {
    expect([headers, await change(headers)]).toEqual([headers, 200]);
  }
  // A token of one's own choice, in cookie and header, is not the session's.
  const own = "a".repeat(43);
  client.cookies.set("nexus_csrf", own);
  expect(await change({ "x-csrf-token": own })).toBe(403);
  expect(
    (await client.get("/auth/me", { headers: { origin: "http://evil.example" } })).status,
  ).toBe(200);
});

test("asked by https, a page that came by http is another site", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  const ask = (origin: string) =>
    client.app.fetch(
      new Request("https://shop.example/auth/session", {
        method: "POST",
        headers: { "content-type": "application/json", origin },
        body: JSON.stringify({ username: "alice", password }),
      }),
    );
  expect((await ask("http://shop.example")).status).toBe(403);
  expect((await ask("https://shop.example")).status).toBe(201);
});

test("a bearer token needs no such proof, and comes before the cookie", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  await register(client, "bob");
  const { access_token } = (await (await login(client, "bob")).json()) as { access_token: string };
  await open(client);
  const answer = await client.patch("/auth/me", {
    json: { full_name: "B" },
    headers: { authorization: `Bearer ${access_token}`, origin: "http://evil.example" },
  });
  expect([answer.status, await answer.json()]).toMatchObject([200, { username: "bob" }]);
});

test("another site can neither sign a browser in nor out", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  expect((await open(client, { origin: "http://evil.example" })).status).toBe(403);
  expect((await open(client, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  const form = { username: "alice", password };
  expect((await client.post("/auth/session", { form })).status).toBe(415);
  expect((await open(client, { origin: "http://testserver" })).status).toBe(201);
  const out = await client.delete("/auth/session", { headers: { origin: "http://evil.example" } });
  expect(out.status).toBe(403);
  expect((await client.get("/auth/me")).status).toBe(200);
});

test("signing out ends the session and takes the cookies away", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  await open(client);
  const cookies = Object.fromEntries(client.cookies);
  const headers = { "x-csrf-token": cookies["nexus_csrf"]! };
  expect((await client.delete("/auth/session", { headers })).status).toBe(200);
  expect(client.cookies.size).toBe(0);
  expect((await client.get("/auth/me", { cookies })).status).toBe(401);
  // Who is signed out already is signed out.
  expect((await client.delete("/auth/session")).status).toBe(200);
  const wrong = await client.post("/auth/session", {
    json: { username: "alice", password: "Wrong horse 7" },
  });
  expect([wrong.status, wrong.headers.getSetCookie()]).toEqual([401, []]);
});
