import { inject } from "nexus-platform";
import { Accounts, AuditService, Roles } from "nexus-platform/accounts";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import { letters } from "../../test/accounts-client.ts";
import MyPlugin from "./index.ts";
import { createTestUser, signIn, withRoot } from "./test-user.ts";

const start = () => TestClient.of(MyPlugin, withRoot);
const letter = { subject: "Tea?", body: "At five,\nas always." };

const send = (client: TestClient, to: string, json: object, asking: object = {}) =>
  client.post(`/my-plugin/users/${to}/send-email`, { json, ...asking });

test("an email to a user is answered at once, and the letter says who wrote it", async () => {
  await using client = await start();
  const alice = await createTestUser(client, "alice");
  await createTestUser(client, "bob");
  const response = await send(client, alice.user_id, letter, await signIn(client, "bob"));
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ message: "Email queued for delivery" });
  const [sent, ...more] = await letters(client);
  expect(more).toEqual([]);
  expect(sent).toContain("\r\nTo: alice@example.com\r\n");
  expect(sent).toContain("\r\nSubject: Tea?\r\n");
  expect(sent).toMatch(
    /\r\n\r\nHello alice, bob writes to you:\r\n\r\nAt five,\r\nas always\.\r\n$/,
  );
  const audit = client.app.run(() => inject(AuditService));
  const { entries } = await audit.list({ page: 1, per_page: 10, action: "user.emailed" });
  expect(entries).toMatchObject([
    { actor: "bob", target: `user:${alice.user_id}`, result: "success" },
  ]);
});

test("an email without a subject or a body is refused, and so is one with headers in it", async () => {
  await using client = await start();
  const { user_id } = await createTestUser(client, "alice");
  const me = await signIn(client, "alice");
  const faults = async (json: object) => {
    const response = await send(client, user_id, json, me);
    expect(response.status).toBe(422);
    const { errors } = (await response.json()) as { errors: { loc: string[]; type: string }[] };
    return errors.map(({ loc, type }) => `${loc.join(".")} ${type}`);
  };
  expect(await faults({})).toEqual(["body.subject missing", "body.body missing"]);
  expect(await faults({ subject: "Tea?" })).toEqual(["body.body missing"]);
  expect(await faults({ ...letter, subject: "Tea?\r\nBcc: eve@example.com" })).toEqual([
    "body.subject string_pattern_mismatch",
  ]);
  expect(await faults({ ...letter, subject: "", body: "x".repeat(10_001) })).toEqual([
    "body.subject string_too_short",
    "body.body string_too_long",
  ]);
  expect(await letters(client)).toEqual([]);
});

test("who has not signed in cannot send an email, whoever it is to", async () => {
  await using client = await start();
  const { user_id } = await createTestUser(client, "alice");
  for (const to of [user_id, "nobody"]) {
    expect((await send(client, to, letter)).status).toBe(401);
    expect((await send(client, to, {})).status).toBe(401);
  }
  expect(await letters(client)).toEqual([]);
});

test("only administrators write to those who have power", async () => {
  await using client = await start();
  const alice = await createTestUser(client, "alice");
  const victor = await createTestUser(client, "victor");
  await client.app.run(() => inject(Roles).grantRole(victor.user_id, "administrator"));
  const me = await signIn(client, "alice");
  for (const to of [victor.user_id, "nobody"]) {
    const response = await send(client, to, letter, me);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ detail: "User not found" });
  }
  expect(await letters(client)).toEqual([]);
  const root = await signIn(client, "root");
  for (const to of [victor, alice])
    expect((await send(client, to.user_id, letter, root)).status).toBe(200);
  expect(await letters(client)).toHaveLength(2);
});

test("a letter that cannot be sent changes no answer, and is in the audit log", async () => {
  await using client = await start();
  const { user_id } = await createTestUser(client, "alice");
  // As the plugin takes it, and no mail server would.
  await client.app.run(() => inject(Accounts).update(user_id, { email: "a b@example.com" }));
  const response = await send(client, user_id, letter, await signIn(client, "alice"));
  expect(response.status).toBe(200);
  expect(await letters(client)).toEqual([]);
  const audit = client.app.run(() => inject(AuditService));
  const { entries } = await audit.list({ page: 1, per_page: 10, action: "user.emailed" });
  expect(entries).toMatchObject([{ target: `user:${user_id}`, result: "failure" }]);
});

test("an address sends 30 emails an hour, with however many accounts", async () => {
  await using client = await start();
  const { user_id } = await createTestUser(client, "alice");
  for (let n = 0; n < 30; n++) {
    const user = client.as({ id: `${n}`, username: `user-${n}` });
    expect((await send(user, user_id, letter)).status).toBe(200);
  }
  const last = client.as({ id: "31", username: "user-31" });
  expect((await send(last, user_id, letter)).status).toBe(429);
  expect(await letters(client)).toHaveLength(30);
});
