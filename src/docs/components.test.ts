import { expect, test } from "vitest";
import { z } from "zod";
import { get, post } from "../http/index.ts";
import { Plugin, type PluginClass } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import type { JSONSchema, Schema } from "../validation/index.ts";
import type { OpenAPIDocument } from "./document.ts";

async function documentOf(...plugins: PluginClass[]): Promise<OpenAPIDocument> {
  await using client = await TestClient.of(plugins);
  return (await (await client.get("/openapi.json")).json()) as OpenAPIDocument;
}

/** The named schemas of plugins, without the platform's own. */
async function schemasOf(...plugins: PluginClass[]): Promise<Record<string, JSONSchema>> {
  const {
    Problem: _,
    ValidationProblem: __,
    ...schemas
  } = (await documentOf(...plugins)).components?.schemas ?? {};
  return schemas;
}

const answerOf = ({ paths }: OpenAPIDocument, path: string): JSONSchema | undefined =>
  paths[path]?.get?.responses["200"]?.content?.["application/json"]?.schema;

test("a schema with an id stands once in the document, wherever it is used", async () => {
  const Address = z.object({ street: z.string() }).meta({ id: "Address" });
  const User = z
    .object({ name: z.string(), home: Address.nullable() })
    .meta({ id: "User", title: "A user" });
  class Users extends Plugin {
    list = get("/users", { response: z.object({ items: z.array(User) }) }, () => ({ items: [] }));
    first = get("/first", { response: User.describe("The first") }, () => ({
      name: "a",
      home: null,
    }));
    home = get("/home", { response: Address }, () => ({ street: "a" }));
  }
  const document = await documentOf(Users);
  expect(document.components?.schemas).toEqual({
    Address: { type: "object", properties: { street: { type: "string" } }, required: ["street"] },
    User: {
      type: "object",
      title: "A user",
      properties: {
        name: { type: "string" },
        home: { anyOf: [{ $ref: "#/components/schemas/Address" }, { type: "null" }] },
      },
      required: ["name", "home"],
    },
  });
  expect(answerOf(document, "/home")).toEqual({ $ref: "#/components/schemas/Address" });
  expect(answerOf(document, "/first")).toEqual({
    $ref: "#/components/schemas/User",
    description: "The first",
  });
  expect(answerOf(document, "/users")?.properties?.["items"]).toEqual({
    type: "array",
    items: { $ref: "#/components/schemas/User" },
  });
});

test("where a body and an answer have different forms, the body's is called Input", async () => {
  const User = z
    .object({ name: z.string(), tags: z.array(z.string()).default([]) })
    .meta({ id: "User" });
  const Same = z.strictObject({ name: z.string() }).meta({ id: "Same" });
  class Users extends Plugin {
    read = get("/", { response: User }, () => ({ name: "", tags: [] }));
    create = post("/users", { body: User }, () => 1);
    same = post("/same", { body: Same, response: Same }, ({ body }) => body);
  }
  const schemas = await schemasOf(Users);
  expect(Object.keys(schemas)).toEqual(["Same", "User", "UserInput"]);
  expect(schemas["User"]?.required).toEqual(["name", "tags"]);
  expect(schemas["UserInput"]?.required).toEqual(["name"]);
  expect(schemas["Same"]?.additionalProperties).toBe(false);
});

test("a schema that only bodies have keeps its name", async () => {
  const User = z.object({ tags: z.array(z.string()).default([]) }).meta({ id: "User" });
  class Users extends Plugin {
    create = post("/users", { body: User }, () => 1);
  }
  expect(Object.keys(await schemasOf(Users))).toEqual(["User"]);
});

test("of two different schemas with one id the second gets a number, whoever starts first", async () => {
  class One extends Plugin {
    read = get("/a", { response: z.object({ a: z.int() }).meta({ id: "Thing" }) }, () => ({
      a: 1,
    }));
  }
  class Two extends Plugin {
    read = get("/b", { response: z.object({ b: z.int() }).meta({ id: "Thing" }) }, () => ({
      b: 1,
    }));
  }
  const schemas = await schemasOf(One, Two);
  expect(schemas["Thing"]?.required).toEqual(["a"]);
  expect(schemas["Thing2"]?.required).toEqual(["b"]);
  expect(await schemasOf(Two, One)).toEqual(schemas);
});

const pageOf = (item: z.ZodType): Schema<unknown, { items: unknown[] }> =>
  z.object({ items: z.array(item.meta({ id: "Item" })) }).meta({ id: "Page" });

test("two schemas with one id that refer to different ones are different", async () => {
  class Pages extends Plugin {
    a = get("/a", { response: pageOf(z.string()) }, () => ({ items: [] }));
    b = get("/b", { response: pageOf(z.int()) }, () => ({ items: [] }));
  }
  const schemas = await schemasOf(Pages);
  expect(Object.keys(schemas)).toEqual(["Item", "Item2", "Page", "Page2"]);
  expect(schemas["Page2"]?.properties?.["items"]?.items).toEqual({
    $ref: "#/components/schemas/Item2",
  });
});

test("recursive schemas are described, with a name of their own or one of the route's", async () => {
  interface Tree {
    value: number;
    children: Tree[];
  }
  const Tree: z.ZodType<Tree> = z
    .object({ value: z.number(), children: z.array(z.lazy(() => Tree)) })
    .meta({ id: "Tree" });
  const Nameless: z.ZodType<Tree> = z.object({
    value: z.number(),
    children: z.array(z.lazy(() => Nameless)),
  });
  class Trees extends Plugin {
    tree = get("/tree", { response: Tree }, () => ({ value: 1, children: [] }));
    nameless = get("/nameless", { response: Nameless }, () => ({ value: 1, children: [] }));
    list = get("/list", { response: z.array(Nameless) }, () => []);
  }
  const document = await documentOf(Trees);
  const schemas = document.components?.schemas ?? {};
  // The list comes first in the document, and it is the same schema.
  expect(Object.keys(schemas)).toEqual(["Tree", "trees_list_response"]);
  expect(schemas["Tree"]?.properties?.["children"]?.items).toEqual({
    $ref: "#/components/schemas/Tree",
  });
  const nameless = { $ref: "#/components/schemas/trees_list_response" };
  expect(schemas["trees_list_response"]?.properties?.["children"]?.items).toEqual(nameless);
  expect(answerOf(document, "/nameless")).toEqual(nameless);
  expect(answerOf(document, "/list")).toEqual({ type: "array", items: nameless });
});

test("marks of validators and of the platform do not show, members with such names do", async () => {
  const Odd = z.object({
    id: z.string(),
    $ref: z.string(),
    when: z.date(),
    big: z.bigint(),
    count: z.int(),
  });
  class Odds extends Plugin {
    read = get("/", { response: Odd }, () => ({
      id: "",
      $ref: "",
      when: new Date(),
      big: 1n,
      count: 1,
    }));
  }
  expect(answerOf(await documentOf(Odds), "/")?.properties).toEqual({
    id: { type: "string" },
    $ref: { type: "string" },
    when: { type: "string", format: "date-time" },
    big: { type: "integer" },
    count: { type: "integer" },
  });
});

test("names that a document cannot have are written with underscores", async () => {
  class Odd extends Plugin {
    read = get("/", { response: z.string().meta({ id: "a/b c" }) }, () => "");
  }
  expect(Object.keys(await schemasOf(Odd))).toEqual(["a_b_c"]);
});

test("schemas of any library are described that carries JSON Schema", async () => {
  const jsonSchema = { id: "Plain", type: "object", properties: { next: { $ref: "#" } } };
  const Plain = {
    "~standard": {
      version: 1,
      vendor: "mine",
      validate: (value: unknown) => ({ value }),
      jsonSchema: { input: () => jsonSchema, output: () => jsonSchema },
    },
  } as Schema;
  const { type } = await import("arktype");
  const Ark = type({ name: "string", "age?": "number" });
  class Others extends Plugin {
    plain = get("/plain", { response: Plain }, () => ({}));
    ark = get("/ark", { response: Ark }, () => ({ name: "" }));
  }
  const document = await documentOf(Others);
  expect(answerOf(document, "/plain")).toEqual({ $ref: "#/components/schemas/Plain" });
  expect(document.components?.schemas?.["Plain"]?.properties).toEqual({
    next: { $ref: "#/components/schemas/Plain" },
  });
  expect(answerOf(document, "/ark")).toMatchObject({ type: "object", required: ["name"] });
});
