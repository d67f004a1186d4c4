import { afterEach, expect, test, vi } from "vitest";
import {
  accountsClient,
  bearer,
  letters,
  login,
  password,
  register,
  signedIn,
  tokenOf,
} from "../../test/accounts-client.ts";
import { inject } from "../services.ts";
import { Accounts, Roles } from "./index.ts";

afterEach(() => void vi.useRealTimers());

const subject = "Reset your password";
const forgot = (client: Awaited<ReturnType<typeof accountsClient>>, email: string) =>
  client.post("/auth/password/forgot", { json: { email } });

test("who forgot a password gets a letter, sets a new one, and all sessions end", async () => {
  await using client = await accountsClient();
  const { access_token } = await signedIn(client, "alice");
  expect((await forgot(client, "ALICE@example.com")).status).toBe(202);
  const token = await tokenOf(client, subject);
  const reset = (password: string) =>
    client.post("/auth/password/reset", { json: { token, password } });
  // A poor password does not use the token up.
  expect((await reset("alice@example.com")).status).toBe(422);
  expect((await reset("Another horse 8")).status).toBe(200);
  const again = await reset("Another horse 9");
  expect([again.status, await again.json()]).toMatchObject([
    400,
    { detail: "Invalid or expired token", error_code: "TOKEN_INVALID" },
  ]);
  expect((await client.get("/auth/me", bearer(access_token))).status).toBe(401);
  expect((await login(client, "alice")).status).toBe(401);
  const fresh = await login(client, "alice", "Another horse 8");
  const tokens = (await fresh.json()) as { access_token: string };
  const me = await client.get("/auth/me", bearer(tokens.access_token));
  // Who has read the letter has the email.
  expect(await me.json()).toMatchObject({ email_verified: true });
});

test("whether there is such an email is not told", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  const { id } = (await (await register(client, "bob")).json()) as { id: string };
  await client.app.run(() => inject(Accounts).update(id, { active: false }));
  const before = (await letters(client)).length;
  const answers = await Promise.all(
    ["alice@example.com", "nobody@example.com", "bob@example.com", "alice"].map((email) =>
      forgot(client, email),
    ),
  );
  const bodies = await Promise.all(answers.map((answer) => answer.text()));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(new Set(bodies).size).toBe(1);
  const sent = (await letters(client)).slice(before);
  expect(sent).toHaveLength(1);
  expect(sent[0]).toContain("To: alice@example.com");
});

test("a token of a letter is good for an hour, whoever asks for more, and for its own purpose", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  const verify = await tokenOf(client, "Confirm your email");
  await forgot(client, "alice@example.com");
  const first = await tokenOf(client, subject);
  const reset = async (token: string) =>
    (await client.post("/auth/password/reset", { json: { token, password: "Another horse 8" } }))
      .status;
  expect(await reset(verify)).toBe(400);
  expect(await reset("x")).toBe(400);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
  await forgot(client, "alice@example.com");
  const second = await tokenOf(client, subject);
  expect(second).not.toBe(first);
  vi.setSystemTime(Date.now() + 61_000);
  await forgot(client, "alice@example.com");
  const third = await tokenOf(client, subject);
  expect(await reset(first)).toBe(200);
  // One that is used takes the others along.
  expect(await reset(second)).toBe(400);
  expect(await reset(third)).toBe(400);
  await forgot(client, "alice@example.com");
  const last = await tokenOf(client, subject);
  vi.setSystemTime(Date.now() + 3_601_000);
  expect(await reset(last)).toBe(400);
});

test("an account gets one letter a minute and five an hour, and the answer is the same", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  vi.useFakeTimers({ toFake: ["Date"] });
  const sent = async () =>
    (await letters(client)).filter((one) => one.includes(`Subject: ${subject}`)).length;
  const counts: number[] = [];
  for (const seconds of [0, 59, 2, 61, 61, 61, 61, 61, 3600]) {
    vi.setSystemTime(Date.now() + seconds * 1000);
    expect((await forgot(client, "alice@example.com")).status).toBe(202);
    counts.push(await sent());
  }
  expect(counts).toEqual([1, 1, 2, 3, 4, 5, 5, 5, 6]);
});

test("who has power gets no letter at an address that nobody has confirmed", async () => {
  await using client = await accountsClient();
  const { id } = (await (await register(client, "alice")).json()) as { id: string };
  const { accounts, roles } = client.app.run(() => ({
    accounts: inject(Accounts),
    roles: inject(Roles),
  }));
  await roles.setPermissions(id, ["notes:read"]);
  const before = (await letters(client)).length;
  expect((await forgot(client, "alice@example.com")).status).toBe(202);
  expect((await letters(client)).length).toBe(before);
  await accounts.update(id, { email_verified: true });
  expect((await forgot(client, "alice@example.com")).status).toBe(202);
  expect((await letters(client)).length).toBe(before + 1);
});

test("of two who use a token at once one sets the password", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  await forgot(client, "alice@example.com");
  const token = await tokenOf(client, subject);
  const answers = await Promise.all(
    ["Another horse 8", "Another horse 9"].map((password) =>
      client.post("/auth/password/reset", { json: { token, password } }),
    ),
  );
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400]);
});

test("a letter after registering confirms the email; another one can be asked for", async () => {
  await using client = await accountsClient();
  const { access_token } = await signedIn(client, "alice");
  const ask = () => client.post("/auth/email/verification", bearer(access_token));
  expect((await client.post("/auth/email/verification")).status).toBe(401);
  const first = await tokenOf(client, "Confirm your email");
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect((await ask()).status).toBe(202);
  const token = await tokenOf(client, "Confirm your email");
  const verify = (token: string) => client.post("/auth/email/verify", { json: { token } });
  expect((await verify(first)).status).toBe(400);
  expect((await verify(token)).status).toBe(200);
  expect((await verify(token)).status).toBe(400);
  const me = await client.get("/auth/me", bearer(access_token));
  expect(await me.json()).toMatchObject({ email_verified: true });
  expect((await ask()).status).toBe(409);
});

test("a letter to an address that was left proves nothing of the new one", async () => {
  await using client = await accountsClient();
  const { access_token } = await signedIn(client, "alice");
  const token = await tokenOf(client, "Confirm your email");
  await forgot(client, "alice@example.com");
  const reset = await tokenOf(client, subject);
  const json = { email: "new@example.com", password };
  expect((await client.patch("/auth/me", { json, ...bearer(access_token) })).status).toBe(200);
  expect((await client.post("/auth/email/verify", { json: { token } })).status).toBe(400);
  const late = { token: reset, password: "Another horse 8" };
  expect((await client.post("/auth/password/reset", { json: late })).status).toBe(400);
});

test("letters lead to the pages that the app names, never to where a request says", async () => {
  const accounts = {
    resetUrl: "https://shop.example/reset?t={token}",
    verifyUrl: "https://shop.example/verify/{token}",
  };
  await using client = await accountsClient({ config: { accounts } });
  client.headers["host"] = "evil.example";
  await register(client, "alice");
  await forgot(client, "alice@example.com");
  const all = (await letters(client)).join("\n");
  expect(all).toMatch(/^https:\/\/shop\.example\/reset\?t=[\w-]{43}/m);
  expect(all).toMatch(/^https:\/\/shop\.example\/verify\/[\w-]{43}/m);
  expect(all).not.toContain("evil");
  const bad = accountsClient({ config: { accounts: { resetUrl: "https://shop.example/" } } });
  await expect(bad).rejects.toThrow("{token}");
});
