import { expect, test } from "vitest";
import { z } from "zod";
import { answer, changes, inputChanges, plugin } from "../../test/differences.ts";
import { dependency } from "../dependency.ts";
import { file, files, get, patch, post } from "../http/index.ts";

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
