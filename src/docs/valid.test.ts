import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { currentUser, optionalUser } from "../auth/index.ts";
import { dependency } from "../dependency.ts";
import { NotFound } from "../exceptions.ts";
import { del, eventsOf, files, get, media, patch, post, streamOf } from "../http/index.ts";
import { FileResponse } from "../message/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { addTagMetadata, ProblemSchema } from "./index.ts";

interface Folder {
  name: string;
  inside: Folder[];
}
const Folder: z.ZodType<Folder> = z.object({
  name: z.string(),
  inside: z.array(z.lazy(() => Folder)),
});
const Address = z
  .object({ street: z.string(), country: z.enum(["de", "fr"]).optional() })
  .meta({ id: "Address" });
const User = z
  .object({
    id: z.int(),
    name: z.string().min(1).max(50).describe("As others see it"),
    home: Address.nullable().default(null),
    tags: z.array(z.string()).default([]),
    born: z.date().optional(),
    pair: z.tuple([z.string(), z.number().gt(0)]).optional(),
    extra: z.record(z.string(), z.unknown()).optional(),
    kind: z.discriminatedUnion("type", [
      z.object({ type: z.literal("a"), a: z.bigint() }),
      z.object({ type: z.literal("b"), b: z.null() }),
    ]),
  })
  .meta({ id: "User", examples: [{ id: 1, name: "Alice" }] });

/** Whatever a document can have. */
class Everything extends Plugin {
  listUsers = get(
    "/users",
    {
      query: {
        page: z.int().min(1).default(1).describe("Page number"),
        sort: z.array(z.string()).optional(),
      },
      headers: { x_tenant: z.string().optional() },
      cookies: { theme: z.string().optional() },
      response: z.array(User),
      tags: ["Users"],
    },
    () => [],
  );
  createUser = post(
    "/users",
    { body: User, response: User, status: 201, tags: ["Users"] },
    ({ body }) => body,
  );
  readUser = get(
    "/users/{id:uuid}",
    {
      responses: { 404: NotFound, 409: ProblemSchema },
      use: { me: currentUser },
      deprecated: true,
    },
    () => 1,
  );
  change = patch("/users/{user_id}", { form: { name: z.string() }, timeout: 5 }, () => 1);
  upload = post(
    "/files",
    { form: { title: z.string(), images: files({ types: ["image/*"] }), more: files({ min: 0 }) } },
    () => 1,
  );
  remove = del(
    "/users/{id}",
    { status: 204, use: { once: dependency({ query: { sure: z.boolean() } }, () => 1) } },
    () => {},
  );
  folder = get("/folder.{format}", { response: Folder, operationId: "weird id/ü" }, () => ({
    name: "",
    inside: [],
  }));
  limited = get(
    "/limited",
    { permission: "a", rateLimit: { requests: 1, window: 1 }, use: { user: optionalUser } },
    () => 1,
  );
  lines = get("/lines", { response: streamOf(User) }, () => []);
  events = get("/events", { response: eventsOf(Folder) }, () => []);
  file = get("/file", { response: media("application/pdf", "image/*", "text/csv") }, () => {
    return new FileResponse("/nowhere");
  });
  rest = get(
    "/rest/{path:path}",
    { query: z.object({ from: z.int(), to: z.int().optional() }) },
    () => 1,
  );
}

let file: string;
let document: Record<string, unknown>;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nexus-openapi-"));
  const undo = addTagMetadata({
    name: "Users",
    description: "People",
    externalDocs: { url: "https://example.com" },
  });
  await using client = await TestClient.of(Everything, {
    docs: { servers: [{ url: "https://example.com" }] },
  });
  document = (await (await client.get("/openapi.json")).json()) as Record<string, unknown>;
  undo();
  file = join(folder, "openapi.json");
  await writeFile(file, JSON.stringify(document));
});
afterAll(() => rm(folder, { recursive: true }));

test("the document fits the schema of OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});

test("a linter finds nothing against the specification", { timeout: 60_000 }, async () => {
  const bin = createRequire(import.meta.url).resolve("@redocly/cli/bin/cli.js");
  const env = {
    ...process.env,
    REDOCLY_TELEMETRY: "off",
    REDOCLY_SUPPRESS_UPDATE_NOTICE: "true",
    NO_COLOR: "1",
  };
  const args = [bin, "lint", "--extends=spec", "--format=json", file];
  // It exits with 1 where it finds anything.
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env }).catch(
    (failed: { stdout: string }) => failed,
  );
  const { totals, problems } = JSON.parse(stdout) as {
    totals: object;
    problems: { message: string; location: unknown }[];
  };
  expect(problems.map(({ message, location }) => `${message} ${JSON.stringify(location)}`)).toEqual(
    [],
  );
  expect(totals).toMatchObject({ errors: 0, warnings: 0 });
});
