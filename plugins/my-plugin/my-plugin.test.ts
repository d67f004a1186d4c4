import { loadPlugin } from "nexus-platform/plugin";
import { createLog } from "nexus-platform/log";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import MyPlugin from "./index.ts";
import { createTestUser } from "./test-user.ts";

test("the plugin says hello", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const response = await client.get("/my-plugin/hello");
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ message: "Hello from my plugin!" });
});

test("the status names the plugin, and its uptime never goes back", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const Status = z.object({
    plugin: z.literal("my-plugin"),
    version: z.string(),
    status: z.literal("running"),
    uptime: z.number(),
  });
  const ask = async () => (await client.get("/my-plugin/status")).json(Status);
  const first = await ask();
  expect((await ask()).uptime).toBeGreaterThanOrEqual(first.uptime);
});

test("its package.json is its manifest", async () => {
  const { manifest } = await loadPlugin(import.meta.dirname);
  expect(manifest).toMatchObject({
    name: "my-plugin",
    version: "1.0.0",
    title: "My Plugin",
    platform: "^0.1.0",
    plugins: { accounts: "^0.1.0" },
  });
});

test("the context of a request holds what the handler has set, and its own headers", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const headers = { "X-Trace": "abc" };
  const response = await client.get("/my-plugin/context-example", { headers });
  expect(await response.json()).toEqual({
    message: "Context example",
    context: { plugin_name: "my-plugin", request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    headers: { host: "testserver", "x-trace": "abc" },
  });
});

test("two requests at once do not see each other's context", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const Answer = z.object({ context: z.object({ request_id: z.string() }) });
  const ids = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const answer = await client.get("/my-plugin/context-example");
      return (await answer.json(Answer)).context.request_id;
    }),
  );
  expect(new Set(ids).size).toBe(100);
});

test("a new user is welcomed in the log", async () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  await using client = await TestClient.of(MyPlugin, { accounts: true, log });
  const { user_id } = await createTestUser(client);
  const welcome = lines.map((line): unknown => JSON.parse(line));
  expect(welcome).toContainEqual(
    expect.objectContaining({ plugin: "my-plugin", user_id, msg: "Welcome to a new user" }),
  );
});
