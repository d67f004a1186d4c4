import { inject } from "nexus-platform";
import { Accounts, AuditService, Roles } from "nexus-platform/accounts";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import MyPlugin from "./index.ts";
import { UserDetails, UserPage } from "./schemas.ts";
import { createTestUser, signIn, withRoot } from "./test-user.ts";

const start = () => TestClient.of(MyPlugin, withRoot);
const nobody = "00000000-0000-4000-8000-000000000000";

/** Every route that asks who somebody is. */
const guarded = [
  ["GET", "/profile"],
  ["GET", "/admin/users"],
  ["POST", `/admin/users/${nobody}/activate`],
  ["GET", `/users/${nobody}/details`],
  ["GET", "/admin/stats"],
  ["POST", "/admin/maintenance"],
  ["POST", "/upload"],
  ["POST", "/upload/multiple"],
  ["POST", `/users/${nobody}/send-email`],
  ["POST", "/data/export"],
  ["GET", `/data/exports/${nobody}`],
] as const;

test("a user who was created here can log in, and read their profile", async () => {
  await using client = await start();
  const alice = await createTestUser(client, "alice", { full_name: "Alice" });
  const me = await signIn(client, "alice");
  const response = await client.get("/my-plugin/profile", me);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    user_id: alice.user_id,
    username: "alice",
    profile: { full_name: "Alice", email_verified: false, manager_id: null },
  });
  // By email too, and everywhere on the platform.
  await signIn(client, "alice@example.com");
  expect(await (await client.get("/auth/me", me)).json()).toMatchObject({ username: "alice" });
});

test("who is signed in by other means than an account has no profile", async () => {
  await using client = await start();
  const response = await client.as({ id: "1", username: "ann" }).get("/my-plugin/profile");
  expect(await response.json()).toEqual({ user_id: "1", username: "ann", profile: null });
});

test.each(guarded)("%s %s wants to know who asks, before all else", async (method, path) => {
  await using client = await start();
  for (const authorization of [undefined, "Basic YTpi", "Bearer", "Bearer ", "bearer no-token"]) {
    const response = await client.request(method, `/my-plugin${path}?page=none`, {
      headers: authorization === undefined ? {} : { authorization },
      body: "{",
    });
    expect([authorization, response.status]).toEqual([authorization, 401]);
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
  }
});

test("a token is refused once its session has ended, or its user is disabled", async () => {
  await using client = await start();
  const { user_id } = await createTestUser(client, "alice");
  const first = await signIn(client, "alice");
  const second = await signIn(client, "alice");
  await client.post("/auth/logout", first);
  expect((await client.get("/my-plugin/profile", first)).status).toBe(401);
  expect((await client.get("/my-plugin/profile", second)).status).toBe(200);
  await client.put(`/my-plugin/users/${user_id}`, { json: { active: false } });
  expect((await client.get("/my-plugin/profile", second)).status).toBe(401);
  await expect(signIn(client, "alice")).rejects.toThrow("401");
});

test("who may not is told what is missing, whether the user is there or not", async () => {
  await using client = await start();
  const { user_id } = await createTestUser(client, "alice");
  const me = await signIn(client, "alice");
  const refusals = [
    ["GET", "/admin/users?page=none", "Permission 'admin:users' required"],
    ["POST", `/admin/users/${user_id}/activate`, "Role 'administrator' required"],
    ["POST", `/admin/users/${nobody}/activate`, "Role 'administrator' required"],
    ["GET", "/admin/stats", "Role 'administrator' required"],
    ["POST", "/admin/maintenance", "Role 'administrator' required"],
    ["GET", `/users/${nobody}/details`, "You don't have permission to access this user"],
  ] as const;
  for (const [method, path, detail] of refusals) {
    const response = await client.request(method, `/my-plugin${path}`, me);
    expect([path, response.status]).toEqual([path, 403]);
    expect(await response.json()).toMatchObject({ detail });
  }
});

test("all users are listed for who has the permission, a wildcard included", async () => {
  await using client = await start();
  await createTestUser(client, "alice");
  const { user_id } = await createTestUser(client, "bob");
  await client.app.run(() => inject(Roles).grantPermission(user_id, "admin:*"));
  const response = await client.get("/my-plugin/admin/users", await signIn(client, "bob"));
  const { users, pagination } = await response.json(UserPage);
  expect(users.map(({ username }) => username)).toEqual(["root", "alice", "bob"]);
  expect(pagination).toMatchObject({ total: 3, pages: 1 });
  const filtered = await client.get("/my-plugin/admin/users", {
    ...(await signIn(client, "root")),
    query: { search: "OO", per_page: 1 },
  });
  expect((await filtered.json(UserPage)).users).toMatchObject([{ username: "root" }]);
});

test("an administrator activates anybody, and only that is in the audit log", async () => {
  await using client = await start();
  const { user_id } = await createTestUser(client, "alice");
  await client.put(`/my-plugin/users/${user_id}`, { json: { active: false } });
  const root = await signIn(client, "root");
  const activate = (id: string, asking = {}) =>
    client.post(`/my-plugin/admin/users/${id}/activate`, asking);

  expect((await activate(user_id)).status).toBe(401);
  const missing = await activate(nobody, root);
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject({ detail: "User not found" });
  const done = await activate(user_id, root);
  expect(done.status).toBe(200);
  expect(await done.json()).toEqual({ message: `User ${user_id} activated successfully` });
  await signIn(client, "alice");

  const audit = client.app.run(() => inject(AuditService));
  const { entries } = await audit.list({ page: 1, per_page: 10, action: "activate_user" });
  expect(entries).toMatchObject([
    { actor: "root", target: `user:${user_id}`, result: "success", address: "127.0.0.1" },
  ]);
});

test("details are for administrators, for oneself, and for one's manager", async () => {
  await using client = await start();
  const alice = await createTestUser(client, "alice");
  const boss = await createTestUser(client, "boss");
  await createTestUser(client, "carol");
  await client.app.run(() => inject(Accounts).update(alice.user_id, { manager_id: boss.user_id }));
  const details = async (of: string, by: string) =>
    client.get(`/my-plugin/users/${of}/details`, await signIn(client, by));

  for (const by of ["root", "alice", "boss"]) {
    const response = await details(alice.user_id, by);
    expect([by, response.status]).toEqual([by, 200]);
    expect(await response.json(UserDetails)).toMatchObject({
      username: "alice",
      manager_id: boss.user_id,
    });
  }
  expect((await details(alice.user_id, "carol")).status).toBe(403);
  // To manage somebody is nothing that goes upwards.
  expect((await details(boss.user_id, "alice")).status).toBe(403);
  for (const by of ["alice", "boss", "carol"]) expect((await details(nobody, by)).status).toBe(403);
  expect((await details(nobody, "root")).status).toBe(404);
});

test("an administrator reads the numbers, and starts maintenance", async () => {
  await using client = await start();
  const { user_id } = await createTestUser(client, "alice");
  await client.put(`/my-plugin/users/${user_id}`, { json: { active: false } });
  await client.post("/my-plugin/comments", { json: { content: "Hello", author_id: user_id } });
  const root = await signIn(client, "root");
  const stats = await client.get("/my-plugin/admin/stats", root);
  expect(await stats.json()).toEqual({ users: 2, active_users: 1, comments: 1 });
  const maintenance = await client.post("/my-plugin/admin/maintenance", root);
  expect(maintenance.status).toBe(202);
  expect(await maintenance.json()).toEqual({ message: "Maintenance started" });
});

test("the documentation says which routes want to know who asks, and no others", async () => {
  await using client = await start();
  const Operation = z.object({
    security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
    responses: z.record(z.string(), z.unknown()),
  });
  const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) });
  const { paths } = await (await client.get("/openapi.json")).json(Document);
  const secured = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { security, responses }]) =>
      path.startsWith("/my-plugin") && security
        ? [`${method.toUpperCase()} ${path} ${"401" in responses} ${"403" in responses}`]
        : [],
    ),
  );
  expect(secured.toSorted()).toEqual([
    "GET /my-plugin/admin/stats true true",
    "GET /my-plugin/admin/users true true",
    "GET /my-plugin/data/exports/{task_id} true false",
    "GET /my-plugin/profile true false",
    // Who has not signed in has no tasks, and is told just that.
    "GET /my-plugin/tasks/{task_id}/status false false",
    "GET /my-plugin/users/{user_id}/details true true",
    "POST /my-plugin/admin/maintenance true true",
    "POST /my-plugin/admin/users/{user_id}/activate true true",
    "POST /my-plugin/data/export true false",
    "POST /my-plugin/upload true false",
    "POST /my-plugin/upload/multiple true false",
    "POST /my-plugin/users/{user_id}/send-email true false",
  ]);
});
