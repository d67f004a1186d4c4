import { expect, test } from "vitest";
import { z } from "zod";
import { dependency } from "../dependency.ts";
import { alias, del, get } from "../http/index.ts";
import { Plugin, type PluginClass } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import type { OpenAPIDocument, Operation } from "./document.ts";

async function documentOf(...plugins: PluginClass[]): Promise<OpenAPIDocument> {
  await using client = await TestClient.of(plugins);
  return (await (await client.get("/openapi.json")).json()) as OpenAPIDocument;
}

const parameter = (operation: Operation | undefined, name: string) =>
  operation?.parameters?.find((one) => one.name === name);

test("converters of a path become schemas", async () => {
  class Files extends Plugin {
    byId = get("/files/{id:int}/{part:float}/{key:uuid}/{rest:path}", () => 1);
  }
  const { paths } = await documentOf(Files);
  expect(paths["/files/{id}/{part}/{key}/{rest}"]?.get?.parameters).toEqual([
    { name: "id", in: "path", required: true, schema: { type: "integer" } },
    { name: "part", in: "path", required: true, schema: { type: "number" } },
    { name: "key", in: "path", required: true, schema: { type: "string", format: "uuid" } },
    { name: "rest", in: "path", required: true, schema: { type: "string" } },
  ]);
});

test("paths that differ only in the names of parameters are one path", async () => {
  class Users extends Plugin {
    read = get("/users/{id}", () => 1);
    remove = del("/users/{user_id:int}", () => 1);
  }
  const { paths } = await documentOf(Users);
  expect(Object.keys(paths)).toEqual(["/users/{id}"]);
  expect(paths["/users/{id}"]?.delete?.parameters).toEqual([
    { name: "id", in: "path", required: true, schema: { type: "integer" } },
  ]);
});

test("query, headers and cookies become parameters, with the limits and words of their schemas", async () => {
  class Lists extends Plugin {
    list = get(
      "/{kind}",
      {
        path: { kind: z.enum(["a", "b"]).describe("Which kind") },
        query: {
          page: z.int().min(1).default(1).describe("Page number"),
          search: z.string().nullable().optional(),
          tags: z.array(z.string()),
          from: alias("since", z.date()),
          until: z.date().meta({ title: "Until", deprecated: true }),
        },
        headers: { x_request_source: z.string() },
        cookies: { theme: z.enum(["dark", "light"]).default("light") },
      },
      () => 1,
    );
  }
  const { paths } = await documentOf(Lists);
  expect(paths["/{kind}"]?.get?.parameters).toEqual([
    {
      name: "kind",
      in: "path",
      required: true,
      description: "Which kind",
      schema: { type: "string", enum: ["a", "b"], description: "Which kind" },
    },
    {
      name: "page",
      in: "query",
      required: false,
      description: "Page number",
      schema: { type: "integer", minimum: 1, default: 1, description: "Page number" },
    },
    {
      name: "search",
      in: "query",
      required: false,
      schema: { type: ["string", "null"] },
    },
    {
      name: "tags",
      in: "query",
      required: true,
      schema: { type: "array", items: { type: "string" } },
    },
    { name: "since", in: "query", required: true, schema: { type: "string", format: "date-time" } },
    {
      name: "until",
      in: "query",
      required: true,
      deprecated: true,
      schema: { type: "string", format: "date-time", title: "Until", deprecated: true },
    },
    { name: "x-request-source", in: "header", required: true, schema: { type: "string" } },
    {
      name: "theme",
      in: "cookie",
      required: false,
      schema: { type: "string", enum: ["dark", "light"], default: "light" },
    },
  ]);
});

test("the members of an object schema become parameters", async () => {
  const Range = z
    .object({ from: z.int(), to: z.int().optional() })
    .refine(({ from, to }) => to === undefined || from <= to, "from is after to")
    .meta({ id: "Range" });
  class Ranges extends Plugin {
    list = get("/ranges", { query: Range }, () => 1);
  }
  const { paths, components } = await documentOf(Ranges);
  expect(paths["/ranges"]?.get?.parameters).toEqual([
    { name: "from", in: "query", required: true, schema: { type: "integer" } },
    { name: "to", in: "query", required: false, schema: { type: "integer" } },
  ]);
  expect(Object.keys(components?.schemas ?? {})).toEqual(["Problem", "ValidationProblem"]);
});

test("of an object schema with alternatives, what all of them require is required", async () => {
  const By = z.discriminatedUnion("by", [
    z.object({ by: z.literal("name"), name: z.string() }),
    z.object({ by: z.literal("age"), age: z.int() }),
  ]);
  class Searches extends Plugin {
    search = get("/search", { query: By, headers: z.object({ x_tenant: z.string() }) }, () => 1);
  }
  const { parameters } = (await documentOf(Searches)).paths["/search"]!.get!;
  expect(parameters?.map(({ name, required }) => [name, required])).toEqual([
    ["by", true],
    ["name", false],
    ["age", false],
    ["x-tenant", true],
  ]);
  expect(parameters?.[0]?.schema).toEqual({
    anyOf: [
      { type: "string", const: "name" },
      { type: "string", const: "age" },
    ],
  });
});

test("the inputs of dependencies join those of the routes that use them", async () => {
  const tenant = dependency({ headers: { x_tenant: z.string() } }, () => "acme");
  const account = dependency(
    {
      path: { id: z.string().length(8) },
      query: { verbose: z.boolean().optional() },
      use: { tenant },
    },
    () => 1,
  );
  class Accounts extends Plugin {
    read = get("/accounts/{id}", { use: { account, tenant } }, () => 1);
  }
  const { paths } = await documentOf(Accounts);
  expect(paths["/accounts/{id}"]?.get?.parameters).toEqual([
    {
      name: "id",
      in: "path",
      required: true,
      schema: { type: "string", minLength: 8, maxLength: 8 },
    },
    { name: "x-tenant", in: "header", required: true, schema: { type: "string" } },
    { name: "verbose", in: "query", required: false, schema: { type: "boolean" } },
  ]);
});

test("a parameter is required where any that read it require it", async () => {
  const first = dependency({ query: { q: z.string().optional() } }, () => 1);
  const second = dependency({ query: { q: z.string() } }, () => 1);
  class Reads extends Plugin {
    read = get("/", { use: { first, second } }, () => 1);
  }
  expect(parameter((await documentOf(Reads)).paths["/"]?.get, "q")?.required).toBe(true);
});
