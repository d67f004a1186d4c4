import { expect, test } from "vitest";
import { z } from "zod";
import { currentUser, optionalUser } from "../auth/index.ts";
import { dependency } from "../dependency.ts";
import { NotFound } from "../exceptions.ts";
import { del, eventsOf, file, files, get, media, patch, post, streamOf } from "../http/index.ts";
import { Plugin, type PluginClass } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import type { ResponseObject, SecurityRequirement } from "./document.ts";
import { compareAPI, type OpenAPIDocument, type Operation, type SecurityScheme } from "./index.ts";

async function documentOf(plugin: PluginClass): Promise<OpenAPIDocument> {
  await using client = await TestClient.of(plugin);
  return (await (await client.get("/openapi.json")).json()) as OpenAPIDocument;
}

/** What is different, `!` before what breaks clients. */
async function changes(before: PluginClass, after: PluginClass): Promise<string[]> {
  const documents = await Promise.all([before, after].map(documentOf));
  return linesOf(documents[0]!, documents[1]!);
}

/** The same, without what answers are new or gone with it. */
async function inputChanges(before: PluginClass, after: PluginClass): Promise<string[]> {
  return (await changes(before, after)).filter((line) => !line.includes(" answer "));
}

function linesOf(before: OpenAPIDocument, after: OpenAPIDocument): string[] {
  return compareAPI(before, after).map(
    ({ operation, what, breaking }) => `${breaking ? "! " : ""}${operation}: ${what}`,
  );
}

/** A plugin of what its routes say. */
const plugin = (routes: () => object): PluginClass =>
  class Notes extends Plugin {
    constructor() {
      super();
      Object.assign(this, routes());
    }
  };
/** A document of one operation, of which only this is of interest. */
const documentWith = (operation: Partial<Operation>): OpenAPIDocument => ({
  openapi: "3.1.0",
  info: { title: "", version: "" },
  paths: { "/": { get: { tags: [], summary: "", operationId: "a", responses: {}, ...operation } } },
});
const answer = (): never => {
  throw new Error("Nobody asks");
};

test("a route that is gone breaks clients, a new one does not", async () => {
  const before = plugin(() => ({
    a: get("/a", answer),
    b: del("/b/{id}", { status: 204 }, answer),
  }));
  const after = plugin(() => ({ a: get("/a", answer), c: post("/a", answer) }));
  expect(await changes(before, after)).toEqual(["POST /a: new", "! DELETE /b/{id}: gone"]);
  const [change] = compareAPI(await documentOf(before), await documentOf(after));
  expect(change).toEqual({ kind: "operation", operation: "POST /a", what: "new", breaking: false });
});

test("paths are compared by their form: parameters may get other names", async () => {
  const before = plugin(() => ({
    one: get("/notes/{id:int}/part.{format}", { response: z.int() }, answer),
  }));
  const same = plugin(() => ({
    one: get("/notes/{note_id:int}/part.{type}", { response: z.int() }, answer),
  }));
  const other = plugin(() => ({
    one: get("/notes/{id}/part.{format:int}", { response: z.int() }, answer),
  }));
  expect(await changes(before, same)).toEqual([]);
  expect(await changes(before, other)).toEqual([
    '! GET /notes/{id}/part.{format}: path "format": type integer, was string',
    'GET /notes/{id}/part.{format}: path "id": type string, was integer',
  ]);
});

test("an input that is needed now breaks clients; one that may be there, or is read no more, does not", async () => {
  const before = plugin(() => ({
    list: get(
      "/",
      {
        query: { q: z.string().optional(), page: z.int().default(1), sort: z.enum(["a", "b"]) },
        headers: { x_tenant: z.string().optional() },
        cookies: { theme: z.string() },
      },
      answer,
    ),
  }));
  const after = plugin(() => ({
    list: get(
      "/",
      {
        query: {
          q: z.string(),
          page: z.int().max(9).default(1),
          sort: z.enum(["a", "c"]).optional(),
          size: z.int().optional(),
          who: z.string().meta({ deprecated: true }),
        },
        headers: { "X-Tenant": z.string().optional().meta({ deprecated: true }) },
      },
      answer,
    ),
  }));
  expect(await changes(before, after)).toEqual([
    '! GET /: query "page": now at most 9',
    '! GET /: query "q": required now',
    '! GET /: query "sort": no longer takes "b"',
    '! GET /: query "who": new and required',
    'GET /: cookie "theme": no longer read',
    'GET /: header "x-tenant": deprecated now',
    'GET /: query "size": new',
    'GET /: query "sort": optional now',
    'GET /: query "sort": takes "c" too',
  ]);
});

test("the input of dependencies counts as that of the route", async () => {
  const paging = dependency({ query: { page: z.int() } }, () => 1);
  const before = plugin(() => ({ list: get("/", answer) }));
  const after = plugin(() => ({ list: get("/", { use: { paging } }, answer) }));
  expect(await changes(before, after)).toEqual([
    '! GET /: query "page": new and required',
    "GET /: answer 422: new",
  ]);
});

test("fields of a body that are needed or refused now break clients", async () => {
  const before = plugin(() => ({
    add: post(
      "/",
      { body: z.object({ title: z.string().max(100), tags: z.array(z.string()).optional() }) },
      answer,
    ),
  }));
  const after = plugin(() => ({
    add: post(
      "/",
      { body: z.strictObject({ title: z.string().max(50), author: z.object({ id: z.int() }) }) },
      answer,
    ),
  }));
  expect(await changes(before, after)).toEqual([
    "! POST /: body.*: other fields are refused now",
    "! POST /: body.author: new and required",
    "! POST /: body.tags: refused now",
    "! POST /: body.title: at most 50 characters, was at most 100 characters",
  ]);
  expect(await changes(after, before)).toEqual([
    "POST /: body.*: other fields are taken too",
    "POST /: body.author: no longer read",
    "POST /: body.tags: new",
    "POST /: body.title: at most 100 characters, was at most 50 characters",
  ]);
});

test("a body that is needed now breaks clients", async () => {
  const none = plugin(() => ({ add: post("/", answer) }));
  const optional = plugin(() => ({ add: post("/", { body: z.object({}).optional() }, answer) }));
  const needed = plugin(() => ({ add: post("/", { body: z.object({}) }, answer) }));
  const form = plugin(() => ({ add: post("/", { form: { a: z.string() } }, answer) }));
  expect(await inputChanges(none, none)).toEqual([]);
  expect(await inputChanges(none, needed)).toEqual(["! POST /: body: new and required"]);
  expect(await inputChanges(none, optional)).toEqual(["POST /: body: new"]);
  expect(await inputChanges(optional, needed)).toEqual(["! POST /: body: required now"]);
  expect(await inputChanges(needed, optional)).toEqual(["POST /: body: optional now"]);
  expect(await changes(needed, none)).toEqual([
    ...[400, 413, 415, 422].map((status) => `POST /: answer ${status}: gone`),
    "POST /: body: no longer read",
  ]);
  expect(await inputChanges(needed, form)).toEqual([
    "! POST /: body: no longer taken as application/json",
    "POST /: body: taken as application/x-www-form-urlencoded too",
    "POST /: body: taken as multipart/form-data too",
  ]);
});

test("a form is one form, however it is sent; its files have types", async () => {
  const before = plugin(() => ({
    text: patch("/text", { form: { n: z.int(), at: z.string() } }, answer),
    upload: post(
      "/upload",
      {
        form: {
          image: file({ types: ["image/*"] }),
          any: file(),
          list: files({ types: ["text/csv"] }),
          old: file({ types: ["text/csv"] }),
          two: file({ types: ["text/*", "image/png"] }),
        },
      },
      answer,
    ),
  }));
  const after = plugin(() => ({
    text: patch("/text", { form: { n: z.string(), at: z.iso.date() } }, answer),
    upload: post(
      "/upload",
      {
        form: {
          image: file({ types: ["image/png", "image/gif"] }),
          any: file({ types: ["text/csv"] }),
          list: files({ types: ["text/*", "image/png"] }),
          two: file({ types: ["text/csv", "image/png"] }),
        },
      },
      answer,
    ),
  }));
  const found = await changes(before, after);
  expect(found.filter((line) => line.includes("/text"))).toEqual([
    '! PATCH /text: body.at: now format "date"',
    expect.stringContaining("! PATCH /text: body.at: now pattern"),
    "PATCH /text: body.n: type string, was integer",
  ]);
  expect(found.filter((line) => line.includes("/upload"))).toEqual([
    "! POST /upload: body.any: no longer takes */*",
    "! POST /upload: body.image: no longer takes image/*",
    "! POST /upload: body.two: no longer takes text/*",
    "POST /upload: body.list: takes image/png too",
    "POST /upload: body.list: takes text/* too",
    "POST /upload: body.old: no longer read",
  ]);
});

test("an answer that has less, or other things than before, breaks clients", async () => {
  const User = z.object({ id: z.int(), name: z.string(), kind: z.enum(["a", "b"]) });
  const before = plugin(() => ({
    list: get("/", { response: z.array(User) }, answer),
    lines: get("/lines", { response: streamOf(User) }, answer),
    events: get("/events", { response: eventsOf(User) }, answer),
  }));
  const Other = z.object({
    id: z.number(),
    kind: z.enum(["a", "b", "c"]),
    born: z.int().nullable(),
  });
  const after = plugin(() => ({
    list: get("/", { response: z.array(Other) }, answer),
    lines: get("/lines", { response: streamOf(Other) }, answer),
    events: get("/events", { response: eventsOf(Other) }, answer),
  }));
  const lines = [
    "! GET: answer 200, AT.id: type number, was integer",
    '! GET: answer 200, AT.kind: may be "c" too',
    "! GET: answer 200, AT.name: gone",
    "GET: answer 200, AT.born: new",
  ];
  const said = (at: string, path: string) =>
    lines.map((line) => line.replace("GET", `GET ${at}`).replace("AT", path));
  expect(await changes(before, after)).toEqual([
    ...said("/", "[]"),
    ...said("/events", "[].data"),
    ...said("/lines", "[]"),
  ]);
});

test("a success that is gone breaks clients; errors come and go", async () => {
  const before = plugin(() => ({
    add: post("/", { status: 201, responses: { 404: NotFound }, response: z.int() }, answer),
    moved: get("/moved", { status: 307 }, answer),
    file: get("/file", { response: media("text/csv", "image/*") }, answer),
    none: get("/none", { status: 204 }, answer),
  }));
  const after = plugin(() => ({
    add: post("/", { response: z.int(), timeout: 5 }, answer),
    moved: get("/moved", { status: 308 }, answer),
    file: get("/file", { response: media("application/json", "image/png") }, answer),
    none: get("/none", { status: 204, response: z.object({}) }, answer),
  }));
  expect(await changes(before, after)).toEqual([
    "! POST /: answer 201: gone",
    "POST /: answer 200: new",
    "POST /: answer 404: gone",
    "POST /: answer 503: new",
    "! GET /file: answer 200: no longer text/csv",
    "GET /file: answer 200: application/json too",
    "! GET /moved: answer 307: gone",
    "GET /moved: answer 308: new",
  ]);
});

const answering = (headers?: ResponseObject["headers"]) =>
  documentWith({ responses: { 200: { description: "", ...(headers && { headers }) } } });
const header = (type: string) => ({ description: "", schema: { type } });

test("headers of answers count", () => {
  const before = answering({ "X-A": header("string"), "X-B": header("integer") });
  const after = answering({ "X-C": header("string"), "X-B": header("string") });
  expect(linesOf(before, after)).toEqual([
    '! GET /: answer 200, header "X-A": gone',
    '! GET /: answer 200, header "X-B": type string, was integer',
    'GET /: answer 200, header "X-C": new',
  ]);
  expect(linesOf(answering(), before)).toHaveLength(2);
});

test("who had to prove nothing and now has to is broken", async () => {
  const open = plugin(() => ({ a: get("/", answer) }));
  const maybe = plugin(() => ({ a: get("/", { use: { me: optionalUser } }, answer) }));
  const closed = plugin(() => ({ a: get("/", { use: { me: currentUser } }, answer) }));
  const ways = "OAuth2PasswordBearer or APIKeyHeader or CookieSession";
  expect(await inputChanges(open, closed)).toEqual([`! GET /: needs ${ways} now`]);
  expect(await inputChanges(maybe, closed)).toEqual([`! GET /: needs ${ways} now`]);
  expect(await inputChanges(closed, open)).toEqual(["GET /: open to everybody now"]);
  expect(await inputChanges(closed, maybe)).toEqual(["GET /: open to everybody now"]);
  expect(await inputChanges(open, maybe)).toEqual([]);
});

const protectedBy = (
  securitySchemes: Readonly<Record<string, SecurityScheme>>,
  security: readonly SecurityRequirement[],
) => ({ ...documentWith({ security }), components: { securitySchemes } });

test("ways to prove who one is are told apart by what they are, not by their names", () => {
  const bearer = { type: "http", scheme: "bearer" } as const;
  const header = { type: "apiKey", in: "header", name: "X-Key" } as const;
  const named = protectedBy({ Bearer: bearer, Key: header }, [{ Bearer: ["read"] }]);
  const renamed = protectedBy({ Token: { scheme: "bearer", type: "http", description: "New" } }, [
    { Token: ["read"] },
  ]);
  expect(linesOf(named, renamed)).toEqual([]);
  const more = protectedBy({ Bearer: bearer, Key: header }, [
    { Bearer: ["read", "write"] },
    { Key: [] },
  ]);
  expect(linesOf(named, more)).toEqual([
    "! GET /: Bearer is not enough: needs Bearer or Key",
    "GET /: takes Key too",
  ]);
  const both = protectedBy({ Bearer: bearer, Key: header }, [{ Bearer: ["read"], Key: [] }]);
  expect(linesOf(named, both)).toEqual(["! GET /: Bearer is not enough: needs Bearer and Key"]);
  expect(linesOf(both, named)).toEqual(["GET /: takes Bearer too"]);
  expect(linesOf(protectedBy({}, [{ Gone: [] }]), protectedBy({}, [{ Other: [] }]))).toHaveLength(
    2,
  );
});

test("what is deprecated, and what is not any more, is said", async () => {
  const before = plugin(() => ({
    a: get("/a", { deprecated: true }, answer),
    b: get("/b", answer),
  }));
  const after = plugin(() => ({
    a: get("/a", answer),
    b: get("/b", { deprecated: true }, answer),
  }));
  expect(await changes(before, after)).toEqual([
    "GET /a: no longer deprecated",
    "GET /b: deprecated now",
  ]);
});

const twice = (schema: z.ZodType) =>
  plugin(() => ({
    read: get("/", { response: schema }, answer),
    write: post("/", { body: z.object({ one: schema, two: schema }), status: 204 }, answer),
  }));

test("named schemas are compared by what they say: another name is no change", async () => {
  interface Folder {
    name: string;
    inside: Folder[];
  }
  const folder = (id: string, name: z.ZodType<string>): z.ZodType<Folder> => {
    const Folder: z.ZodType<Folder> = z
      .object({ name, inside: z.array(z.lazy(() => Folder)) })
      .meta({ id });
    return Folder;
  };
  const before = twice(folder("Folder", z.string()));
  expect(await changes(before, twice(folder("Directory", z.string())))).toEqual([]);
  expect(await changes(before, twice(folder("Folder", z.string().max(5))))).toEqual([
    "GET /: answer 200, name: now at most 5 characters",
    "! POST /: body.one.name: now at most 5 characters",
    "! POST /: body.two: changes as one does",
  ]);
});

test("a document is the same as itself, and as one of other texts and another order", async () => {
  const User = z.object({ id: z.int(), name: z.string() }).meta({ id: "User" });
  const before = plugin(() => ({
    list: get(
      "/users",
      { query: { q: z.string().optional(), n: z.int() }, response: z.array(User) },
      answer,
    ),
    add: post("/users", { body: User, response: User, status: 201 }, answer),
  }));
  const after = plugin(() => ({
    /** Adds one. */
    create: post("/users", { status: 201, response: User, body: User, tags: ["New"] }, answer),
    list: get(
      "/users",
      {
        response: z.array(User),
        query: { n: z.int().describe("How many"), q: z.string().optional() },
      },
      answer,
    ),
  }));
  expect(await changes(before, before)).toEqual([]);
  expect(await changes(before, after)).toEqual([]);
});
