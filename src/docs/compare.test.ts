import { expect, test } from "vitest";
import { z } from "zod";
import {
  answer,
  changes,
  documentOf,
  documentWith,
  inputChanges,
  linesOf,
  plugin,
} from "../../test/differences.ts";
import { currentUser, optionalUser } from "../auth/index.ts";
import { del, get, post } from "../http/index.ts";
import type { SecurityRequirement } from "./document.ts";
import { compareAPI, type SecurityScheme } from "./index.ts";

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
