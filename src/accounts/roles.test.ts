import { Plugin } from "nexus-platform";
import { openDatabase } from "nexus-platform/database";
import { pluginNamed } from "nexus-platform/testing";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { accountsClient } from "../../test/accounts-client.ts";
import { somebody, told } from "../../test/admin-client.ts";
import { createApp } from "../app/index.ts";
import { silent } from "../log.ts";
import { inject } from "../services.ts";
import { Roles } from "./roles.ts";
import type { Tables } from "./tables.ts";

const root = { roles: ["administrator"] };
afterEach(() => void vi.useRealTimers());

class Notes extends Plugin {
  static override permissions = { "notes:read": "Read notes", "notes:write": "Change notes" };
  static override roles = { reader: ["notes:read"], note_editor: ["notes:*"] };
}

test("roles are made, found, changed and deleted", async () => {
  await using client = await accountsClient();
  const { ask } = await somebody(client, "root", root);
  const roles = "/auth/admin/roles";
  const fields = { title: "Editor", description: "Writes", permissions: ["b:*", "a:read", "b:*"] };
  const editor = { name: "editor", ...fields, plugin: null, permissions: ["a:read", "b:*"] };
  expect(await told(ask("POST", roles, { name: "editor", ...fields }))).toEqual([201, editor]);
  expect(await told(ask("POST", roles, { name: "editor" }))).toMatchObject([
    409,
    { detail: "Role already exists", error_code: "ROLE_EXISTS" },
  ]);
  // Nor one that is only spelled otherwise.
  for (const name of ["Editor", "ADMINISTRATOR"])
    expect(await told(ask("POST", roles, { name }))).toMatchObject([
      409,
      { error_code: "ROLE_EXISTS" },
    ]);
  expect(await told(ask("GET", `${roles}/editor`))).toEqual([200, editor]);
  const changed = { ...editor, title: "Chief", permissions: ["a:read"] };
  const patch = { title: "Chief", permissions: ["a:read"] };
  expect(await told(ask("PATCH", `${roles}/editor`, patch))).toEqual([200, changed]);
  expect(await told(ask("PATCH", `${roles}/editor`, {}))).toEqual([200, changed]);
  expect(await told(ask("GET", `${roles}?search=CHIEF`))).toMatchObject([
    200,
    { roles: [changed], pagination: { total: 1 } },
  ]);
  expect(await told(ask("GET", roles))).toMatchObject([
    200,
    { roles: [{ name: "administrator", permissions: ["*"] }, changed] },
  ]);
  expect((await ask("DELETE", `${roles}/editor`)).status).toBe(204);
  for (const method of ["GET", "PATCH", "DELETE"])
    expect((await ask(method, `${roles}/editor`, method === "PATCH" ? {} : undefined)).status).toBe(
      404,
    );
  for (const name of ["", "a b", "1st", "x".repeat(51), "a/b", "é"])
    expect((await ask("POST", roles, { name })).status).toBe(422);
});

test("a role's change is felt by whoever has it at once", async () => {
  await using client = await accountsClient();
  const { ask } = await somebody(client, "root", root);
  await ask("POST", "/auth/admin/roles", { name: "auditor", permissions: ["admin:audit"] });
  const bob = await somebody(client, "bob", { roles: ["auditor"] });
  const reads = async () => (await bob.ask("GET", "/auth/admin/audit")).status;
  expect(await reads()).toBe(200);
  await ask("PATCH", "/auth/admin/roles/auditor", { permissions: [] });
  expect(await reads()).toBe(403);
  await ask("PATCH", "/auth/admin/roles/auditor", { permissions: ["admin:*"] });
  expect(await reads()).toBe(200);
  await ask("DELETE", "/auth/admin/roles/auditor");
  expect(await reads()).toBe(403);
});

test("a change that another process makes is felt within two seconds", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "nexus-roles-"));
  const settings = { dataDir, databaseUrl: `sqlite:${join(dataDir, "nexus.db")}` };
  const options = { accounts: true, env: {}, log: silent, settings };
  try {
    await using here = await createApp(options);
    await using there = await createApp(options);
    const db = await openDatabase<Tables>({ url: settings.databaseUrl });
    const now = new Date();
    await db
      .insertInto("nexus_users")
      .values({
        id: "1",
        username: "a",
        username_key: "a",
        email: "a",
        email_key: "a",
        full_name: null,
        full_name_key: null,
        password_hash: "",
        active: true,
        tags: [],
        email_verified: true,
        manager_id: null,
        created_at: now,
        updated_at: now,
      })
      .execute();
    await db.destroy();
    vi.useFakeTimers({ toFake: ["Date"] });
    const [one, other] = [here, there].map((app) => app.run(() => inject(Roles))) as [Roles, Roles];
    expect(await one.grantsOf("1")).toEqual({ permissions: [], roles: [] });
    await other.grantRole("1", "administrator");
    expect(await other.grantsOf("1")).toEqual({ permissions: ["*"], roles: ["administrator"] });
    expect((await one.grantsOf("1")).roles).toEqual([]);
    vi.setSystemTime(Date.now() + 2000);
    expect((await one.grantsOf("1")).roles).toEqual(["administrator"]);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});

test("plugins bring permissions and roles, by their class and by their manifest", async () => {
  const Mail = class extends Plugin {};
  const mail = pluginNamed(Mail, { name: "mail", permissions: { "mail:send": "Send letters" } });
  await using client = await accountsClient({}, [Notes, mail]);
  const { ask } = await somebody(client, "root", root);
  const at = "/auth/admin/permissions";
  expect((await told(ask("GET", `${at}?plugin=notes`)))[1]).toMatchObject({
    permissions: [
      { name: "notes:read", description: "Read notes", plugin: "notes" },
      { name: "notes:write", description: "Change notes", plugin: "notes" },
    ],
  });
  expect((await told(ask("GET", `${at}?search=LETTERS`)))[1]).toMatchObject({
    permissions: [{ name: "mail:send", plugin: "mail" }],
  });
  expect((await told(ask("GET", `${at}?plugin=accounts`)))[1]).toMatchObject({
    permissions: [{ name: "admin:audit" }, { name: "admin:roles" }, { name: "admin:users" }],
  });
  expect((await told(ask("GET", "/auth/admin/roles/note_editor")))[1]).toEqual({
    name: "note_editor",
    title: "Note editor",
    description: "",
    plugin: "notes",
    permissions: ["notes:*"],
  });
  const back = { status: 409, error_code: "ROLE_OF_PLUGIN" };
  expect((await told(ask("DELETE", "/auth/admin/roles/reader")))[1]).toMatchObject(back);
  const brought = { status: 409, error_code: "PERMISSION_OF_PLUGIN" };
  expect((await told(ask("DELETE", `${at}/notes:read`)))[1]).toMatchObject(brought);
});

test("an administrator's own permissions are described, and forgotten", async () => {
  await using client = await accountsClient();
  const { ask } = await somebody(client, "root", root);
  const at = "/auth/admin/permissions";
  const own = { name: "doors:open", description: "Open doors" };
  expect(await told(ask("POST", at, own))).toEqual([201, { ...own, plugin: null }]);
  expect((await ask("POST", at, own)).status).toBe(409);
  for (const name of ["doors:*", "*", "a b", ""])
    expect((await ask("POST", at, { name })).status).toBe(422);
  expect((await ask("DELETE", `${at}/doors:open`)).status).toBe(204);
  expect((await ask("DELETE", `${at}/doors:open`)).status).toBe(404);
});

test("what administrators have changed stays when a plugin comes again, and what is new is added", async () => {
  await using client = await accountsClient({}, [Notes]);
  await client.app.run(async () => {
    const roles = inject(Roles);
    await roles.update("reader", { title: "My readers", permissions: ["files:read"] });
    await roles.create("porter", { permissions: ["doors:open"] });
    const { refused } = await roles.declare(
      "notes",
      { "notes:read": "Look at notes", "notes:print": "Print notes" },
      { reader: ["notes:read", "notes:print"], porter: ["*"], administrator: ["x:y"] },
    );
    expect(refused).toEqual([
      'role "porter" is there already, and was made by an administrator',
      'role "administrator" is there already, and was made by the plugin "accounts"',
    ]);
    expect(await roles.get("reader")).toMatchObject({
      title: "My readers",
      permissions: ["files:read", "notes:print"],
    });
    expect((await roles.get("porter"))!.permissions).toEqual(["doors:open"]);
    const { permissions } = await roles.permissions.list({ page: 1, per_page: 9, plugin: "notes" });
    expect(permissions.map(({ name, description }) => `${name} ${description}`)).toEqual([
      "notes:print Print notes",
      "notes:read Look at notes",
    ]);
    const broken = await roles.declare(
      "other",
      { "a b": "", "notes:read": "Stolen" },
      { "a b": [], odd: ["a b"] },
    );
    expect(broken.refused).toEqual([
      '"a b" cannot name a permission',
      '"a b" cannot name a role',
      'role "odd": "a b" is no permission',
    ]);
    const known = await roles.permissions.list({ page: 1, per_page: 9, search: "notes:read" });
    expect(known.permissions).toMatchObject([{ description: "Look at notes", plugin: "notes" }]);
  });
});

test("what a plugin brings is known while it runs, and who was given it keeps it", async () => {
  await using client = await accountsClient({}, [Notes]);
  const { app } = client;
  const known = () =>
    app.run(async () => {
      const roles = inject(Roles);
      const page = { page: 1, per_page: 9, plugin: "notes" };
      const { permissions } = await roles.permissions.list(page);
      return [permissions.map(({ name }) => name), (await roles.get("reader"))?.permissions];
    });
  const before = await known();
  expect(before[0]).toEqual(["notes:read", "notes:write"]);
  await app.plugins.disable("notes");
  expect(await known()).toEqual([[], before[1]]);
  await app.plugins.enable("notes");
  expect(await known()).toEqual(before);
});
