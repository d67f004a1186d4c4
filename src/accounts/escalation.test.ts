import type { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import { accountsClient } from "../../test/accounts-client.ts";
import { asking, somebody, type Somebody, told } from "../../test/admin-client.ts";
import { inject } from "../services.ts";
import { ApiKeys } from "./api-keys.ts";
import { Roles } from "./roles.ts";

const users = "/auth/admin/users";
const escalation = { status: 403, error_code: "ESCALATION" };
const last = { status: 409, error_code: "LAST_ADMINISTRATOR" };

/** One who looks after users, one who looks after roles, and the administrator. */
async function cast(client: TestClient) {
  const roles = client.app.run(() => inject(Roles));
  await roles.create("editor", { permissions: ["notes:*"] });
  await roles.create("doorkeeper");
  return {
    root: await somebody(client, "root", { roles: ["administrator"] }),
    ann: await somebody(client, "ann", { permissions: ["admin:users", "notes:read"] }),
    ray: await somebody(client, "ray", { permissions: ["admin:roles", "notes:read"] }),
    bob: await somebody(client, "bob"),
  };
}

const body = async (answer: ReturnType<Somebody["ask"]>) => (await told(answer))[1];

test("nobody gives roles that they have not themselves, to nobody", async () => {
  await using client = await accountsClient();
  const { ann, bob, root } = await cast(client);
  for (const { id } of [ann, bob]) {
    for (const role of ["administrator", "editor", "doorkeeper"]) {
      const answer = ann.ask("PUT", `${users}/${id}/roles`, { roles: [role] });
      expect(await body(answer)).toMatchObject(escalation);
    }
  }
  const made = ann.ask("POST", users, {
    username: "eve",
    email: "eve@example.com",
    password: "Correct horse 8",
    roles: ["administrator"],
  });
  expect(await body(made)).toMatchObject(escalation);
  expect((await told(root.ask("GET", `${users}?search=eve`)))[1]).toMatchObject({ users: [] });
  // Who has a role may give it, and what somebody has already is no gift.
  await root.ask("PUT", `${users}/${ann.id}/roles`, { roles: ["doorkeeper"] });
  await root.ask("PUT", `${users}/${ann.id}/permissions`, {
    permissions: ["admin:users", "notes:read"],
  });
  const given = ann.ask("PUT", `${users}/${bob.id}/roles`, { roles: ["doorkeeper"] });
  expect(await body(given)).toMatchObject({ roles: ["doorkeeper"] });
});

test("nobody grants permissions that they have not themselves, nor wider ones", async () => {
  await using client = await accountsClient();
  const { ann, bob } = await cast(client);
  const grant = (id: string, ...permissions: string[]) =>
    told(ann.ask("PUT", `${users}/${id}/permissions`, { permissions }));
  for (const wanted of ["*", "notes:*", "notes:write", "admin:*", "admin:roles", "notes"]) {
    expect(await grant(bob.id, wanted)).toMatchObject([403, escalation]);
    expect(await grant(ann.id, "admin:users", wanted)).toMatchObject([403, escalation]);
  }
  expect(await grant(bob.id, "notes:read")).toMatchObject([200, { permissions: ["notes:read"] }]);
  for (const broken of ["", "a b", "notes:**", "*:read", "notes*", "x".repeat(101)])
    expect((await grant(bob.id, broken))[0]).toBe(422);
});

test("nobody changes somebody who may do more than they may", async () => {
  await using client = await accountsClient();
  const { ann, ray, root, bob } = await cast(client);
  await root.ask("PUT", `${users}/${bob.id}/roles`, { roles: ["doorkeeper"] });
  for (const { id } of [root, ray, bob]) {
    const attempts: [string, string, object?][] = [
      ["PATCH", "", { email: "ann2@example.com" }],
      ["DELETE", ""],
      ["POST", "/disable"],
      ["POST", "/enable"],
      ["POST", "/password", { password: "Correct horse 9" }],
      ["PUT", "/roles", { roles: [] }],
      ["PUT", "/permissions", { permissions: [] }],
      ["DELETE", "/sessions"],
    ];
    for (const [method, path, json] of attempts)
      expect(await body(ann.ask(method, `${users}/${id}${path}`, json))).toMatchObject(escalation);
  }
  expect((await root.ask("GET", "/auth/me")).status).toBe(200);
});

test("roles are made and changed only within what one may, and never the built-in one", async () => {
  await using client = await accountsClient();
  const { ray, root } = await cast(client);
  const roles = "/auth/admin/roles";
  const make = (name: string, permissions: string[]) =>
    told(ray.ask("POST", roles, { name, permissions }));
  expect(await make("reader", ["notes:read"])).toMatchObject([201, { name: "reader" }]);
  expect(await make("writer", ["notes:write"])).toMatchObject([403, escalation]);
  expect(await make("all", ["*"])).toMatchObject([403, escalation]);
  const change = (name: string, permissions: string[]) =>
    told(ray.ask("PATCH", `${roles}/${name}`, { permissions }));
  expect(await change("reader", ["notes:*"])).toMatchObject([403, escalation]);
  expect(await change("editor", ["notes:read"])).toMatchObject([403, escalation]);
  expect(await change("administrator", [])).toMatchObject([403, escalation]);
  expect(await told(ray.ask("DELETE", `${roles}/editor`))).toMatchObject([403, escalation]);
  const builtIn = { status: 409, error_code: "ROLE_BUILT_IN" };
  expect(await body(root.ask("DELETE", `${roles}/administrator`))).toMatchObject(builtIn);
  for (const permissions of [[], ["admin:*"]]) {
    const stripped = root.ask("PATCH", `${roles}/administrator`, { permissions });
    expect(await body(stripped)).toMatchObject(builtIn);
  }
  const titled = root.ask("PATCH", `${roles}/administrator`, { title: "Boss" });
  expect(await body(titled)).toMatchObject({ title: "Boss", permissions: ["*"] });
});

test("the last administrator cannot be demoted, disabled or deleted, not even by themselves", async () => {
  await using client = await accountsClient();
  const { root, bob } = await cast(client);
  const at = `${users}/${root.id}`;
  const attempts = () =>
    Promise.all([
      body(root.ask("PUT", `${at}/roles`, { roles: ["editor"] })),
      body(root.ask("POST", `${at}/disable`)),
      body(root.ask("DELETE", at)),
    ]);
  for (const answer of await attempts()) expect(answer).toMatchObject(last);
  // A disabled administrator is none.
  await root.ask("PUT", `${users}/${bob.id}/roles`, { roles: ["administrator"] });
  await root.ask("POST", `${users}/${bob.id}/disable`);
  for (const answer of await attempts()) expect(answer).toMatchObject(last);
  expect((await root.ask("GET", "/auth/admin/roles")).status).toBe(200);
  await root.ask("POST", `${users}/${bob.id}/enable`);
  const demoted = root.ask("PUT", `${at}/roles`, { roles: [] });
  expect(await told(demoted)).toMatchObject([200, { roles: [] }]);
  expect((await root.ask("GET", "/auth/admin/roles")).status).toBe(403);
});

test("of two administrators who depose each other at once one stays", async () => {
  await using client = await accountsClient();
  const { root, bob } = await cast(client);
  await root.ask("PUT", `${users}/${bob.id}/roles`, { roles: ["administrator"] });
  const answers = await Promise.all([
    root.ask("POST", `${users}/${bob.id}/disable`),
    bob.ask("POST", `${users}/${root.id}/disable`),
  ]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test("an API key never makes its owner more, nor takes the owner's account over", async () => {
  await using client = await accountsClient();
  const { root, bob } = await cast(client);
  const { key } = await client.app.run(() =>
    inject(ApiKeys).create(root.id, { name: "ci", permissions: ["admin:users"] }),
  );
  const ask = asking(client, key);
  expect((await ask("GET", users)).status).toBe(200);
  expect((await ask("GET", "/auth/admin/roles")).status).toBe(403);
  const promoted = ask("PUT", `${users}/${bob.id}/roles`, { roles: ["administrator"] });
  expect(await body(promoted)).toMatchObject(escalation);
  const password = { password: "Correct horse 9" };
  expect(await body(ask("POST", `${users}/${root.id}/password`, password))).toMatchObject(
    escalation,
  );
  const whole = await client.app.run(() => inject(ApiKeys).create(root.id, { name: "all" }));
  const own = asking(client, whole.key)("POST", `${users}/${root.id}/password`, password);
  expect(await told(own)).toMatchObject([403, {}]);
  for (const [method, path, json] of [
    ["PATCH", "", { email: "thief@example.com" }],
    ["PUT", "/permissions", { permissions: ["*"] }],
    ["DELETE", "/sessions", undefined],
    ["DELETE", "", undefined],
  ] as const) {
    const answer = asking(client, whole.key)(method, `${users}/${root.id}${path}`, json);
    expect(await body(answer)).toMatchObject(escalation);
  }
});
