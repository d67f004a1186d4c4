import { expect, test } from "vitest";
import {
  accountsClient,
  bearer,
  login,
  register,
  signedIn,
  type Tokens,
} from "../../test/accounts-client.ts";
import { audited } from "../../test/admin-client.ts";
import { inject } from "../services.ts";
import { Accounts } from "./index.ts";

test("a new user signs in by username or email, in any case, and is who the token says", async () => {
  await using client = await accountsClient();
  const made = await register(client, "Alice", { full_name: "Alice A." });
  expect(made.status).toBe(201);
  for (const name of ["Alice", "ALICE", "alice@EXAMPLE.com"]) {
    const answer = await login(client, name);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const tokens = (await answer.json()) as Tokens;
    expect(tokens).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: "bearer",
      expires_in: 900,
      refresh_token: expect.stringMatching(/^[\w-]{43}$/),
    });
    const me = await client.get("/auth/me", bearer(tokens.access_token));
    expect(await me.json()).toMatchObject({
      username: "Alice",
      full_name: "Alice A.",
      roles: [],
      permissions: [],
    });
  }
});

test("login is OAuth2's password form; a useless Basic header does no harm", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  const form = { username: "alice", password: "Correct horse 7" };
  const full = { ...form, grant_type: "password", scope: "", client_id: "x", client_secret: "y" };
  const headers = { authorization: "Basic eDp5" };
  expect((await client.post("/auth/login", { form: full, headers })).status).toBe(200);
  const other = await client.post("/auth/login", { form: { ...form, grant_type: "implicit" } });
  expect(other.status).toBe(422);
  expect((await client.post("/auth/login", { json: form })).status).toBe(415);
  const without = await client.post("/auth/login", { form: { username: "alice" } });
  expect([without.status, await without.json()]).toMatchObject([
    422,
    { errors: [{ loc: ["body", "password"], type: "missing" }] },
  ]);
});

test("an unknown user, a wrong password and a disabled user get one and the same answer", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  const { id } = (await (await register(client, "bob")).json()) as { id: string };
  await client.app.run(() => inject(Accounts).update(id, { active: false }));
  const bodies = new Set<string>();
  for (const [name, secret] of [
    ["nobody", "Wrong horse 7"],
    ["nobody@example.com", "Wrong horse 7"],
    ["alice", "Wrong horse 7"],
    ["alice", "x".repeat(1024)],
    ["bob", "Correct horse 7"],
  ] as const) {
    const answer = await login(client, name, secret);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    const { request_id: _, ...body } = (await answer.json()) as Record<string, unknown>;
    bodies.add(JSON.stringify(body));
  }
  expect([...bodies]).toHaveLength(1);
  expect([...bodies][0]).toContain("Incorrect username or password");
});

test("a name that nobody has takes as long as a wrong password", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  const time = async (names: readonly string[]): Promise<number> => {
    const times: number[] = [];
    for (const name of names) {
      const start = performance.now();
      await login(client, name, "Wrong horse 7");
      times.push(performance.now() - start);
    }
    return times.toSorted((a, b) => a - b)[1]!;
  };
  await time(["warm", "warm", "alice"]);
  const wrong = await time(["alice", "alice", "alice"]);
  const unknown = await time(["nobody", "nobody", "nobody"]);
  expect(unknown / wrong).toBeGreaterThan(0.3);
  expect(unknown / wrong).toBeLessThan(3);
});

test("a refresh token is good once; the second use ends the session for both who have it", async () => {
  await using client = await accountsClient();
  const first = await signedIn(client, "alice");
  const other = (await (await login(client, "alice")).json()) as Tokens;
  const refresh = (refresh_token: string) =>
    client.post("/auth/refresh", { json: { refresh_token } });
  const renewed = await refresh(first.refresh_token);
  expect(renewed.status).toBe(200);
  const second = (await renewed.json()) as Tokens;
  expect(second.refresh_token).not.toBe(first.refresh_token);
  expect((await client.get("/auth/me", bearer(second.access_token))).status).toBe(200);

  expect((await refresh(first.refresh_token)).status).toBe(401);
  expect((await refresh(second.refresh_token)).status).toBe(401);
  expect((await client.get("/auth/me", bearer(second.access_token))).status).toBe(401);
  // Another session of the same user has nothing to do with it.
  expect((await client.get("/auth/me", bearer(other.access_token))).status).toBe(200);
  for (const wrong of ["", "x", other.access_token]) {
    expect([401, 422]).toContain((await refresh(wrong)).status);
  }
});

test("a token that is used again and again ends its session once", async () => {
  await using client = await accountsClient();
  const { refresh_token } = await signedIn(client, "alice");
  for (const status of [200, 401, 401, 401]) {
    const answer = await client.post("/auth/refresh", { json: { refresh_token } });
    expect(answer.status).toBe(status);
  }
  const log = await audited(client);
  expect(log.filter(({ action }) => action === "session.stolen")).toHaveLength(1);
});

test("of two who use a refresh token at once at most one gets tokens, and both are out", async () => {
  await using client = await accountsClient();
  const { refresh_token } = await signedIn(client, "alice");
  const answers = await Promise.all(
    [1, 2].map(() => client.post("/auth/refresh", { json: { refresh_token } })),
  );
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
  const winner = answers.find(({ status }) => status === 200)!;
  const { access_token } = (await winner.json()) as Tokens;
  expect((await client.get("/auth/me", bearer(access_token))).status).toBe(401);
});

test("after logging out neither token is accepted", async () => {
  await using client = await accountsClient();
  const { access_token, refresh_token } = await signedIn(client, "alice");
  const answer = await client.post("/auth/logout", bearer(access_token));
  expect([answer.status, await answer.json()]).toEqual([200, { message: "Logged out" }]);
  const me = await client.get("/auth/me", bearer(access_token));
  expect([me.status, await me.json()]).toMatchObject([401, { detail: "The session has ended" }]);
  expect((await client.post("/auth/refresh", { json: { refresh_token } })).status).toBe(401);
  expect((await client.post("/auth/logout")).status).toBe(401);
});

test("sessions are listed, and one that is ended is refused at once", async () => {
  await using client = await accountsClient();
  const here = await signedIn(client, "alice");
  const there = (await (await login(client, "alice")).json()) as Tokens;
  const bob = await signedIn(client, "bob");
  const list = async () =>
    (await (await client.get("/auth/sessions", bearer(here.access_token))).json()) as {
      id: string;
      current: boolean;
    }[];
  const sessions = await list();
  expect(sessions).toHaveLength(2);
  expect(sessions[0]).toMatchObject({ kind: "token", address: "127.0.0.1" });
  expect(JSON.stringify(sessions)).not.toMatch(/hash|secret/);
  const other = sessions.find(({ current }) => !current)!;
  const end = (token: string) => client.delete(`/auth/sessions/${other.id}`, bearer(token));
  expect((await end(bob.access_token)).status).toBe(404);
  expect((await end(here.access_token)).status).toBe(200);
  expect((await end(here.access_token)).status).toBe(404);
  expect((await client.get("/auth/me", bearer(there.access_token))).status).toBe(401);
  expect(await list()).toMatchObject([{ current: true }]);
});

test("a disabled user is 401 everywhere, at once, whatever they come with", async () => {
  await using client = await accountsClient();
  const { access_token, refresh_token } = await signedIn(client, "alice");
  await client.post("/auth/session", {
    json: { username: "alice", password: "Correct horse 7" },
  });
  const cookies = Object.fromEntries(client.cookies);
  const { id } = (await (await client.get("/auth/me", bearer(access_token))).json()) as {
    id: string;
  };
  await client.app.run(() => inject(Accounts).update(id, { active: false }));
  client.cookies.clear();
  expect((await client.get("/auth/me", bearer(access_token))).status).toBe(401);
  expect((await client.get("/auth/me", { cookies })).status).toBe(401);
  expect((await client.post("/auth/refresh", { json: { refresh_token } })).status).toBe(401);
  expect((await login(client, "alice")).status).toBe(401);
  // Nor does what was signed in come back with the user.
  await client.app.run(() => inject(Accounts).activate(id));
  expect((await client.get("/auth/me", bearer(access_token))).status).toBe(401);
  expect((await login(client, "alice")).status).toBe(200);
});

test("whoever comes without credentials, or with a broken token, is 401", async () => {
  await using client = await accountsClient();
  const { access_token } = await signedIn(client, "alice");
  const [head, body, signature] = access_token.split(".");
  for (const [authorization, detail] of [
    [undefined, "Not authenticated"],
    ["Bearer ", "Not authenticated"],
    ["Basic eDp5", "Not authenticated"],
    ["Bearer x", "Invalid token"],
    [`Bearer ${head}.${body}.`, "Invalid token"],
    [`Bearer ${head}.${body}.${signature}x`, "Invalid token"],
    ["Bearer nx_unknown", "Invalid API key"],
  ] as const) {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await client.get("/auth/me", { headers });
    expect([authorization, answer.status, await answer.json()]).toMatchObject([
      authorization,
      401,
      { detail },
    ]);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
  }
  const key = await client.get("/auth/me", { headers: { "x-api-key": "nx_unknown" } });
  expect([key.status, key.headers.get("www-authenticate")]).toEqual([401, "APIKey"]);
  expect((await client.get("/auth/me", bearer(access_token))).status).toBe(200);
});

const withSecret = (secret: string) => accountsClient({ settings: { secret } });

test("a token is good as long as its secret is one of those in use", async () => {
  await using client = await withSecret("a".repeat(32));
  const { access_token } = await signedIn(client, "alice");
  await using rotated = await withSecret(`${"b".repeat(32)},${"a".repeat(32)}`);
  const known = await rotated.get("/auth/me", bearer(access_token));
  // The other app has another database: the token is good, the session is not there.
  expect(await known.json()).toMatchObject({ detail: "The session has ended" });
  await using other = await withSecret("b".repeat(32));
  const refused = await other.get("/auth/me", bearer(access_token));
  expect(await refused.json()).toMatchObject({ detail: "Invalid token" });
});
