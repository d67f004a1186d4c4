import { inject } from "nexus-platform";
import { Database } from "nexus-platform/database";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import MyPlugin from "./index.ts";
import { User, UserPage } from "./schemas.ts";
import { aUser, createTestUser } from "./test-user.ts";

const users = "/my-plugin/users";

test("a user is created, with defaults for what was left out", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const response = await client.post(users, { json: aUser("alice") });
  expect(response.status).toBe(201);
  const now = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(await response.json()).toEqual({
    user_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    username: "alice",
    email: "alice@example.com",
    full_name: null,
    active: true,
    tags: [],
    created_at: now,
    updated_at: now,
  });
});

test("name and tags may be given, and null is as good as nothing", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const given = { full_name: "Alice Ä. 😀", tags: ["a", "b", "a"] };
  expect(await createTestUser(client, "alice", given)).toMatchObject(given);
  const nothing = await createTestUser(client, "bob", { full_name: null, tags: null });
  expect(nothing).toMatchObject({ full_name: null, tags: [] });
});

test("a user is read as it was created", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const alice = await createTestUser(client);
  const response = await client.get(`${users}/${alice.user_id}`);
  expect(response.status).toBe(200);
  expect(await response.json(User)).toEqual(alice);
});

test("an unknown user is not found, whatever is done with it", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  for (const id of ["nobody", "__proto__", "constructor", "%00", "%25", "é"]) {
    const answers = [
      await client.get(`${users}/${id}`),
      await client.delete(`${users}/${id}`),
      await client.put(`${users}/${id}`, { json: { full_name: "x" } }),
      await client.put(`${users}/${id}`, { json: {} }),
      await client.get(`/my-plugin/organised/users/${id}`),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ detail: "User not found" });
    }
  }
});

test("a deleted user is gone, and its name is free", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const { user_id } = await createTestUser(client);
  const response = await client.delete(`${users}/${user_id}`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ message: `User ${user_id} deleted successfully` });
  expect((await client.get(`${users}/${user_id}`)).status).toBe(404);
  expect((await client.delete(`${users}/${user_id}`)).status).toBe(404);
  await createTestUser(client);
});

test("two users have no username and no email in common, in whatever case", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  await createTestUser(client, "straße", { email: "a@x.y" });
  await createTestUser(client, "bob", { email: "b@x.y" });
  const refused: [object, string][] = [
    [aUser("straße"), "Username already exists"],
    [aUser("STRAßE"), "Username already exists"],
    [aUser("ｓｔｒａßｅ"), "Username already exists"],
    [aUser("carol", { email: "a@x.y" }), "Email already exists"],
    [aUser("carol", { email: "A@X.Y" }), "Email already exists"],
    [aUser("bob", { email: "a@x.y" }), "Username already exists"],
  ];
  for (const [json, detail] of refused) {
    const response = await client.post(users, { json });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ detail });
  }
});

test("of 50 who take one name at once, one gets it", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      client.post(users, { json: aUser("alice", { email: `${i}@x.y` }) }),
    ),
  );
  const won = answers.filter(({ status }) => status === 201);
  const lost = answers.filter(({ status }) => status === 409);
  expect([won.length, lost.length]).toEqual([1, 49]);
  for (const answer of lost)
    expect(await answer.json()).toMatchObject({ detail: "Username already exists" });
});

test("of two who take one email at once, one gets it", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const answers = await Promise.all(
    ["alice", "bob"].map((name) => client.post(users, { json: aUser(name, { email: "a@x.y" }) })),
  );
  const [won, lost] = answers.toSorted((a, b) => a.status - b.status);
  expect([won?.status, lost?.status]).toEqual([201, 409]);
  expect(await lost?.json()).toMatchObject({ detail: "Email already exists" });
});

test("an update changes what is given, and nothing else", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const alice = await createTestUser(client, "alice", { full_name: "Alice", tags: ["a"] });
  const changes: Partial<User>[] = [
    { email: "new@example.com" },
    { full_name: "Alice B" },
    { active: false },
    { tags: ["b", "c"] },
    { full_name: null },
    { tags: [] },
  ];
  let expected = alice;
  for (const json of changes) {
    const response = await client.put(`${users}/${alice.user_id}`, { json });
    expect(response.status).toBe(200);
    const updated = await response.json(User);
    expected = { ...expected, ...json, updated_at: updated.updated_at };
    expect(updated).toEqual(expected);
    expect(updated.updated_at.getTime()).toBeGreaterThanOrEqual(alice.updated_at.getTime());
  }
  expect(await (await client.get(`${users}/${alice.user_id}`)).json(User)).toEqual(expected);
});

test("an empty update, and one of unknown fields, leaves the row as it was", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const given = { full_name: "Alice", tags: ["a", "b"] };
  const { user_id } = await createTestUser(client, "alice", given);
  const db = client.app.run(() => inject(Database<{ nexus_users: object }>));
  const row = () => db.selectFrom("nexus_users").selectAll().executeTakeFirstOrThrow();
  const before = await row();
  for (const json of [
    {},
    { email: null, active: null, tags: null },
    { user_id: "1", username: "mallory", password: "Other-Pass-1", password_hash: "x" },
    JSON.parse('{"__proto__": {"active": false}, "constructor": {"prototype": {}}}') as object,
  ]) {
    const response = await client.put(`${users}/${user_id}`, { json });
    expect(response.status).toBe(200);
    expect(await row()).toEqual(before);
  }
});

test("null in an update clears the full name, and leaves the others", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const alice = await createTestUser(client, "alice", { full_name: "Alice", tags: ["a"] });
  const json = { full_name: null, email: null, active: null, tags: null };
  const response = await client.put(`${users}/${alice.user_id}`, { json });
  const updated = await response.json(User);
  expect(updated).toEqual({ ...alice, full_name: null, updated_at: updated.updated_at });
});

test("an update keeps emails unique, but one's own may change its case", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const { user_id } = await createTestUser(client, "alice");
  await createTestUser(client, "bob");
  const update = (json: object) => client.put(`${users}/${user_id}`, { json });
  const taken = await update({ email: "BOB@example.com", full_name: "Lost" });
  expect(taken.status).toBe(409);
  expect(await taken.json()).toMatchObject({ detail: "Email already exists" });
  const same = await (await update({ email: "ALICE@example.com" })).json(User);
  expect(same).toMatchObject({ email: "ALICE@example.com", full_name: null });
});

test("an update is checked as a whole", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const { user_id } = await createTestUser(client);
  const json = { email: "no", full_name: "x".repeat(101), active: "yes", tags: ["a", 1] };
  const response = await client.put(`${users}/${user_id}`, { json });
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({
    errors: [
      { loc: ["body", "email"], type: "string_pattern_mismatch" },
      { loc: ["body", "full_name"], type: "string_too_long" },
      { loc: ["body", "active"], type: "bool_type" },
      { loc: ["body", "tags", 1], type: "string_type" },
    ],
  });
});

test("a user is shown in the standard envelope", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const alice = await createTestUser(client);
  const response = await client.get(`${users}/${alice.user_id}/standardized`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    success: true,
    message: "User retrieved successfully",
    data: await (await client.get(`${users}/${alice.user_id}`)).json(),
    timestamp: expect.stringMatching(/Z$/),
  });
  const missing = await client.get(`${users}/nobody/standardized`);
  expect(missing.status).toBe(404);
  expect(await missing.json()).toEqual({
    success: false,
    error: { message: "User not found", code: "USER_NOT_FOUND", details: null },
    timestamp: expect.stringMatching(/Z$/),
  });
});

test("a user is activated once", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const { user_id } = await createTestUser(client);
  const activate = async (id: string) => {
    const response = await client.post(`${users}/${id}/activate`);
    return { status: response.status, body: await response.json() };
  };
  expect(await activate("nobody")).toEqual({ status: 404, body: failure("User not found") });
  const already = { status: 409, body: failure("User is already active") };
  expect(await activate(user_id)).toEqual(already);
  await client.put(`${users}/${user_id}`, { json: { active: false } });
  expect(await activate(user_id)).toEqual({
    status: 200,
    body: {
      success: true,
      message: "User activated successfully",
      data: null,
      timestamp: expect.any(String),
    },
  });
  expect(await activate(user_id)).toEqual(already);
  const { active } = await (await client.get(`${users}/${user_id}`)).json(User);
  expect(active).toBe(true);
});

test("an error of one's own has its code", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const alice = await createTestUser(client);
  const found = await client.get(`${users}/${alice.user_id}/or-error`);
  expect(await found.json(User)).toEqual(alice);
  const missing = await client.get(`${users}/nobody/or-error`);
  expect(missing.status).toBe(404);
  expect(missing.headers.get("content-type")).toBe("application/problem+json");
  expect(await missing.json()).toMatchObject({
    status: 404,
    detail: "User nobody not found",
    error_code: "USER_NOT_FOUND",
  });
});

test("the routes of a mounted class do the same under their own path", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const organised = "/my-plugin/organised/users";
  const created = await client.post(organised, { json: aUser("alice") });
  expect(created.status).toBe(201);
  const alice = await created.json(User);
  expect(await (await client.get(`${users}/${alice.user_id}`)).json(User)).toEqual(alice);
  expect(await (await client.get(`${organised}/${alice.user_id}`)).json(User)).toEqual(alice);
  const page = await (await client.get(organised, { query: { search: "ali" } })).json(UserPage);
  expect(page.users).toEqual([alice]);
  expect((await client.post(organised, { json: aUser("alice") })).status).toBe(409);
});

function failure(message: string): object {
  return {
    success: false,
    error: { message, code: null, details: null },
    timestamp: expect.any(String),
  };
}
