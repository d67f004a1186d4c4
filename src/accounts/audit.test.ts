import { expect, test } from "vitest";
import { accountsClient } from "../../test/accounts-client.ts";
import { audited, somebody, told } from "../../test/admin-client.ts";
import { inject } from "../services.ts";
import { AuditService } from "./audit.ts";

const admin = "/auth/admin";
const log = `${admin}/audit`;
const root = { roles: ["administrator"] };

test("every change says who, what, when, from where and how it went", async () => {
  await using client = await accountsClient();
  const { id, ask } = await somebody(client, "root", root);
  const bob = await somebody(client, "bob");
  const at = `${admin}/users/${bob.id}`;
  const [, made] = await told(
    ask("POST", `${admin}/users`, {
      username: "alice",
      email: "alice@example.com",
      password: "Correct horse 8",
    }),
  );
  const alice = `user:${(made as { id: string }).id}`;
  await ask("PATCH", at, { full_name: "Bob" });
  await ask("POST", `${at}/disable`);
  await ask("POST", `${at}/enable`);
  await ask("POST", `${at}/password`, { password: "Other horse 9" });
  await ask("PUT", `${at}/roles`, { roles: ["administrator"] });
  await ask("PUT", `${at}/roles`, { roles: ["nope"] });
  await ask("PUT", `${at}/permissions`, { permissions: ["a:b"] });
  await ask("DELETE", `${at}/sessions`);
  await ask("DELETE", at);
  await ask("DELETE", at);
  await ask("POST", `${admin}/roles`, { name: "editor", permissions: ["notes:*"] });
  await ask("PATCH", `${admin}/roles/editor`, { title: "Editor" });
  await ask("DELETE", `${admin}/roles/editor`);
  await ask("DELETE", `${admin}/roles/administrator`);
  await ask("POST", `${admin}/permissions`, { name: "notes:read" });
  await ask("DELETE", `${admin}/permissions/notes:read`);
  const [, key] = await told(ask("POST", "/auth/keys", { name: "ci" }));
  const ci = `key:${(key as { id: string }).id}`;
  await ask("DELETE", `/auth/keys/${(key as { id: string }).id}`);

  const rows = await audited(client);
  const him = `user:${bob.id}`;
  expect(rows.map(({ action, target, result }) => [action, target, result])).toEqual([
    ["user.created", alice, "success"],
    ["user.updated", him, "success"],
    ["user.disabled", him, "success"],
    ["user.enabled", him, "success"],
    ["user.password_set", him, "success"],
    ["user.roles_set", him, "success"],
    ["user.roles_set", him, "failure"],
    ["user.permissions_set", him, "success"],
    ["user.sessions_ended", him, "success"],
    ["user.deleted", him, "success"],
    ["user.deleted", him, "failure"],
    ["role.created", "role:editor", "success"],
    ["role.updated", "role:editor", "success"],
    ["role.deleted", "role:editor", "success"],
    ["role.deleted", "role:administrator", "failure"],
    ["permission.created", "permission:notes:read", "success"],
    ["permission.deleted", "permission:notes:read", "success"],
    ["key.created", ci, "success"],
    ["key.revoked", ci, "success"],
  ]);
  for (const row of rows) {
    expect(row).toMatchObject({
      actor_id: id,
      actor: "root",
      address: "127.0.0.1",
      request_id: expect.stringMatching(/./),
      at: expect.any(Date),
    });
  }
  expect(rows[6]!["details"]).toEqual({ roles: ["nope"], error: 'There is no role "nope"' });
  expect(rows[9]!["details"]).toEqual({ username: "bob" });
  expect(JSON.stringify(rows)).not.toMatch(/horse|argon2|nx_/);
});

test("the log is read the newest first, filtered and in pages", async () => {
  await using client = await accountsClient();
  const { id, ask } = await somebody(client, "root", root);
  const audit = client.app.run(() => inject(AuditService));
  await client.app.run(async () => {
    await audit.log({ action: "user", target: "user:1" });
    await audit.log({ action: "user.disabled", target: "user:1", actor: { username: "eve" } });
    await audit.log({ action: "user.on.fire", result: "failure", actor: { id, username: "root" } });
    await audit.log({ action: "username.changed" });
  });
  const found = async (query: string) => {
    const [, body] = await told(ask("GET", `${log}?${query}`));
    return (body as { entries: { action: string }[] }).entries.map(({ action }) => action);
  };
  const all = ["username.changed", "user.on.fire", "user.disabled", "user"];
  expect(await found("")).toEqual(all);
  expect(await found("action=user")).toEqual(all.slice(1));
  expect(await found("action=user.on")).toEqual(["user.on.fire"]);
  expect(await found("action=user%25")).toEqual([]);
  expect(await found("target=user:1")).toEqual(["user.disabled", "user"]);
  expect(await found("actor=eve")).toEqual(["user.disabled"]);
  expect(await found(`actor=${id}`)).toEqual(["user.on.fire"]);
  expect(await found("result=failure")).toEqual(["user.on.fire"]);
  expect(await found("since=2020-01-01T00:00:00Z&until=2021-01-01T00:00:00Z")).toEqual([]);
  expect(await found("since=2020-01-01T00:00:00Z")).toEqual(all);
  const [, page] = await told(ask("GET", `${log}?per_page=3&page=2`));
  expect(page).toMatchObject({
    entries: [{ action: "user", actor: null, address: null, request_id: null, details: null }],
    pagination: { page: 2, per_page: 3, total: 4, pages: 2, has_next: false, has_prev: true },
  });
  for (const query of ["result=maybe", "since=yesterday", "per_page=101"])
    expect((await ask("GET", `${log}?${query}`)).status).toBe(422);
});

test("what is called a secret is not kept, however deep, and long texts are cut", async () => {
  await using client = await accountsClient();
  const audit = client.app.run(() => inject(AuditService));
  const details = {
    new_password: "p",
    inner: [
      { apiKey: "k", "set-cookie": "c", refresh_token: "t", password_hash: "h", kept: "yes" },
    ],
    long: "x".repeat(600),
    when: new Date(0),
  };
  await client.app.run(() => audit.log({ action: "test", details }));
  const [row] = await audited(client);
  const hidden = "[secret]";
  expect(row!["details"]).toEqual({
    new_password: hidden,
    inner: [
      {
        apiKey: hidden,
        "set-cookie": hidden,
        refresh_token: hidden,
        password_hash: hidden,
        kept: "yes",
      },
    ],
    long: `${"x".repeat(500)}…`,
    when: "1970-01-01T00:00:00.000Z",
  });
});

test("what fails inside is logged without its reason", async () => {
  await using client = await accountsClient();
  const audit = client.app.run(() => inject(AuditService));
  const broken = client.app.run(() =>
    audit.record({ action: "test" }, () => Promise.reject(new Error("at /secret/path"))),
  );
  await expect(broken).rejects.toThrow("at /secret/path");
  expect(await audited(client)).toMatchObject([
    { action: "test", result: "failure", details: { error: "Internal Server Error" } },
  ]);
});
