import { expect, test } from "vitest";
import { z } from "zod";
import { currentUser, optionalUser, requireRole } from "../auth/index.ts";
import { dependency } from "../dependency.ts";
import { HTTPException } from "../exceptions.ts";
import { del, get, head, mount, post, Routes } from "../http/index.ts";
import { Plugin, type PluginClass } from "../plugin/index.ts";
import { rateLimit } from "../ratelimit/index.ts";
import { TestClient } from "../testing/index.ts";
import type { OpenAPIDocument } from "./document.ts";
import type { Documents } from "./index.ts";
import { ProblemSchema } from "./problem-schemas.ts";

async function documentOf(...plugins: PluginClass[]): Promise<OpenAPIDocument> {
  await using client = await TestClient.of(plugins);
  return (await (await client.get("/openapi.json")).json()) as OpenAPIDocument;
}

test("an answer without a schema may be anything, and one without content has none", async () => {
  class Answers extends Plugin {
    any = get("/any", () => 1);
    none = del("/none", { status: 204 }, () => undefined);
    moved = get("/moved", { status: 307 }, () => undefined);
    head = head("/head", { query: { q: z.int() } }, () => undefined);
  }
  const { paths } = await documentOf(Answers);
  expect(paths["/any"]?.get?.responses).toEqual({
    "200": { description: "OK", content: { "application/json": { schema: {} } } },
  });
  expect(paths["/none"]?.delete?.responses).toEqual({ "204": { description: "No Content" } });
  expect(paths["/moved"]?.get?.responses).toEqual({ "307": { description: "Temporary Redirect" } });
  expect(paths["/head"]?.head?.responses).toEqual({
    "200": { description: "OK" },
    "422": { description: "Unprocessable Content" },
  });
});

test("the errors of the platform are documented where they can happen", async () => {
  const protectedThing = dependency({ use: { me: currentUser } }, () => 1);
  class Errors extends Plugin {
    none = get("/none/{id}", () => 1);
    converted = get("/converted/{id:int}", () => 1);
    query = get("/query", { query: { q: z.string() } }, () => 1);
    body = post("/body", { body: z.object({}) }, () => 1);
    form = post("/form", { form: { a: z.string() } }, () => 1);
    slow = get("/slow", { timeout: 5 }, () => 1);
    mine = get("/mine", { use: { protectedThing } }, () => 1);
  }
  const { paths, components } = await documentOf(Errors);
  const statuses = (path: string) =>
    Object.keys(paths[path]?.get?.responses ?? paths[path]?.post?.responses ?? {});
  expect(statuses("/none/{id}")).toEqual(["200"]);
  expect(statuses("/converted/{id}")).toEqual(["200", "422"]);
  expect(statuses("/query")).toEqual(["200", "422"]);
  expect(statuses("/body")).toEqual(["200", "400", "413", "415", "422"]);
  expect(statuses("/form")).toEqual(["200", "400", "413", "415", "422"]);
  expect(statuses("/slow")).toEqual(["200", "503"]);
  expect(statuses("/mine")).toEqual(["200", "401"]);
  expect(paths["/query"]?.get?.responses["422"]?.content).toEqual({
    "application/problem+json": {
      schema: { $ref: "#/components/schemas/ValidationProblem" },
      example: {
        type: "about:blank",
        title: "Unprocessable Content",
        status: 422,
        detail: "1 validation error",
        errors: [{ loc: ["query", "q"], type: "missing", msg: "Field required" }],
      },
    },
  });
  expect(Object.keys(components?.schemas ?? {})).toEqual(["Problem", "ValidationProblem"]);
});

test("a route's further answers are exception classes, schemas, or the problem schema", async () => {
  class UserNotFound extends HTTPException {
    static status = 404;
    static errorCode = "USER_NOT_FOUND";
  }
  class Users extends Plugin {
    read = get(
      "/users/{id}",
      { responses: { 404: UserNotFound, 409: ProblemSchema, 202: z.object({ wait: z.int() }) } },
      () => 1,
    );
  }
  const { responses } = (await documentOf(Users)).paths["/users/{id}"]!.get!;
  expect(responses["404"]).toEqual({
    description: "Not Found: USER_NOT_FOUND",
    content: {
      "application/problem+json": {
        schema: { $ref: "#/components/schemas/Problem" },
        example: {
          type: "about:blank",
          title: "Not Found",
          status: 404,
          detail: "Not Found",
          error_code: "USER_NOT_FOUND",
        },
      },
    },
  });
  expect(responses["409"]?.content).toHaveProperty(["application/problem+json", "schema", "$ref"]);
  expect(responses["202"]?.content?.["application/json"]?.schema).toHaveProperty("properties.wait");
});

test("several errors with one status are several examples", async () => {
  class TooBig extends HTTPException {
    static errorCode = "TOO_BIG";
  }
  class Uploads extends Plugin {
    upload = post("/uploads", { body: z.object({}), responses: { 413: TooBig } }, () => 1);
  }
  const { responses } = (await documentOf(Uploads)).paths["/uploads"]!.post!;
  const media = responses["413"]?.content?.["application/problem+json"];
  expect(Object.keys(media?.examples ?? {})).toEqual(["too large", "TOO_BIG"]);
  expect(media?.example).toBeUndefined();
});

test("with an error format of its own, an app's errors are documented in that format", async () => {
  class Users extends Plugin {
    list = get("/users", { query: { page: z.int() } }, () => 1);
  }
  const errorFormat = {
    mediaType: "application/json",
    write: ({ status, detail }: { status: number; detail: string }) => ({
      code: status,
      message: detail,
    }),
    schema: {
      type: "object",
      properties: { code: { type: "integer" }, message: { type: "string" } },
    },
  };
  await using client = await TestClient.of(Users, { errorFormat });
  const { paths, components } = (await (
    await client.get("/openapi.json")
  ).json()) as OpenAPIDocument;
  expect(paths["/users"]?.get?.responses["422"]?.content).toEqual({
    "application/json": {
      schema: { $ref: "#/components/schemas/Error" },
      example: { code: 422, message: "1 validation error" },
    },
  });
  expect(components?.schemas).toEqual({ Error: errorFormat.schema });
});

const says = (documents: Documents) => dependency({ documents }, () => 1);

test("what a dependency says of its errors and of security is documented", async () => {
  const bearer = { type: "http", scheme: "bearer" } as const;
  const who = says({ security: { schemes: { bearer } }, responses: { 403: HTTPException } });
  const maybe = says({ security: { schemes: { bearer }, optional: true } });
  class Guarded extends Plugin {
    both = get("/both", { use: { who, maybe } }, () => 1);
    open = get("/open", { use: { maybe } }, () => 1);
  }
  const { paths, components } = await documentOf(Guarded);
  expect(paths["/both"]?.get?.security).toEqual([{ bearer: [] }]);
  expect(paths["/open"]?.get?.security).toEqual([{ bearer: [] }, {}]);
  expect(Object.keys(paths["/both"]?.get?.responses ?? {})).toEqual(["200", "403"]);
  expect(components?.securitySchemes).toEqual({ bearer });
});

test("a route that asks who is there documents 401, 403 and how to say it (A9)", async () => {
  class Guarded extends Plugin {
    mine = get("/mine", { use: { me: currentUser } }, () => 1);
    needs = get("/needs", { permission: "a" }, () => 1);
    role = get("/role", { role: "boss", use: { me: currentUser, user: optionalUser } }, () => 1);
    maybe = get("/maybe", { use: { user: optionalUser } }, () => 1);
    open = get("/open", () => 1);
    inner = mount("/inner", Inner, { permission: "b" });
    @get("/decorated")
    @requireRole("boss")
    decorated() {}
  }
  const { paths, components } = await documentOf(Guarded);
  const security = [{ OAuth2PasswordBearer: [] }, { APIKeyHeader: [] }, { CookieSession: [] }];
  const told = (path: string) => {
    const operation = paths[path]?.get;
    return [
      operation?.security,
      Object.keys(operation?.responses ?? {})
        .slice(1)
        .join(),
    ];
  };
  expect(told("/mine")).toEqual([security, "401"]);
  for (const path of ["/needs", "/role", "/inner/one", "/decorated"])
    expect(told(path)).toEqual([security, "401,403"]);
  expect(told("/maybe")).toEqual([[...security, {}], ""]);
  expect(told("/open")).toEqual([undefined, ""]);
  expect(components?.securitySchemes).toEqual({
    APIKeyHeader: { type: "apiKey", in: "header", name: "X-API-Key" },
    CookieSession: { type: "apiKey", in: "cookie", name: "nexus_session" },
    OAuth2PasswordBearer: {
      type: "oauth2",
      flows: { password: { tokenUrl: "/auth/login", refreshUrl: "/auth/refresh", scopes: {} } },
    },
  });
});
class Inner extends Routes {
  one = get("/one", () => 1);
}

test("a limited route documents its 429 and the headers that come with it", async () => {
  class Limited extends Plugin {
    search = get("/search", { rateLimit: { requests: 10, window: 60 } }, () => 1);
    @get("/decorated")
    @rateLimit({ requests: 10, window: 60 })
    decorated() {}
    open = get("/open", { responses: { 429: ProblemSchema } }, () => 1);
  }
  const { paths } = await documentOf(Limited);
  for (const path of ["/search", "/decorated"]) {
    expect(paths[path]?.get?.responses["429"]).toMatchObject({
      description: "Too Many Requests",
      headers: {
        RateLimit: { schema: { type: "string" } },
        "RateLimit-Policy": { schema: { type: "string" } },
        "Retry-After": { schema: { type: "integer" } },
      },
      content: {
        "application/problem+json": {
          example: { status: 429, error_code: "RATE_LIMIT_EXCEEDED", retry_after: 42 },
        },
      },
    });
  }
  expect(paths["/open"]?.get?.responses["429"]).not.toHaveProperty("headers");
});
