import { expect, test } from "vitest";
import { z } from "zod";
import { alias, file, files, get, mount, post, put, Routes } from "../http/index.ts";
import { Plugin, type PluginClass } from "../plugin/index.ts";
import { pluginNamed, TestClient } from "../testing/index.ts";
import type { OpenAPIDocument } from "./document.ts";

async function documentOf(...plugins: PluginClass[]): Promise<OpenAPIDocument> {
  await using client = await TestClient.of(plugins);
  return (await (await client.get("/openapi.json")).json()) as OpenAPIDocument;
}

test("the document is OpenAPI 3.1, with a title and a version that the app may set", async () => {
  class Empty extends Plugin {}
  expect(await documentOf(Empty)).toEqual({
    openapi: "3.1.0",
    info: { title: "Nexus API", version: "0.1.0" },
    paths: {},
  });
  const servers = [{ url: "https://api.example.com" }];
  const docs = { title: "Shop", version: "2.0.0", description: "All of it.", servers };
  await using client = await TestClient.of(Empty, { docs });
  expect(await (await client.get("/openapi.json")).json()).toMatchObject({
    info: { title: "Shop", version: "2.0.0", description: "All of it." },
    servers,
  });
});

test("an operation is named after its plugin and member, and tagged with its plugin", async () => {
  class UserRoutes extends Routes {
    list = get("/users", () => []);
  }
  class MyPlugin extends Plugin {
    listAllUsers = get("/all", () => []);
    userRoutes = mount("/organised", UserRoutes, { tags: ["Users"] });
    named = get(
      "/named",
      { operationId: "mine", summary: "Mine", description: "All mine." },
      () => 1,
    );
    old = get("/old", { deprecated: true }, () => 1);
    secret = get("/secret", { hidden: true }, () => 1);
  }
  await using client = await TestClient.of(pluginNamed(MyPlugin, { title: "My Plugin" }));
  const { paths } = (await (await client.get("/openapi.json")).json()) as OpenAPIDocument;
  expect(paths["/all"]?.get).toMatchObject({
    operationId: "my-plugin_listAllUsers",
    summary: "List all users",
    tags: ["My Plugin"],
  });
  expect(paths["/organised/users"]?.get).toMatchObject({
    operationId: "my-plugin_userRoutes_list",
    tags: ["Users"],
  });
  expect(paths["/named"]?.get).toMatchObject({
    operationId: "mine",
    summary: "Mine",
    description: "All mine.",
  });
  expect(paths["/old"]?.get?.deprecated).toBe(true);
  expect(paths["/secret"]).toBeUndefined();
});

test("two operations never have one name", async () => {
  class Twins extends Plugin {
    a = get("/a", { operationId: "same" }, () => 1);
    b = get("/b", { operationId: "same" }, () => 1);
  }
  const { paths } = await documentOf(Twins);
  expect([paths["/a"]?.get?.operationId, paths["/b"]?.get?.operationId]).toEqual([
    "same",
    "same_2",
  ]);
});

test("a JSON body is described as what is accepted, an answer as what leaves", async () => {
  const Note = z.object({ text: z.string().min(1), pinned: z.boolean().default(false) });
  class Notes extends Plugin {
    create = post("/notes", { body: Note, response: Note, status: 201 }, ({ body }) => body);
    change = put("/notes", { body: Note.optional() }, () => 1);
  }
  const { paths } = await documentOf(Notes);
  const properties = {
    text: { type: "string", minLength: 1 },
    pinned: { type: "boolean", default: false },
  };
  expect(paths["/notes"]?.post?.requestBody).toEqual({
    required: true,
    content: {
      "application/json": { schema: { type: "object", properties, required: ["text"] } },
    },
  });
  expect(paths["/notes"]?.post?.responses["201"]).toEqual({
    description: "Created",
    content: {
      "application/json": { schema: { type: "object", properties, required: ["text", "pinned"] } },
    },
  });
  expect(paths["/notes"]?.put?.requestBody?.required).toBe(false);
});

test("a form is described as an object of its fields, in both of its types", async () => {
  const form = { name: z.string(), age: z.int().optional(), nick: alias("nick-name", z.string()) };
  class Forms extends Plugin {
    send = post("/form", { form }, () => 1);
    whole = post("/whole", { form: z.object({ name: z.string().optional() }) }, () => 1);
  }
  const { paths } = await documentOf(Forms);
  const schema = {
    type: "object",
    properties: {
      name: { type: "string" },
      age: { type: "integer" },
      "nick-name": { type: "string" },
    },
    required: ["name", "nick-name"],
  };
  expect(paths["/form"]?.post?.requestBody).toEqual({
    required: true,
    content: { "application/x-www-form-urlencoded": { schema }, "multipart/form-data": { schema } },
  });
  expect(paths["/whole"]?.post?.requestBody?.required).toBe(false);
});

test("a form with files is multipart, its files binary, their types named (O5)", async () => {
  const form = {
    title: z.string(),
    image: file({ types: ["image/png", "image/*"], maxSize: "2MB" }),
    more: alias("more[]", files({ min: 0, max: 3, maxSize: 1000 })),
  };
  class Forms extends Plugin {
    send = post("/form", { form }, () => 1);
    plain = post("/plain", { form: { file: file({ optional: true }) } }, () => 1);
  }
  const { paths } = await documentOf(Forms);
  const binary = { type: "string", contentMediaType: "application/octet-stream" };
  const items = { ...binary, format: "binary", description: "At most 1000 bytes" };
  expect(paths["/form"]?.post?.requestBody).toEqual({
    required: true,
    content: {
      "multipart/form-data": {
        schema: {
          type: "object",
          properties: {
            title: { type: "string" },
            image: { ...binary, description: "At most 2MB" },
            "more[]": { type: "array", items, minItems: 0, maxItems: 3, default: [] },
          },
          required: ["title", "image"],
        },
        encoding: { image: { contentType: "image/png, image/*" } },
      },
    },
  });
  const plain = paths["/plain"]?.post?.requestBody;
  expect([plain?.required, Object.keys(plain?.content["multipart/form-data"] ?? {})]).toEqual([
    false,
    ["schema"],
  ]);
});
