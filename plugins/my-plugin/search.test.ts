import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import MyPlugin from "./index.ts";
import { Comment, SearchResult } from "./schemas.ts";
import { createTestUser, signIn } from "./test-user.ts";

async function search(client: TestClient, query: string): Promise<string[]> {
  const response = await client.get("/my-plugin/search", { query: { query } });
  expect(response.status).toBe(200);
  const { results } = await response.json(z.object({ results: z.array(SearchResult) }));
  return results.map(({ type, text }) => `${type} ${text}`);
}

test("a search finds users and comments", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const { user_id } = await createTestUser(client, "zoë");
  const json = { content: "Zoë & Adam", author_id: user_id };
  const created = await client.post("/my-plugin/comments", { json });
  const { comment_id } = await created.json(Comment);
  const response = await client.get("/my-plugin/search", { query: { query: "ZOË" } });
  expect(await response.json()).toEqual({
    results: [
      { type: "user", id: user_id, text: "zoë" },
      { type: "comment", id: comment_id, text: "Zoë &amp; Adam" },
    ],
  });
  expect(await search(client, "zoë & a")).toEqual(["comment Zoë &amp; Adam"]);
});

test("a search for what nobody wrote finds nothing, and wildcards are text", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  await createTestUser(client, "adam");
  await client.post("/my-plugin/comments", { json: { content: "Hello", author_id: "1" } });
  for (const query of ["nobody", "", "  ", "%", "_", "h_llo", "' or '1'='1", "\\"])
    expect(await search(client, query)).toEqual([]);
});

test("a search finds 20 of each kind at most, the newest comments first", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  for (let n = 1; n <= 21; n++)
    await client.post("/my-plugin/comments", { json: { content: `Number ${n}`, author_id: "1" } });
  expect(await search(client, "number")).toHaveLength(20);
});

test("a search without a query is refused", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const response = await client.get("/my-plugin/search");
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({
    errors: [{ loc: ["query", "query"], type: "missing" }],
  });
});

test("everybody searches ten times a minute: strangers by address, users by user", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  await createTestUser(client, "alice");
  await createTestUser(client, "bob");
  const ask = (asking: object = {}) => client.get("/my-plugin/search?query=x", asking);
  const ten = async (asking?: object) => {
    for (let left = 9; left >= 0; left--) {
      const response = await ask(asking);
      expect(response.status).toBe(200);
      expect(response.headers.get("ratelimit-policy")).toBe('"default";q=10;w=60');
      expect(response.headers.get("ratelimit")).toMatch(new RegExp(`^"default";r=${left};t=\\d+$`));
    }
  };
  const expectRefused = async (asking?: object) => {
    const refused = await ask(asking);
    expect(refused.status).toBe(429);
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.headers.get("ratelimit")).toMatch(/^"default";r=0;t=\d+$/);
    expect(await refused.json()).toMatchObject({
      status: 429,
      error_code: "RATE_LIMIT_EXCEEDED",
      retry_after: seconds,
    });
  };
  await ten();
  await expectRefused();
  // Whoever signs in is counted by themselves, with whichever token.
  const alice = await signIn(client, "alice");
  await ten(alice);
  await expectRefused(alice);
  await expectRefused(await signIn(client, "alice"));
  expect((await ask(await signIn(client, "bob"))).status).toBe(200);
  // Nobody gets around it with credentials that are refused, and no other route is limited.
  expect((await ask({ headers: { authorization: "Bearer none" } })).status).toBe(429);
  expect((await client.get("/my-plugin/users")).headers.get("ratelimit-policy")).toBeNull();
});

test("a search that is refused for its query counts too", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  for (let n = 0; n < 10; n++) await client.get("/my-plugin/search");
  expect((await client.get("/my-plugin/search")).status).toBe(429);
});
