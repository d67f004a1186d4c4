import { expect, test } from "vitest";
import { z } from "zod";
import {
  type Authenticator,
  authenticatorKey,
  createIdentity,
  currentUser,
  optionalUser,
} from "../auth/index.ts";
import { HTTPException, NotAuthenticated } from "../exceptions.ts";
import { get, mount, post, Routes } from "../http/index.ts";
import { middleware } from "../middleware/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient, type TestResponse } from "../testing/index.ts";
import { createMemoryLimiter, limiterKey, rateLimit } from "./index.ts";

const two = { requests: 2, window: 60 };
const refusing = middleware(() => {
  throw new HTTPException(503);
});
class Inner extends Routes {
  usual = get("/usual", () => 1);
  own = get("/own", { rateLimit: { requests: 1, window: 60 } }, () => 1);
}
class Limited extends Plugin {
  search = get("/search", { rateLimit: { requests: 10, window: 60 } }, () => []);
  open = get("/open", { rateLimit: two }, () => 1);
  other = get("/other", { rateLimit: two }, () => 1);
  mine = get("/mine", { rateLimit: two, permission: "a" }, () => 1);
  current = get("/current", { rateLimit: two, use: { me: currentUser } }, ({ me }) => me.username);
  maybe = get("/maybe", { rateLimit: two, use: { me: optionalUser } }, ({ me }) => me?.username);
  fails = get("/fails", { rateLimit: two }, (): never => {
    throw new Error("broken");
  });
  body = post("/body", { rateLimit: two, body: z.object({ a: z.int() }) }, () => 1);
  late = get("/late", { rateLimit: two, middleware: [refusing] }, () => 1);
  byAddress = get("/by-address", { rateLimit: { ...two, by: "address" } }, () => 1);
  bossAddress = get("/boss", { rateLimit: { ...two, by: "address" }, permission: "a" }, () => 1);
  unlimited = get("/unlimited", () => 1);
  inner = mount("/inner", Inner, { rateLimit: two });
  @get("/decorated")
  @rateLimit(two)
  decorated() {
    return 1;
  }
}

/** Who asks is told by headers; the clock is the test's. */
async function setUp(trustedProxies: readonly string[] = ["loopback"]) {
  const time = { now: 0 };
  const client = await TestClient.of(Limited, { settings: { trustedProxies }, raiseErrors: false });
  const authenticator: Authenticator = {
    async authenticate({ headers }) {
      const [id, apiKey] = [headers.get("x-user"), headers.get("x-api-key")];
      if (id === "forged") throw new NotAuthenticated("Invalid token");
      if (id === "broken") throw new Error("The database is away");
      if (id === null && apiKey === null) return undefined;
      const permissions = id === "boss" ? ["a"] : [];
      return createIdentity({
        id: id ?? "",
        username: id ?? "",
        permissions,
        apiKey: apiKey ?? undefined,
      });
    },
  };
  client.app.scope.provide(authenticatorKey, authenticator);
  client.app.scope.provide(limiterKey, createMemoryLimiter({ now: () => time.now }));
  const ask = (path: string, headers: Record<string, string> = {}): Promise<TestResponse> =>
    client.get(path, { headers });
  const statuses = async (path: string, ...all: Record<string, string>[]): Promise<number[]> => {
    const found: number[] = [];
    for (const headers of all) found.push((await ask(path, headers)).status);
    return found;
  };
  return {
    client,
    ask,
    statuses,
    time,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
const from = (address: string) => ({ "x-forwarded-for": address });
const as = (id: string, address = "192.0.2.1") => ({ "x-user": id, ...from(address) });

test("ten a minute: the tenth is answered, the eleventh is a 429 that says when to come again (L1, L3)", async () => {
  await using app = await setUp();
  for (let i = 0; i < 10; i++) {
    expect((await app.ask("/search")).status).toBe(200);
    app.time.now += 100;
  }
  const refused = await app.ask("/search");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("59");
  expect(refused.headers.get("content-type")).toBe("application/problem+json");
  expect(await refused.json()).toMatchObject({
    type: "about:blank",
    title: "Too Many Requests",
    status: 429,
    detail: "Rate limit exceeded",
    error_code: "RATE_LIMIT_EXCEEDED",
    retry_after: 59,
    instance: "/search",
  });
  app.time.now = 60_000;
  expect(await app.statuses("/search", {}, {})).toEqual([200, 429]);
});

test("every answer of the route says what is left, errors too (decision 15)", async () => {
  await using app = await setUp();
  const policy = '"default";q=2;w=60';
  const [first, last] = ['"default";r=1;t=60', '"default";r=0;t=60'];
  expect(said(await app.ask("/open"))).toEqual([200, policy, first]);
  expect(said(await app.client.head("/open"))).toEqual([200, policy, last]);
  expect(said(await app.ask("/open"))).toEqual([429, policy, last]);
  expect(said(await app.ask("/mine"))).toEqual([401, policy, first]);
  expect(said(await app.ask("/fails"))).toEqual([500, policy, first]);
  expect(said(await app.client.post("/body", { json: {} }))).toEqual([422, policy, first]);
  expect(said(await app.client.post("/body", { body: "{" }))).toEqual([415, policy, last]);
  expect(said(await app.client.post("/body", { json: { a: 1 } }))).toEqual([429, policy, last]);
  // Nothing was counted.
  const all = '"default";r=2;t=0';
  expect(said(await app.ask("/mine", as("bob")))).toEqual([403, policy, all]);
  expect(said(await app.ask("/late"))).toEqual([503, policy, all]);
  expect(said(await app.ask("/unlimited"))).toEqual([200, null, null]);
  expect((await app.ask("/open")).headers.get("x-ratelimit-limit")).toBeNull();
});

test("strangers count by address, and one does not spend what is another's (L4)", async () => {
  await using app = await setUp();
  const [a, b] = [from("192.0.2.1"), from("192.0.2.2")];
  expect(await app.statuses("/open", a, a, a, b, b, b)).toEqual([200, 200, 429, 200, 200, 429]);
  expect(await app.statuses("/other", a, a, a)).toEqual([200, 200, 429]);
});

test("who is known counts by user, whatever the address", async () => {
  await using app = await setUp();
  const asBob = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((address) => as("bob", address));
  expect(await app.statuses("/open", ...asBob)).toEqual([200, 200, 429]);
  expect(await app.statuses("/open", as("eve"), from("192.0.2.1"))).toEqual([200, 200]);
});

test("a key that is nobody's counts for itself; a user's keys are the user", async () => {
  await using app = await setUp();
  const [a, b] = [{ "x-api-key": "a" }, { "x-api-key": "b" }];
  expect(await app.statuses("/open", a, a, a, b)).toEqual([200, 200, 429, 200]);
  const bobs = ["k1", "k2", "k3"].map((apiKey) => ({ "x-user": "bob", "x-api-key": apiKey }));
  expect(await app.statuses("/open", ...bobs)).toEqual([200, 200, 429]);
});

test("by address, an address counts once, whoever asks from it", async () => {
  await using app = await setUp();
  const [bob, eve, key] = [as("bob"), as("eve"), { ...from("192.0.2.1"), "x-api-key": "a" }];
  expect(await app.statuses("/by-address", bob, eve, key, as("forged"))).toEqual([
    200, 200, 429, 429,
  ]);
  expect(await app.statuses("/by-address", from("192.0.2.1"), as("bob", "192.0.2.2"))).toEqual([
    429, 200,
  ]);
  // Before the 401 and 403, and once; a layer's answer tells the address's count, too.
  const [boss, elsewhere] = [as("boss"), as("boss", "192.0.2.2")];
  expect(await app.statuses("/boss", bob, {}, boss, boss, elsewhere)).toEqual([
    403, 401, 200, 429, 200,
  ]);
  expect(said(await app.ask("/boss", elsewhere))[2]).toBe('"default";r=0;t=60');
});

test("a name cannot be made to look like another's", async () => {
  await using app = await setUp();
  const tricky = { "x-user": "address 192.0.2.1" };
  expect(await app.statuses("/open", tricky, tricky, tricky)).toEqual([200, 200, 429]);
  expect(await app.statuses("/open", from("192.0.2.1"))).toEqual([200]);
});

test("refused credentials count by address before the 401 is sent (decision 20)", async () => {
  await using app = await setUp();
  const [forged, elsewhere] = [as("forged"), as("forged", "192.0.2.2")];
  expect(await app.statuses("/mine", forged, forged, forged, elsewhere)).toEqual([
    401, 401, 429, 401,
  ]);
  // One count a request: an honest user behind the same address has all that is theirs.
  expect(await app.statuses("/mine", as("boss"), as("boss"), as("boss"))).toEqual([200, 200, 429]);
  expect(await app.statuses("/current", forged, forged, forged)).toEqual([401, 401, 429]);
  expect(await app.statuses("/maybe", forged, forged, forged)).toEqual([200, 200, 429]);
});

test("a 401 counts by address; a 403 comes before a user is counted (L6)", async () => {
  await using app = await setUp();
  expect(await app.statuses("/mine", as("bob"), as("bob"), as("bob"))).toEqual([403, 403, 403]);
  expect(await app.statuses("/mine", {}, {}, {})).toEqual([401, 401, 429]);
});

test("an authenticator that fails lets nobody in", async () => {
  await using app = await setUp();
  const broken = as("broken");
  expect(await app.statuses("/open", broken, broken, broken)).toEqual([500, 500, 429]);
});

test("a thousand at once get exactly what the limit says (L7)", async () => {
  await using app = await setUp();
  const all = await Promise.all(Array.from({ length: 1000 }, () => app.ask("/search")));
  expect(all.filter(({ status }) => status === 200)).toHaveLength(10);
  expect(all.filter(({ status }) => status === 429)).toHaveLength(990);
});

test("HEAD counts as GET; a mounted class is limited route by route, and a route's own limit wins", async () => {
  await using app = await setUp();
  expect((await app.client.head("/open")).status).toBe(200);
  expect(await app.statuses("/open", {}, {})).toEqual([200, 429]);
  expect(await app.statuses("/inner/usual", {}, {}, {})).toEqual([200, 200, 429]);
  expect(await app.statuses("/inner/own", {}, {})).toEqual([200, 429]);
  expect(await app.statuses("/decorated", {}, {}, {})).toEqual([200, 200, 429]);
});

test("only a trusted proxy's word on the address is believed (decision 11)", async () => {
  await using app = await setUp([]);
  const spoofed = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(from);
  expect(await app.statuses("/open", ...spoofed)).toEqual([200, 200, 429]);
});

test("of a chain of proxies the nearest address that is not one counts", async () => {
  await using app = await setUp(["loopback", "10.0.0.0/8"]);
  const spoofed = ["1.1.1.1", "2.2.2.2", "3.3.3.3"].map((one) =>
    from(`${one}, 192.0.2.1, 10.0.0.7`),
  );
  expect(await app.statuses("/open", ...spoofed)).toEqual([200, 200, 429]);
});

test("whoever has a network of IPv6 counts once", async () => {
  await using app = await setUp();
  const one = ["2001:db8:0:1::1", "2001:DB8::1:ffff:0:0:2", "2001:db8:0:1:a:b:c:d"].map(from);
  expect(await app.statuses("/open", ...one)).toEqual([200, 200, 429]);
  expect(await app.statuses("/open", from("2001:db8:0:2::1"), from("::1"))).toEqual([200, 200]);
});

test("two apps do not count for each other", async () => {
  await using one = await TestClient.of(Limited);
  await using two = await TestClient.of(Limited);
  for (let i = 0; i < 3; i++) await one.get("/open");
  expect((await one.get("/open")).status).toBe(429);
  expect((await two.get("/open")).status).toBe(200);
});

test("a limit that limits nothing, twice, or no route is told at once", async () => {
  for (const limit of [{ requests: 0, window: 60 }, { requests: 1.5, window: 60 }, {}, null, 10]) {
    const spec = { rateLimit: limit as never };
    expect(() => get("/", spec, () => 1)).toThrow("says a rateLimit that counts nothing");
  }
  expect(() => rateLimit({ requests: 1, window: -1 })).toThrow("rateLimit() says");
  expect(() => rateLimit({ ...two, by: "key" as never })).toThrow('says a rateLimit by "key"');
  class Twice extends Plugin {
    @get("/", { rateLimit: two })
    @rateLimit(two)
    twice() {}
  }
  await expect(TestClient.of(Twice)).rejects.toThrow("Twice.twice says rateLimit twice");
  class Bare extends Plugin {
    @rateLimit(two)
    bare() {}
  }
  await expect(TestClient.of(Bare)).rejects.toThrow(
    "is decorated with rateLimit, but is no route's",
  );
});

function said({ status, headers }: TestResponse) {
  return [status, headers.get("ratelimit-policy"), headers.get("ratelimit")];
}
