import { expect, test } from "vitest";
import { z } from "zod";
import { answer, changes, documentWith, linesOf, plugin } from "../../test/differences.ts";
import { NotFound } from "../exceptions.ts";
import { eventsOf, get, media, post, streamOf } from "../http/index.ts";
import type { ResponseObject } from "./document.ts";

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
