import { expect, test } from "vitest";
import { accountsClient, letters, bearer, login } from "../../test/accounts-client.ts";
import { audited, somebody, told } from "../../test/admin-client.ts";

const users = "/auth/admin/users";
const root = { roles: ["administrator"] };
const aUser = (username: string, more: object = {}) => ({
  username,
  email: `${username}@example.com`,
  password: "Correct horse 8",
  ...more,
});

test("nobody is a 401, who may not is a 403, and neither comes after what they sent", async () => {
  await using client = await accountsClient();
  const bob = await somebody(client, "bob", { permissions: ["admin:roles", "users:*"] });
  const routes: [string, string, string][] = [
    ["GET", users, "admin:users"],
    ["POST", users, "admin:users"],
    ["GET", `${users}/x`, "admin:users"],
    ["PATCH", `${users}/x`, "admin:users"],
    ["DELETE", `${users}/x`, "admin:users"],
    ["POST", `${users}/x/disable`, "admin:users"],
    ["POST", `${users}/x/enable`, "admin:users"],
    ["POST", `${users}/x/password`, "admin:users"],
    ["PUT", `${users}/x/roles`, "admin:users"],
    ["PUT", `${users}/x/permissions`, "admin:users"],
    ["GET", `${users}/x/sessions`, "admin:users"],
    ["DELETE", `${users}/x/sessions`, "admin:users"],
    ["GET", "/auth/admin/audit", "admin:audit"],
  ];
  for (const [method, path, permission] of routes) {
    expect((await client.request(method, path)).status).toBe(401);
    expect(await told(bob.ask(method, path))).toMatchObject([
      403,
      { detail: `Permission '${permission}' required` },
    ]);
  }
  const eve = await somebody(client, "eve", { permissions: ["admin:users"] });
  for (const path of ["roles", "roles/x", "permissions"]) {
    expect((await client.get(`/auth/admin/${path}`)).status).toBe(401);
    expect((await eve.ask("GET", `/auth/admin/${path}`)).status).toBe(403);
  }
});

test("a wildcard, and a role that has one, open what they cover", async () => {
  await using client = await accountsClient();
  const ann = await somebody(client, "ann", { permissions: ["admin:*"] });
  const bob = await somebody(client, "bob", root);
  const eve = await somebody(client, "eve", { permissions: ["admin:users:*", "admin"] });
  for (const path of ["users", "roles", "permissions", "audit"]) {
    const statuses = [ann, bob, eve].map(async ({ ask }) => {
      return (await ask("GET", `/auth/admin/${path}`)).status;
    });
    expect(await Promise.all(statuses)).toEqual([200, 200, 403]);
  }
});

test("an administrator makes a user, with roles, who signs in", async () => {
  await using client = await accountsClient();
  const { ask } = await somebody(client, "root", root);
  const [status, made] = await told(
    ask(
      "POST",
      users,
      aUser("alice", { full_name: "Alice", tags: ["a"], roles: ["administrator"] }),
    ),
  );
  expect([status, made]).toEqual([
    201,
    {
      id: expect.any(String),
      username: "alice",
      email: "alice@example.com",
      full_name: "Alice",
      active: true,
      tags: ["a"],
      email_verified: false,
      manager_id: null,
      roles: ["administrator"],
      permissions: [],
      created_at: expect.any(String),
      updated_at: expect.any(String),
    },
  ]);
  expect((await login(client, "alice", "Correct horse 8")).status).toBe(200);
  expect(await told(ask("POST", users, aUser("ALICE")))).toMatchObject([
    409,
    { detail: "Username already exists" },
  ]);
  expect((await ask("POST", users, aUser("carol", { password: "short" }))).status).toBe(422);
  const unknown = await told(ask("POST", users, aUser("carol", { roles: ["nope"] })));
  expect(unknown).toMatchObject([422, { detail: 'There is no role "nope"' }]);
  const managed = await told(ask("POST", users, aUser("carol", { manager_id: "nope" })));
  expect(managed).toMatchObject([422, { detail: "manager_id must be the id of another user" }]);
  expect((await ask("POST", users, aUser("carol"))).status).toBe(201);
});

test("users are found by what is in their names, by state and by role, in pages", async () => {
  await using client = await accountsClient();
  const { ask } = await somebody(client, "root", root);
  for (const name of ["alice", "albert"]) await ask("POST", users, aUser(name));
  const { id } = await somebody(client, "bob");
  const [, page] = await told(ask("GET", `${users}?search=AL&per_page=1&page=2`));
  expect(page).toMatchObject({
    users: [{ username: "albert", roles: [] }],
    pagination: { page: 2, per_page: 1, total: 2, pages: 2, has_next: false, has_prev: true },
  });
  const names = async (query: string) =>
    (
      (await told(ask("GET", `${users}?${query}`)))[1] as { users: { username: string }[] }
    ).users.map(({ username }) => username);
  expect(await names("role=administrator")).toEqual(["root"]);
  expect((await ask("POST", `${users}/${id}/disable`)).status).toBe(200);
  expect(await names("active=false")).toEqual(["bob"]);
  expect(await names("active=true&search=b")).toEqual(["albert"]);
  expect(await names("page=9007199254740991")).toEqual([]);
  expect((await ask("GET", `${users}?page=0`)).status).toBe(422);
});

test("a user is changed in part; a new email is unverified; nobody reports to themselves", async () => {
  await using client = await accountsClient();
  const { ask } = await somebody(client, "root", root);
  const { id } = await somebody(client, "bob");
  const change = (json: object) => told(ask("PATCH", `${users}/${id}`, json));
  expect(await change({ email_verified: true })).toMatchObject([200, { email_verified: true }]);
  expect(await change({ email: "b@example.com", tags: ["x"] })).toMatchObject([
    200,
    { email: "b@example.com", email_verified: false, tags: ["x"], username: "bob" },
  ]);
  expect((await change({ email: "root@example.com" }))[0]).toBe(409);
  expect((await change({ manager_id: id }))[0]).toBe(422);
  // What is not among its fields has no effect.
  const more = { id: "1", roles: ["administrator"], active: false, password: "Other horse 9" };
  expect(await change(more)).toMatchObject([200, { id, roles: [], active: true }]);
  expect((await told(ask("PATCH", `${users}/nobody`, {})))[0]).toBe(404);
});

test("whoever gets another email from an administrator is told at the old one", async () => {
  await using client = await accountsClient();
  const { ask } = await somebody(client, "root", root);
  const { id } = await somebody(client, "bob");
  await ask("PATCH", `/auth/admin/users/${id}`, { full_name: "Bob" });
  expect(await letters(client)).toEqual([]);
  await ask("PATCH", `/auth/admin/users/${id}`, { email: "bobby@example.com" });
  expect(await letters(client)).toEqual([
    expect.stringMatching(/To: bob@example.com[^]*Your email was changed/),
  ]);
});

test("a disabled user is out at once, and in again when enabled", async () => {
  await using client = await accountsClient();
  const { ask } = await somebody(client, "root", root);
  const bob = await somebody(client, "bob");
  const me = async () => (await client.get("/auth/me", bearer(bob.token))).status;
  expect(await me()).toBe(200);
  expect(await told(ask("POST", `${users}/${bob.id}/disable`))).toMatchObject([
    200,
    { active: false },
  ]);
  expect(await me()).toBe(401);
  expect((await login(client, "bob")).status).toBe(401);
  expect((await told(ask("POST", `${users}/${bob.id}/enable`)))[1]).toMatchObject({ active: true });
  expect((await login(client, "bob")).status).toBe(200);
  // The sessions of before have ended.
  expect(await me()).toBe(401);
});

test("an administrator sets a password, sees sessions and ends them, but not with their own password", async () => {
  await using client = await accountsClient();
  const admin = await somebody(client, "root", root);
  const bob = await somebody(client, "bob");
  const at = `${users}/${bob.id}`;
  const [, sessions] = await told(admin.ask("GET", `${at}/sessions`));
  expect(sessions).toMatchObject([{ kind: "token", user_agent: null }]);
  expect(JSON.stringify(sessions)).not.toContain("hash");
  expect((await admin.ask("DELETE", `${at}/sessions`)).status).toBe(204);
  expect((await client.get("/auth/me", bearer(bob.token))).status).toBe(401);
  const poor = await admin.ask("POST", `${at}/password`, { password: "bob" });
  expect(poor.status).toBe(422);
  const set = await admin.ask("POST", `${at}/password`, { password: "Other horse 9" });
  expect(set.status).toBe(204);
  expect((await login(client, "bob")).status).toBe(401);
  expect((await login(client, "bob", "Other horse 9")).status).toBe(200);
  const own = admin.ask("POST", `${users}/${admin.id}/password`, { password: "Other horse 9" });
  expect(await told(own)).toMatchObject([
    403,
    { detail: "One's own password is changed with the old one" },
  ]);
  const rows = JSON.stringify(await audited(client));
  expect(rows).not.toContain("Other horse 9");
});

test("a deleted user is gone, with sessions and roles", async () => {
  await using client = await accountsClient();
  const { ask } = await somebody(client, "root", root);
  const bob = await somebody(client, "bob", { permissions: ["notes:read"] });
  expect((await ask("DELETE", `${users}/${bob.id}`)).status).toBe(204);
  expect((await ask("DELETE", `${users}/${bob.id}`)).status).toBe(404);
  expect((await client.get("/auth/me", bearer(bob.token))).status).toBe(401);
  for (const path of ["", "/sessions"])
    expect((await ask("GET", `${users}/${bob.id}${path}`)).status).toBe(404);
});
