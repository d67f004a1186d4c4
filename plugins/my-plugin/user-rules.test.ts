import { TestClient, type TestResponse } from "nexus-platform/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import MyPlugin from "./index.ts";
import { CreateUser } from "./schemas.ts";
import { aUser, createTestUser } from "./test-user.ts";

let client: TestClient;
beforeAll(async () => {
  client = await TestClient.of(MyPlugin, { accounts: true });
});
afterAll(() => client[Symbol.asyncDispose]());

const Problem = z.object({
  errors: z.array(z.object({ loc: z.tuple([z.literal("body"), z.string()]), msg: z.string() })),
});

const create = (json: object) => client.post("/my-plugin/users", { json });

/** What is wrong, by field. */
async function faultsOf(response: TestResponse): Promise<Record<string, string>> {
  expect(response.status).toBe(422);
  const { errors } = await response.json(Problem);
  return Object.fromEntries(errors.map(({ loc, msg }) => [loc[1], msg]));
}

test("get user endpoint", async () => {
  const user = await createTestUser(client);

  const response = await client.get(`/my-plugin/users/${user.user_id}`);
  expect(response.status).toBe(200);

  const data = await response.json();
  expect(data).toMatchObject({ user_id: user.user_id, username: user.username });
});

test("user creation validation", async () => {
  // Test invalid email
  let response = await client.post("/my-plugin/users", {
    json: { username: "testuser", email: "invalid-email", password: "password123" },
  });
  expect(response.status).toBe(422);

  // Test short password
  response = await client.post("/my-plugin/users", {
    json: { username: "testuser", email: "test@example.com", password: "123" },
  });
  expect(response.status).toBe(422);
});

test("an empty object misses exactly what has no default", async () => {
  const faults = await faultsOf(await create({}));
  expect(faults).toEqual({
    username: "Field required",
    email: "Field required",
    password: "Field required",
  });
});

test.each(["___", "---", "a b", "a.b", "a@b", "ab\u0000", "e\u0301e\u0301", "<b>", "😀😀😀"])(
  "the username %j is refused",
  async (username) => {
    expect(await faultsOf(await create(aUser(username, { email: "r@x.y" })))).toEqual({
      username: "Username must be alphanumeric with optional - and _",
    });
  },
);

test.each(["a-b", "_a_", "日本語", "été", "a१२", "constructor", "__proto__", "𝒜𝒜𝒜"])(
  "the username %j is fine",
  async (username) => {
    const { user_id } = await createTestUser(client, username, { email: `${username}@u.x` });
    const response = await client.get(`/my-plugin/users/${user_id}`);
    expect(await response.json()).toMatchObject({ username, tags: [] });
  },
);

test("the length of a text is that of its characters", async () => {
  const lengths: [field: string, value: string, isFine: boolean][] = [
    ["username", "ab", false],
    ["username", "𝒜𝒜", false],
    ["username", "𝒜".repeat(50), true],
    ["username", "a".repeat(51), false],
    ["full_name", "😀".repeat(100), true],
    ["full_name", "😀".repeat(101), false],
    ["password", "Aa1😀😀😀😀", false],
    ["password", "Aa1😀😀😀😀😀", true],
  ];
  for (const [field, value, isFine] of lengths) {
    const { error } = CreateUser.safeParse(aUser("alice", { [field]: value }));
    expect([field, value, error === undefined]).toEqual([field, value, isFine]);
  }
  const faults = await faultsOf(await create(aUser("ab", { password: "Aa1" })));
  expect(faults).toEqual({
    username: expect.stringContaining(">=3 characters"),
    password: expect.stringContaining(">=8 characters"),
  });
});

test.each([
  ["password", "Password must contain at least one uppercase letter"],
  ["ÄÖÜÄÖÜÄÖ", "Password must contain at least one lowercase letter"],
  ["Password", "Password must contain at least one digit"],
  ["12345678", "Password must contain at least one uppercase letter"],
  ["pass", "Too small: expected string to have >=8 characters"],
])("the first rule that the password %j breaks is told", async (password, message) => {
  expect(await faultsOf(await create(aUser("rules", { password })))).toEqual({
    password: message,
  });
});

test("a letter of any script counts in a password", async () => {
  await createTestUser(client, "greek", { password: "Πάντα-ῥεῖ-٣" });
});

test.each(["", "a", "a@b", "@b.c", "a@.c", "a@b.", "a@b@c.d", "a.b@c"])(
  "the email %j is refused",
  async (email) => {
    const faults = await faultsOf(await create(aUser("email", { email })));
    expect(Object.keys(faults)).toEqual(["email"]);
  },
);

test.each(["a@b.c", "a+b@c.d.e", "ä@ö.ü", "a b@c.d", "a@b..c"])("the email %j is fine", (email) => {
  expect(CreateUser.safeParse(aUser("email", { email })).success).toBe(true);
});

test("what has the wrong type is refused, and nothing is converted", async () => {
  const json = { username: 123, email: null, password: ["Aa1Aa1Aa1"], full_name: 1, tags: "a" };
  const faults = await faultsOf(await create(json));
  expect(Object.keys(faults)).toEqual(["username", "email", "password", "full_name", "tags"]);
  const tags = await create(aUser("tags", { tags: ["a", null] }));
  expect(tags.status).toBe(422);
  for (const body of ["[]", '"a"', "1", "null", ""]) {
    const response = await client.post("/my-plugin/users", {
      body,
      headers: { "content-type": "application/json" },
    });
    expect([body, response.status]).toEqual([body, 422]);
  }
});

test("unknown fields, and what would be an object's own insides, have no effect", async () => {
  const json = JSON.stringify(aUser("plain")).replace(
    "{",
    '{"user_id":"1","active":false,"created_at":"x","__proto__":{"active":false},"constructor":1,',
  );
  const response = await client.post("/my-plugin/users", {
    body: json,
    headers: { "content-type": "application/json" },
  });
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ active: true, username: "plain" });
  expect(({} as { active?: unknown }).active).toBeUndefined();
});

test("half of a character, and a zero byte, do no harm", async () => {
  const odd = { full_name: "a\ud800b\0c", tags: ["\udfff", "\0", "__proto__"] };
  const { user_id } = await createTestUser(client, "odd", { ...odd, email: "o\0\ud800@x.y" });
  const response = await client.get(`/my-plugin/users/${user_id}`);
  expect(await response.json()).toMatchObject({ full_name: "a\ufffdb\0c" });
});
