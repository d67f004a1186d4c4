import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, Plugin } from "nexus-platform";
import { Accounts, Passwords } from "nexus-platform/accounts";
import { Database, sql } from "nexus-platform/database";
import { createLog } from "nexus-platform/log";
import { pluginNamed, TestClient, type TestOptions } from "nexus-platform/testing";
import { expect, onTestFinished, test } from "vitest";
import MyPlugin from "./index.ts";
import { migrations } from "./migrations.ts";
import { User, UserPage } from "./schemas.ts";
import { signIn, withRoot } from "./test-user.ts";

type Row = Record<string, unknown>;

/** The plugin of the time when it kept its users itself. */
class Before extends Plugin {
  static migrations = migrations;
}

const ids = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`);

/** A database of that time with such users. */
async function oldDatabase(users: (hash: string) => Row[]): Promise<TestOptions> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-former-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const settings = { databaseUrl: `sqlite:${join(folder, "nexus.db")}` };
  const password_hash = await new Passwords().hash("Correct-Horse-1");
  const plugin = pluginNamed(Before, { name: "my-plugin" });
  await using client = await TestClient.of(plugin, { settings });
  await tableOf(client).insert(users(password_hash));
  return { ...withRoot, settings };
}

function tableOf(client: TestClient) {
  const db = client.app.run(() => inject(Database<{ my_plugin_users: Row }>));
  return {
    insert: (rows: Row[]) => db.insertInto("my_plugin_users").values(rows).execute(),
    all: () => db.selectFrom("my_plugin_users").selectAll().orderBy("username").execute(),
  };
}

function former(id: string | undefined, username: string, more: Row): Row {
  const email = `${username}@example.com`;
  return {
    user_id: id,
    username,
    username_key: username.toLowerCase(),
    email,
    email_key: email.toLowerCase(),
    full_name: null,
    full_name_key: null,
    active: true,
    tags: [],
    created_at: new Date("2024-02-03T04:05:06.007Z"),
    updated_at: new Date("2024-03-04T05:06:07.008Z"),
    ...more,
  };
}

test("users of an older version move to the platform as they are, and can log in", async () => {
  const options = await oldDatabase((password_hash) => [
    former(ids[0], "Alice", {
      password_hash,
      full_name: "Alice Ä.",
      full_name_key: "alice ä.",
      tags: ["a", "b"],
    }),
    former(ids[1], "bob", { password_hash, active: false }),
  ]);
  await using client = await TestClient.of(MyPlugin, options);
  const alice = await client.get(`/my-plugin/users/${ids[0]}`);
  expect(await alice.json(User)).toEqual({
    user_id: ids[0],
    username: "Alice",
    email: "Alice@example.com",
    full_name: "Alice Ä.",
    active: true,
    tags: ["a", "b"],
    created_at: new Date("2024-02-03T04:05:06.007Z"),
    updated_at: new Date("2024-03-04T05:06:07.008Z"),
  });
  await signIn(client, "alice");
  await expect(signIn(client, "bob")).rejects.toThrow("401");
  const query = { search: "ALICE ä" };
  const page = await client.get("/my-plugin/users", { query });
  expect((await page.json(UserPage)).users).toHaveLength(1);
  expect(await tableOf(client).all()).toEqual([]);
});

test("they move once: who is deleted afterwards does not come back", async () => {
  const options = await oldDatabase((password_hash) => [
    former(ids[0], "alice", { password_hash }),
  ]);
  {
    await using client = await TestClient.of(MyPlugin, options);
    await client.put(`/my-plugin/users/${ids[0]}`, { json: { full_name: "Alice" } });
  }
  {
    await using client = await TestClient.of(MyPlugin, options);
    const alice = await client.get(`/my-plugin/users/${ids[0]}`);
    expect(await alice.json()).toMatchObject({ full_name: "Alice" });
    await client.delete(`/my-plugin/users/${ids[0]}`);
  }
  await using client = await TestClient.of(MyPlugin, options);
  expect((await client.get(`/my-plugin/users/${ids[0]}`)).status).toBe(404);
});

test("whose name or email is taken stays behind, is named in the log, and touches nobody", async () => {
  const options = await oldDatabase((password_hash) => [
    former(ids[0], "ROOT", { password_hash }),
    former(ids[1], "second", { password_hash, email: "R@x.y", email_key: "r@x.y" }),
    former(ids[2], "third", { password_hash }),
  ]);
  const fields = { username: "rose", email: "r@X.y", password: "Correct-Horse-2" };
  {
    await using client = await TestClient.of([], options);
    await client.app.run(() => inject(Accounts).create(fields));
  }
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  await using client = await TestClient.of(MyPlugin, { ...options, log });
  const warnings = lines.map((line) => JSON.parse(line) as Row).filter(({ level }) => level === 40);
  expect(warnings).toMatchObject([
    { user_id: ids[0], msg: "A user stays in my_plugin_users: Username already exists" },
    { user_id: ids[1], msg: "A user stays in my_plugin_users: Email already exists" },
  ]);
  expect(lines.join()).toContain("1 users of my_plugin_users are the platform's now");
  expect(lines.filter((line) => /argon2/.test(line))).toEqual([]);
  expect((await tableOf(client).all()).map(({ username }) => username)).toEqual(["ROOT", "second"]);
  await signIn(client, "third");
  // The administrator of the settings is the one who was made, not the one who came from there.
  const root = await client.app.run(() => inject(Accounts).find("root"));
  expect(root!.id).not.toBe(ids[0]);
});

test("who stays behind moves when the name has become free", async () => {
  const options = await oldDatabase((password_hash) => [former(ids[0], "Root", { password_hash })]);
  const { env: _, ...withoutRoot } = options;
  {
    await using client = await TestClient.of(MyPlugin, options);
    const { id } = (await client.app.run(() => inject(Accounts).find("root")))!;
    await client.app.run(() => inject(Accounts).delete(id));
  }
  await using client = await TestClient.of(MyPlugin, withoutRoot);
  expect((await client.get(`/my-plugin/users/${ids[0]}`)).status).toBe(200);
});

test("all move, or none", async () => {
  const options = await oldDatabase((password_hash) => [
    former(ids[0], "alice", { password_hash }),
    former(ids[1], "bob", { password_hash }),
  ]);
  const query = async (text: string) => {
    await using client = await TestClient.of([], options);
    const db = client.app.run(() => inject(Database<Record<string, Row>>));
    return (await sql.raw<Row>(text).execute(db)).rows;
  };
  await query(
    `create trigger no_bob before insert on nexus_users when new.username = 'bob'
     begin select raise(abort, 'no bob'); end`,
  );
  await expect(TestClient.of(MyPlugin, options)).rejects.toThrow("no bob");
  expect(await query("select username from my_plugin_users")).toHaveLength(2);
  expect(await query("select username from nexus_users")).toEqual([{ username: "root" }]);
  await query("drop trigger no_bob");
  await using client = await TestClient.of(MyPlugin, options);
  await signIn(client, "alice");
  await signIn(client, "bob");
});
