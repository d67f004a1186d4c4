import { inject } from "nexus-platform";
import { Accounts, ApiKeys, Roles } from "nexus-platform/accounts";
import { Database } from "nexus-platform/database";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import MyPlugin from "./index.ts";
import { SearchResult, UserPage } from "./schemas.ts";
import { aUser, createTestUser, signIn, withRoot } from "./test-user.ts";

const start = () => TestClient.of(MyPlugin, withRoot);

/** All that strangers can do to a user of this id. */
const attempts = (id: string) =>
  [
    ["GET", `/users/${id}`],
    ["GET", `/users/${id}/standardized`],
    ["GET", `/users/${id}/or-error`],
    ["GET", `/organised/users/${id}`],
    ["PUT", `/users/${id}`, {}],
    ["PUT", `/users/${id}`, { email: "mallory@example.com" }],
    ["PUT", `/users/${id}`, { full_name: "Mallory", tags: ["x"] }],
    ["PUT", `/users/${id}`, { active: false }],
    ["POST", `/users/${id}/activate`],
    ["DELETE", `/users/${id}`],
  ] as const;

/** How users come to power, each as something that is done to one. */
const powers: [string, (id: string) => Promise<unknown>][] = [
  ["a role", (id) => inject(Roles).grantRole(id, "administrator")],
  ["a permission", (id) => inject(Roles).grantPermission(id, "notes:read")],
  ["an API key", (id) => inject(ApiKeys).create(id, { name: "ci" })],
  [
    "a report",
    (id) =>
      inject(Accounts).create({
        username: `report-of-${id.slice(0, 8)}`,
        email: `${id}@example.com`,
        password: "Correct-Horse-1",
        manager_id: id,
      }),
  ],
];

async function rowOf(client: TestClient, username: string): Promise<unknown> {
  const db = client.app.run(() => inject(Database<{ nexus_users: { username: string } }>));
  return db
    .selectFrom("nexus_users")
    .selectAll()
    .where("username", "=", username)
    .executeTakeFirst();
}

/** Expects that a stranger finds no trace of a user, and cannot change them. */
async function expectHidden(client: TestClient, username: string, id: string): Promise<void> {
  const before = await rowOf(client, username);
  expect(before).toBeDefined();
  for (const [method, path, json] of attempts(id)) {
    const response = await client.request(method, `/my-plugin${path}`, json ? { json } : {});
    expect([path, json, response.status]).toEqual([path, json, 404]);
    expect(await response.text()).not.toContain(username);
  }
  expect(await rowOf(client, username)).toEqual(before);

  for (const path of ["/users", "/organised/users"]) {
    for (const query of [{}, { search: username }, { active: true }, { active: false }]) {
      const response = await client.get(`/my-plugin${path}`, { query });
      const { users, pagination } = await response.json(UserPage);
      expect(users.filter((user) => user.username === username)).toEqual([]);
      // Nor is there a gap in the numbers.
      expect(pagination.total).toBe(users.length);
    }
  }
  const found = await client.get("/my-plugin/search", { query: { query: username } });
  const { results } = await found.json(z.object({ results: z.array(SearchResult) }));
  expect(results).toEqual([]);
}

test("no stranger can read, list, rename, deactivate or delete the first administrator", async () => {
  await using client = await start();
  await createTestUser(client, "alice");
  const root = await client.app.run(() => inject(Accounts).find("root"));
  await expectHidden(client, "root", root!.id);
  await signIn(client, "root");
});

test.each(powers)("who gets %s is from then on out of strangers' reach", async (_, give) => {
  await using client = await start();
  await createTestUser(client, "alice");
  const { user_id } = await createTestUser(client, "victor");
  expect((await client.get(`/my-plugin/users/${user_id}`)).status).toBe(200);
  await client.app.run(() => give(user_id));
  await expectHidden(client, "victor", user_id);
  await signIn(client, "victor");
});

test("who is disabled cannot be brought back by strangers, if they had power", async () => {
  await using client = await start();
  const { user_id } = await createTestUser(client, "victor");
  await client.app.run(async () => {
    await inject(Roles).grantRole(user_id, "administrator");
    await inject(Accounts).update(user_id, { active: false });
  });
  await expectHidden(client, "victor", user_id);
  await expect(signIn(client, "victor")).rejects.toThrow("401");
});

test("who gives up all power is an ordinary user again", async () => {
  await using client = await start();
  const { user_id } = await createTestUser(client, "victor");
  await client.app.run(() => inject(Roles).grantRole(user_id, "administrator"));
  expect((await client.get(`/my-plugin/users/${user_id}`)).status).toBe(404);
  await client.app.run(() => inject(Roles).revokeRole(user_id, "administrator"));
  expect((await client.get(`/my-plugin/users/${user_id}`)).status).toBe(200);
});

test("that a name or an email is taken is told, whoever has it", async () => {
  await using client = await start();
  const { user_id } = await createTestUser(client, "alice");
  for (const path of ["/users", "/organised/users"]) {
    const name = await client.post(`/my-plugin${path}`, { json: aUser("ROOT") });
    expect(name.status).toBe(409);
    expect(await name.json()).toMatchObject({ detail: "Username already exists" });
  }
  await client.app.run(async () => {
    const { id } = (await inject(Accounts).find("root"))!;
    await inject(Accounts).update(id, { email: "root@example.com" });
  });
  const before = await rowOf(client, "root");
  const json = { email: "Root@Example.com" };
  const email = await client.put(`/my-plugin/users/${user_id}`, { json });
  expect(email.status).toBe(409);
  expect(await email.json()).toMatchObject({ detail: "Email already exists" });
  expect(await rowOf(client, "root")).toEqual(before);
});

test("what a stranger sends besides makes nobody an administrator", async () => {
  await using client = await start();
  const json = aUser("mallory", {
    roles: ["administrator"],
    permissions: ["*"],
    email_verified: true,
    manager_id: "1",
    id: "1",
    user_id: "1",
  });
  expect((await client.post("/my-plugin/users", { json })).status).toBe(201);
  const me = await signIn(client, "mallory");
  expect(await (await client.get("/auth/me", me)).json()).toMatchObject({
    roles: [],
    permissions: [],
    email_verified: false,
  });
  expect((await client.get("/my-plugin/admin/users", me)).status).toBe(403);
});
