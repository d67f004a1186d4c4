import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import MyPlugin from "./index.ts";
import { Comment, SearchResult } from "./schemas.ts";
import { createTestUser } from "./test-user.ts";

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
