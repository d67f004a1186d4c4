import { assert, constantFrom, property, string } from "fast-check";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import MyPlugin from "./index.ts";
import { escapeHtml, sanitize } from "./sanitize.ts";

const comments = "/my-plugin/comments";

test("a comment is kept without its tags, escaped and trimmed", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const json = { content: ` <b>Fish</b> & "chips" <script>alert('1')</script> `, author_id: "u1" };
  const response = await client.post(comments, { json });
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({
    comment_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    content: "Fish &amp; &quot;chips&quot; alert(&#x27;1&#x27;)",
    author_id: "u1",
    created_at: expect.stringMatching(/Z$/),
  });
});

test("a comment of which nothing is left is refused", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  for (const content of [undefined, "", "  \n", "<b></b>", " <p> </p> "]) {
    const response = await client.post(comments, { json: { content, author_id: "u1" } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ detail: "Content is required" });
  }
});

test("a comment needs an author, and content that is a text", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const missing = await client.post(comments, { json: { content: "Hello" } });
  expect(missing.status).toBe(422);
  expect(await missing.json()).toMatchObject({
    errors: [{ loc: ["body", "author_id"], type: "missing" }],
  });
  for (const content of [null, 1, ["a"], {}]) {
    const response = await client.post(comments, { json: { content, author_id: "u1" } });
    expect(response.status).toBe(422);
  }
  const list = await client.post(comments, { json: [] });
  expect(list.status).toBe(422);
});

test("sanitising removes what the expression /<[^>]+>/ finds", () => {
  const text = string({ unit: constantFrom("<", ">", "a", " ", "&", "'") });
  assert(
    property(text, (value) => {
      expect(sanitize(value)).toBe(escapeHtml(value.replace(/<[^>]+>/g, "")).trim());
    }),
    { numRuns: 2000 },
  );
});

test("a comment of 100,000 open brackets is answered", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const json = { content: "<".repeat(100_000), author_id: "u1" };
  const response = await client.post(comments, { json });
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ content: "&lt;".repeat(100_000) });
});
