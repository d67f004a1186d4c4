import { expect, test } from "vitest";
import { accountsClient, bearer, register, signedIn } from "../../test/accounts-client.ts";
import type { TestClient } from "../testing/index.ts";

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
  await register(client, "straße", { email: "ann@straße.example" });
  for (const [username, email, detail] of [
    ["STRAßE", "ann@straße.example", "Username already exists"],
    ["other", "ANN@STRAßE.example", "Email already exists"],
  ] as const) {
    const answer = await register(client, username, { email });
    expect([answer.status, await answer.json()]).toMatchObject([409, { detail }]);
  }
  await register(client, "ﬁona", { email: "fiona@example.com" });
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
});

test("a username begins with a letter or digit, and holds nothing that cannot be seen", async () => {
  await using client = await accountsClient();
  const wrong = [
    ["username", "a\0b"],
    ["username", "\ud800\ud800\ud800"],
    ["username", "ab"],
    ["username", "x".repeat(51)],
    ["username", 7],
    ["username", "ali\u{ad}ce"],
    ["username", "ali\u{3164}ce"],
    ["username", "alice\u{fe0f}"],
    ["username", "..."],
    ["username", "-alice"],
    ["username", "\u{301}alice"],
  ] as const;
  for (const [field, value] of wrong) await refuses(client, field, value);
});

test("what no letter can go to is no email", async () => {
  await using client = await accountsClient();
  const wrong = [
    ["email", "a@b@c.de"],
    ["email", "a b@c.de"],
    ["email", `${"a@".repeat(5000)}b`],
    ["email", "a@b.de\r\nBcc: x@y.de"],
    ["email", "a\u{200b}b@c.de"],
    ["email", "a@c\u{ad}d.de"],
    ["email", "a@c\u{3164}d.de"],
    // No letter could go there.
    ["email", "ä@b.de"],
    ["email", "a@b!.de"],
    ["email", "a@1.2.3.999"],
  ] as const;
  for (const [field, value] of wrong) await refuses(client, field, value);
});

test("too short, too long and no text is no password", async () => {
  await using client = await accountsClient();
  const wrong = [
    ["password", "😀😀😀😀"],
    ["password", "ä".repeat(600)],
    ["password", "alice@example.com"],
    ["password", null],
  ] as const;
  for (const [field, value] of wrong) await refuses(client, field, value);
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

test("a password is not what is tried first", async () => {
  await using client = await accountsClient();
  const poor = [
    "11111111",
    "        ",
    "\t \u{a0}\t \u{a0}\t ",
    "😀😀😀😀😀😀😀😀",
    "12345678",
    "password1",
  ];
  for (const password of poor) {
    const refused = await register(client, "alice", { password });
    expect([password, refused.status, await refused.json()]).toMatchObject([
      password,
      422,
      {
        errors: [
          { loc: ["body", "password"], msg: expect.stringContaining("Password must not be") },
        ],
      },
    ]);
  }
  expect((await register(client, "alice", { password: "password tapir" })).status).toBe(201);
});

test("an app may close registration", async () => {
  await using client = await accountsClient({ config: { accounts: { registration: false } } });
  const answer = await register(client, "alice");
  expect([answer.status, await answer.json()]).toMatchObject([
    403,
    { detail: "Registration is closed" },
  ]);
});

test.each([
  ["/auth/login", 30],
  ["/auth/session", 30],
  ["/auth/register", 20],
  ["/auth/email/verify", 20],
  ["/auth/password/forgot", 10],
  ["/auth/password/reset", 10],
  ["/auth/refresh", 60],
])("%s is limited by address, %i a minute, whatever accounts one has", async (path, most) => {
  await using client = await accountsClient();
  const own = [bearer((await signedIn(client, "alice")).access_token)];
  own.push(bearer((await signedIn(client, "bob")).access_token));
  const said: unknown[] = [];
  let left = 1;
  for (let count = 0; left && count < 100; count++) {
    const answer = await client.post(path, { json: {}, ...own[count % 2] });
    expect(answer.headers.get("ratelimit-policy")).toBe(`"default";q=${most};w=60`);
    left = Number(/r=(\d+)/.exec(answer.headers.get("ratelimit")!)![1]);
    said.push(answer.status);
  }
  // Two have registered and signed in before.
  expect([most, most - 2]).toContain(said.length);
  expect(said).not.toContain(429);
  expect((await client.post(path, { json: {}, ...own[0] })).status).toBe(429);
  expect((await client.post(path, { json: {} })).status).toBe(429);
});

async function refuses(client: TestClient, field: string, value: unknown): Promise<void> {
  const refused = await register(client, "alice", { [field]: value });
  expect([field, value, refused.status, await refused.json()]).toMatchObject([
    field,
    value,
    422,
    { errors: [{ loc: ["body", field] }] },
  ]);
}
