import { expect, test } from "vitest";
import { accountsClient, bearer, register, signedIn } from "../../test/accounts-client.ts";

test("a new user has what was said, and nothing that was not asked for", async () => {
  await using client = await accountsClient();
  const answer = await register(client, "alice", {
    id: "1",
    roles: ["administrator"],
    permissions: ["*"],
    active: false,
    email_verified: true,
    tags: ["staff"],
    manager_id: "1",
    password_hash: "x",
  });
  expect([answer.status, await answer.json()]).toEqual([
    201,
    {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      username: "alice",
      email: "alice@example.com",
      full_name: null,
      active: true,
      tags: [],
      email_verified: false,
      manager_id: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      updated_at: expect.any(String),
    },
  ]);
  const { access_token } = await signedIn(client, "alice");
  const me = await client.get("/auth/me", bearer(access_token));
  expect(await me.json()).toMatchObject({ roles: [], permissions: [] });
});

test("a username or an email that is taken, in whatever case, is 409; the username is told first", async () => {
  await using client = await accountsClient();
  await register(client, "straße");
  for (const [username, email, detail] of [
    ["STRAßE", "straße@example.com", "Username already exists"],
    ["other", "STRAßE@example.com", "Email already exists"],
  ] as const) {
    const answer = await register(client, username, { email });
    expect([answer.status, await answer.json()]).toMatchObject([409, { detail }]);
  }
  await register(client, "ﬁona");
  expect((await register(client, "FIONA", { email: "f@example.com" })).status).toBe(409);
});

test("of many who register one name at once one gets it", async () => {
  await using client = await accountsClient();
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, at) =>
      register(client, at % 2 ? "alice" : "ALICE", { email: `a${at}@example.com` }),
    ),
  );
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  expect(statuses).toEqual([201, ...Array(7).fill(409)]);
});

test("names, emails and passwords that are none are refused, all faults at once", async () => {
  await using client = await accountsClient();
  const answer = await client.post("/auth/register", {
    json: { username: "a@b", email: "nowhere", password: "short", full_name: "x".repeat(101) },
  });
  expect(answer.status).toBe(422);
  const { errors } = (await answer.json()) as { errors: { loc: string[]; type: string }[] };
  expect(errors.map(({ loc, type }) => [loc[1], type])).toEqual([
    ["username", "value_error"],
    ["email", "value_error"],
    ["password", "string_too_short"],
    ["full_name", "string_too_long"],
  ]);
  for (const [field, value] of [
    ["username", "a\0b"],
    ["username", "\ud800\ud800\ud800"],
    ["username", "ab"],
    ["username", "x".repeat(51)],
    ["username", 7],
    ["email", "a@b@c.de"],
    ["email", "a b@c.de"],
    ["email", `${"a@".repeat(5000)}b`],
    ["email", "a@b.de\r\nBcc: x@y.de"],
    ["password", "😀😀😀😀"],
    ["password", "ä".repeat(600)],
    ["password", "alice@example.com"],
    ["password", null],
  ] as const) {
    const refused = await register(client, "alice", { [field]: value });
    expect([field, refused.status, await refused.json()]).toMatchObject([
      field,
      422,
      { errors: [{ loc: ["body", field] }] },
    ]);
  }
});

test("a password may have eight characters of any script, but not be the username", async () => {
  await using client = await accountsClient();
  expect((await register(client, "alice", { password: "パスワードです。" })).status).toBe(201);
  const same = await register(client, "margarete", { password: "MARGARETE" });
  expect([same.status, await same.json()]).toMatchObject([
    422,
    { errors: [{ msg: "Password must not be the username or the email" }] },
  ]);
});

test("an app may close registration", async () => {
  await using client = await accountsClient({ config: { accounts: { registration: false } } });
  const answer = await register(client, "alice");
  expect([answer.status, await answer.json()]).toMatchObject([
    403,
    { detail: "Registration is closed" },
  ]);
});

test("registering, signing in and resetting are limited by address", async () => {
  await using client = await accountsClient();
  const statuses: number[] = [];
  for (let count = 0; count < 21; count++) {
    const answer = await client.post("/auth/register", { json: {} });
    statuses.push(answer.status);
    expect(answer.headers.get("ratelimit-policy")).toBe('"default";q=20;w=60');
  }
  expect(statuses).toEqual([...Array(20).fill(422), 429]);
  for (const path of ["/auth/login", "/auth/password/forgot", "/auth/password/reset"]) {
    expect((await client.post(path, { json: {} })).headers.has("ratelimit")).toBe(true);
  }
});
