import { TestClient } from "nexus-platform/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import MyPlugin from "./index.ts";

const Operation = z.object({
  operationId: z.string(),
  summary: z.string(),
  description: z.string().optional(),
  tags: z.array(z.string()),
  parameters: z.array(z.record(z.string(), z.unknown())).optional(),
  requestBody: z.object({ content: z.record(z.string(), z.unknown()) }).optional(),
  responses: z.record(
    z.string(),
    z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })).optional() }),
  ),
});
const Document = z.object({
  tags: z.array(z.object({ name: z.string() }).loose()),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});

let client: TestClient;
let document: z.output<typeof Document>;
beforeAll(async () => {
  client = await TestClient.of(MyPlugin, { accounts: true });
  document = await (await client.get("/openapi.json")).json(Document);
});
afterAll(() => client[Symbol.asyncDispose]());

const operation = (method: string, path: string) =>
  Operation.parse(document.paths[`/my-plugin${path}`]?.[method]);

test("a tag is described, with a link to more", () => {
  expect(document.tags).toContainEqual({
    name: "My Plugin",
    description: "Custom plugin providing user management functionality",
    externalDocs: {
      description: "Plugin Documentation",
      url: "https://docs.example.com/my-plugin",
    },
  });
});

test("the list of users is described by its comment, its parameters by their schemas", () => {
  const { summary, description, tags, parameters } = operation("get", "/users");
  expect(summary).toBe("List users with pagination.");
  expect(description).toContain("- **page**: The page number to retrieve (starts from 1)");
  expect(tags).toEqual(["My Plugin", "Users"]);
  expect(parameters).toMatchObject([
    { name: "page", description: "Page number", schema: { minimum: 1, default: 1 } },
    { name: "per_page", description: "Items per page", schema: { maximum: 100, default: 20 } },
    { name: "search" },
    { name: "active" },
  ]);
});

test.each([
  ["post", "/upload", ["200", "400", "401", "413", "415", "422"]],
  ["post", "/upload/multiple", ["200", "400", "401", "413", "415", "422"]],
  ["get", "/files/{file_id}/stream", ["200", "404"]],
  ["post", "/users/{user_id}/send-email", ["200", "400", "401", "404", "413", "415", "422", "429"]],
  ["post", "/data/export", ["202", "400", "401", "413", "415", "422", "429"]],
  ["get", "/tasks/{task_id}/status", ["200", "404"]],
])("%s %s says all that it may answer", (method, path, statuses) => {
  expect(Object.keys(operation(method, path).responses)).toEqual(statuses);
});

test("files come in a form, and leave as what they are", () => {
  for (const path of ["/upload", "/upload/multiple"])
    expect(Object.keys(operation("post", path).requestBody!.content)).toEqual([
      "multipart/form-data",
    ]);
  for (const way of ["download", "stream"])
    expect(
      Object.keys(operation("get", `/files/{file_id}/${way}`).responses["200"]!.content!),
    ).toEqual(["image/jpeg", "image/png", "image/gif", "application/pdf"]);
});
