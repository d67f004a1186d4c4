import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { accountsClient, login, password, register, tokenOf } from "../../test/accounts-client.ts";
import type { TestClient, TestResponse } from "../testing/index.ts";

const wrong = "Wrong horse 7";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

/** Asks from somewhere else, through a proxy that is trusted. */
function from(client: TestClient, address: string, username: string, secret: string) {
  return client.post("/auth/login", {
    form: { username, password: secret },
    headers: { "x-forwarded-for": address },
  });
}
const behindProxy = { settings: { trustedProxies: ["127.0.0.1"] } };

async function fail(times: number, ask: () => Promise<TestResponse>): Promise<void> {
  for (let count = 0; count < times; count++) expect((await ask()).status).toBe(401);
}

test("after five failures a name is locked, whether somebody has it or not, and longer each time", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  const bodies: unknown[] = [];
  for (const name of ["alice", "nobody"]) {
    await fail(5, () => login(client, name, wrong));
    const locked = await login(client, name);
    expect(locked.status).toBe(429);
    expect(locked.headers.get("retry-after")).toBe("30");
    const { request_id: _, ...body } = (await locked.json()) as Record<string, unknown>;
    bodies.push(body);
    pass(31);
    await fail(1, () => login(client, name, wrong));
    expect((await login(client, name)).headers.get("retry-after")).toBe("60");
  }
  expect(bodies[0]).toMatchObject({ error_code: "LOCKED_OUT", retry_after: 30 });
  expect(bodies[1]).toEqual(bodies[0]);
  pass(61);
  expect((await login(client, "alice")).status).toBe(200);
  // What succeeds makes all forgotten.
  await fail(4, () => login(client, "alice", wrong));
  expect((await login(client, "alice")).status).toBe(200);
});

test("no wait is longer than a quarter of an hour", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  let longest = 0;
  for (let count = 0; count < 30; count++) {
    const answer = await login(client, "alice", wrong);
    const seconds = Number(answer.headers.get("retry-after") ?? 0);
    longest = Math.max(longest, seconds);
    pass(seconds && seconds + 1);
  }
  expect(longest).toBe(900);
});

test("many guesses at once are counted one by one", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => login(client, "alice", wrong)),
  );
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  expect(statuses).toEqual([...Array(5).fill(401), ...Array(7).fill(429)]);
});

test("many right passwords at once lock nobody out", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  const answers = await Promise.all(Array.from({ length: 12 }, () => login(client, "alice")));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
});

test("a stranger locks the name where they are, not where its owner is", async () => {
  await using client = await accountsClient(behindProxy);
  await register(client, "alice");
  await fail(5, () => from(client, "10.0.0.1", "alice", wrong));
  expect((await from(client, "10.0.0.1", "alice", password)).status).toBe(429);
  expect((await from(client, "10.0.0.2", "alice", password)).status).toBe(200);
});

test("guesses from everywhere slow a name down for seconds, and not where its owner has been", async () => {
  await using client = await accountsClient(behindProxy);
  await register(client, "alice");
  expect((await from(client, "10.9.9.9", "alice", password)).status).toBe(200);
  for (let host = 0; host < 32; host++) {
    const answer = await from(client, `10.0.0.${host}`, "alice", wrong);
    expect([401, 429]).toContain(answer.status);
    if (host === 31) expect(Number(answer.headers.get("retry-after"))).toBeLessThanOrEqual(30);
  }
  expect((await from(client, "10.0.1.1", "alice", password)).status).toBe(429);
  expect((await from(client, "10.9.9.9", "alice", password)).status).toBe(200);
});

test("guesses from everywhere go on one by one, and an owner at a new place gets in among them", async () => {
  await using client = await accountsClient(behindProxy);
  await register(client, "alice");
  for (let host = 0; host < 30; host++)
    expect((await from(client, `10.0.0.${host}`, "alice", wrong)).status).toBe(401);
  for (let host = 30; host < 40; host++) {
    const refused = await from(client, "10.0.1.1", "alice", password);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    pass(2);
    // Of many at once one is tried.
    const guesses = [1, 2, 3, 4].map((at) => from(client, `10.${at}.0.${host}`, "alice", wrong));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([401, 429, 429, 429]);
  }
  pass(2);
  expect((await from(client, "10.0.1.1", "alice", password)).status).toBe(200);
});

test("where an owner has been is a network, as addresses of IPv6 change", async () => {
  await using client = await accountsClient(behindProxy);
  await register(client, "alice");
  expect((await from(client, "2001:db8:0:1::1", "alice", password)).status).toBe(200);
  for (let host = 0; host < 30; host++)
    expect((await from(client, `10.0.0.${host}`, "alice", wrong)).status).toBe(401);
  expect((await from(client, "2001:db8:0:2::1", "alice", password)).status).toBe(429);
  expect((await from(client, "2001:db8:0:1::2", "alice", password)).status).toBe(200);
});

test("a locked username tells nothing of the email that belongs to it", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  await fail(5, () => login(client, "ALICE", wrong));
  expect((await login(client, "alice")).status).toBe(429);
  expect((await login(client, "alice@example.com")).status).toBe(200);
});

test("whoever has reset the password by letter may sign in at once", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  await fail(5, () => login(client, "alice", wrong));
  await client.post("/auth/password/forgot", { json: { email: "alice@example.com" } });
  const token = await tokenOf(client, "Reset your password");
  const json = { token, password: "Another horse 8" };
  expect((await client.post("/auth/password/reset", { json })).status).toBe(200);
  expect((await login(client, "alice", "Another horse 8")).status).toBe(200);
});

test("a stolen session guesses its owner's password no faster", async () => {
  await using client = await accountsClient();
  await register(client, "alice");
  const { access_token } = (await (await login(client, "alice")).json()) as {
    access_token: string;
  };
  const headers = { authorization: `Bearer ${access_token}` };
  const guess = () => client.delete("/auth/me", { json: { password: wrong }, headers });
  for (let count = 0; count < 5; count++) expect((await guess()).status).toBe(403);
  expect((await guess()).status).toBe(429);
});
