import { expect, test, vi } from "vitest";
import {
  accountsClient,
  bearer,
  login,
  register,
  signedIn,
  type Tokens,
} from "../../test/accounts-client.ts";
import { authenticatorKey, currentUser, optionalUser } from "../auth/index.ts";
import { Database, transaction } from "../database/index.ts";
import { get, post } from "../http/index.ts";
import { Plugin } from "../plugin/index.ts";
import { inject } from "../services.ts";
import { TestClient } from "../testing/index.ts";
import { Accounts, Sessions } from "./index.ts";
import type { Tables } from "./tables.ts";

class Notes extends Plugin {
  readonly #accounts = inject(Accounts);
  mine = get("/mine", { use: { me: currentUser } }, ({ me }) => me.username);
  hello = get(
    "/hello",
    { use: { user: optionalUser } },
    ({ user }) => user?.username ?? "stranger",
  );
  notes = get("/notes", { permission: "notes:read" }, () => []);
  team = post("/team", { use: { trx: transaction } }, async () => {
    for (const username of ["carol", "carol"]) {
      const fields = { username, email: `${username}@example.com`, password: "Correct horse 7" };
      await this.#accounts.create(fields);
    }
  });
}

test("an app has accounts only where it asks for them, and they go when it ends", async () => {
  await using without = await TestClient.of([]);
  expect((await without.get("/auth/me")).status).toBe(404);
  const client = await accountsClient();
  expect((await client.get("/auth/me")).status).toBe(401);
  const { scope } = client.app;
  expect(scope.find(authenticatorKey)).toBeDefined();
  await client[Symbol.asyncDispose]();
  expect(scope.find(authenticatorKey)).toBeUndefined();
});

test("routes of other plugins know who asks, and who may", async () => {
  await using client = await accountsClient({}, Notes);
  const { access_token } = await signedIn(client, "alice");
  expect(await (await client.get("/mine", bearer(access_token))).json()).toBe("alice");
  expect((await client.get("/mine")).status).toBe(401);
  expect((await client.get("/mine", bearer("x"))).status).toBe(401);
  expect(await (await client.get("/hello")).json()).toBe("stranger");
  expect(await (await client.get("/hello", bearer("x"))).json()).toBe("stranger");
  expect(await (await client.get("/hello", bearer(access_token))).json()).toBe("alice");
  const denied = await client.get("/notes", bearer(access_token));
  expect([denied.status, await denied.json()]).toMatchObject([
    403,
    { detail: "Permission 'notes:read' required" },
  ]);
});

test("what a transaction undoes leaves no user behind", async () => {
  await using client = await accountsClient({}, Notes);
  const answer = await client.post("/team");
  expect([answer.status, await answer.json()]).toMatchObject([
    409,
    { detail: "Username already exists" },
  ]);
  expect((await login(client, "carol")).status).toBe(401);
});

const days = (count: number) => vi.setSystemTime(Date.now() + count * 86_400_000);

test("a session lasts for thirty days, and as long again when it is renewed", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    await using client = await accountsClient();
    let tokens = await signedIn(client, "alice");
    const renew = async () => {
      const json = { refresh_token: tokens.refresh_token };
      const answer = await client.post("/auth/refresh", { json });
      if (answer.ok) tokens = (await answer.json()) as Tokens;
      return answer.status;
    };
    days(29);
    expect((await client.get("/auth/me", bearer(tokens.access_token))).status).toBe(401);
    expect(await renew()).toBe(200);
    days(29);
    expect(await renew()).toBe(200);
    days(31);
    expect(await renew()).toBe(401);
    await client.app.run(() => inject(Sessions).purge());
    days(31);
    await client.app.run(() => inject(Sessions).purge());
    const left = await client.app.run(() =>
      inject(Database<Tables>)
        .selectFrom("nexus_sessions")
        .select("id")
        .execute(),
    );
    expect(left).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

test("users who are not ordinary are not found by who looks for ordinary ones", async () => {
  const admin = { user: "root", password: "Root password 1" };
  await using client = await accountsClient({ settings: { admin } });
  await register(client, "alice");
  await client.app.run(async () => {
    const accounts = inject(Accounts);
    const root = (await accounts.find("root"))!;
    const only = { ordinary: true };
    const { users, pagination } = await accounts.list({ page: 1, per_page: 10, ...only });
    expect([users.map(({ username }) => username), pagination.total]).toEqual([["alice"], 1]);
    expect(await accounts.get(root.id, only)).toBeUndefined();
    expect(await accounts.update(root.id, { full_name: "x" }, only)).toBeUndefined();
    expect(await accounts.delete(root.id, only)).toBe(false);
    await accounts.update(root.id, { active: false });
    expect(await accounts.activate(root.id, only)).toBe(false);
    expect(await accounts.get(root.id)).toMatchObject({ full_name: null, active: false });
  });
});
