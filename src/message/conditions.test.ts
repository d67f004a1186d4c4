import { beforeAll, expect, test } from "vitest";
import { get, post } from "../http/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { FileResponse } from "./file-response.ts";

const changed = "Mon, 06 May 2024 07:08:09 GMT";
const before = "Mon, 06 May 2024 07:08:08 GMT";
const after = "Mon, 06 May 2024 07:08:10 GMT";

class Files extends Plugin {
  strong = get("/strong", () => file('"a"'));
  weak = get("/weak", () => file('W/"a"'));
  untagged = get("/untagged", () => file(undefined));
  posted = post("/strong", () => file('"a"'));
  own = get("/own", () => file('"a"', { ETag: '"own"', "Last-Modified": before }));
}
function file(etag: string | undefined, headers: Record<string, string> = {}): FileResponse {
  const modified = new Date("2024-05-06T07:08:09.900Z");
  const bytes = Buffer.from("0123456789");
  return new FileResponse(
    {
      size: 10,
      etag,
      modified,
      async *read(start, end) {
        yield bytes.subarray(start, end);
      },
    },
    { filename: "a.txt", headers: { "Cache-Control": "max-age=5", ...headers } },
  );
}

let client: TestClient;
beforeAll(async () => {
  client = await TestClient.of(Files);
  return () => client[Symbol.asyncDispose]();
});

async function statusOf(path: string, headers: Record<string, string>): Promise<number> {
  return (await client.get(path, { headers })).status;
}

test("what a client has already is not sent again: 304 (decision 10)", async () => {
  const cases: [path: string, noneMatch: string, status: number][] = [
    ["/strong", '"a"', 304],
    ["/strong", 'W/"a"', 304],
    ["/strong", '"b", W/"c" ,"a"', 304],
    ["/strong", '"a,b", "a"', 304],
    ["/strong", "*", 304],
    ["/strong", '"b"', 200],
    ["/strong", "a", 200],
    ["/strong", "", 200],
    ["/strong", '"A"', 200],
    ["/weak", '"a"', 304],
    ["/untagged", '"a"', 200],
    ["/untagged", "*", 304],
  ];
  for (const [path, value, status] of cases)
    expect([path, value, await statusOf(path, { "If-None-Match": value })]).toEqual([
      path,
      value,
      status,
    ]);
});

test("a 304 has the tag and what is said of keeping, nothing of a body", async () => {
  const response = await client.get("/strong", { headers: { "if-none-match": '"a"' } });
  expect(await response.text()).toBe("");
  const { "x-request-id": _, "x-content-type-options": __, ...headers } = response.headers.toJSON();
  expect(headers).toEqual({ "cache-control": "max-age=5", etag: '"a"', "last-modified": changed });
  const head = await client.head("/strong", { headers: { "if-none-match": '"a"' } });
  expect(head.status).toBe(304);
});

test("dates count in whole seconds, and only where no tags are named", async () => {
  for (const [since, status] of Object.entries({ [before]: 200, [changed]: 304, [after]: 304 }))
    expect([since, await statusOf("/strong", { "If-Modified-Since": since })]).toEqual([
      since,
      status,
    ]);
  expect(await statusOf("/strong", { "If-None-Match": '"b"', "If-Modified-Since": after })).toBe(
    200,
  );
  expect(await statusOf("/strong", { "If-None-Match": '"a"', "If-Modified-Since": before })).toBe(
    304,
  );
});

test("the two old forms of a date are read; another one says nothing", async () => {
  const dates = {
    "Monday, 06-May-24 07:08:09 GMT": 304,
    "Mon May  6 07:08:09 2024": 304,
    "2024-05-06T07:08:09Z": 200,
    "Mon, 06 May 2124 07:08:09": 200,
    "9999999999": 200,
    "Mon, 99 May 2024 07:08:09 GMT": 200,
  };
  for (const [date, status] of Object.entries(dates))
    expect([date, await statusOf("/strong", { "If-Modified-Since": date })]).toEqual([
      date,
      status,
    ]);
});

test("who wants a state that is no more is told so: 412", async () => {
  const cases: [path: string, match: string, status: number][] = [
    ["/strong", '"a"', 200],
    ["/strong", '"b", "a"', 200],
    ["/strong", "*", 200],
    ["/untagged", "*", 200],
    ["/strong", '"b"', 412],
    ["/strong", 'W/"a"', 412],
    ["/weak", 'W/"a"', 412],
    ["/untagged", '"a"', 412],
  ];
  for (const [path, value, status] of cases)
    expect([path, value, await statusOf(path, { "If-Match": value })]).toEqual([
      path,
      value,
      status,
    ]);
  expect(await statusOf("/strong", { "If-Unmodified-Since": before })).toBe(412);
  expect(await statusOf("/strong", { "If-Unmodified-Since": changed })).toBe(200);
  expect(await statusOf("/strong", { "If-Match": '"a"', "If-Unmodified-Since": before })).toBe(200);
  expect(await statusOf("/strong", { "If-Match": '"b"', "If-None-Match": '"a"' })).toBe(412);
});

test("a 412 is a problem document", async () => {
  const response = await client.get("/strong", { headers: { "if-match": '"b"' } });
  expect(await response.json()).toMatchObject({ status: 412, title: "Precondition Failed" });
});

test("a part is sent to those whose other parts are of the same state, else the whole (F6)", async () => {
  const cases: [path: string, condition: string, status: number][] = [
    ["/strong", '"a"', 206],
    ["/strong", changed, 206],
    ["/strong", '"b"', 200],
    ["/strong", before, 200],
    ["/strong", after, 200],
    ["/strong", 'W/"a"', 200],
    ["/strong", "nonsense", 200],
    ["/weak", 'W/"a"', 200],
    ["/weak", '"a"', 200],
    ["/untagged", '"a"', 200],
    ["/untagged", changed, 206],
  ];
  for (const [path, condition, status] of cases) {
    const headers = { Range: "bytes=2-3", "If-Range": condition };
    const response = await client.get(path, { headers });
    const text = status === 206 ? "23" : "0123456789";
    expect([path, condition, response.status, await response.text()]).toEqual([
      path,
      condition,
      status,
      text,
    ]);
  }
  // What is not to be looked at is not found malformed either.
  expect(await statusOf("/strong", { Range: "bytes=99-", "If-Range": '"b"' })).toBe(200);
});

test("a known file is a 304 whatever part of it is asked for", async () => {
  expect(await statusOf("/strong", { Range: "bytes=0-1", "If-None-Match": '"a"' })).toBe(304);
});

test("the tag and the date that count are those that were sent", async () => {
  const cases: [asked: Record<string, string>, status: number][] = [
    [{ "If-None-Match": '"own"' }, 304],
    [{ "If-None-Match": '"a"' }, 200],
    [{ "If-Match": '"own"' }, 200],
    [{ "If-Match": '"a"' }, 412],
    [{ "If-Modified-Since": before }, 304],
    [{ "If-Unmodified-Since": before }, 200],
    [{ Range: "bytes=0-1", "If-Range": '"own"' }, 206],
    [{ Range: "bytes=0-1", "If-Range": before }, 206],
    [{ Range: "bytes=0-1", "If-Range": changed }, 200],
  ];
  for (const [asked, status] of cases)
    expect([asked, await statusOf("/own", asked)]).toEqual([asked, status]);
});

test("what has been done already cannot be refused any more: POST knows no conditions", async () => {
  const headers = { "If-None-Match": "*", "If-Match": '"b"', Range: "bytes=0-1" };
  expect((await client.post("/strong", { headers })).status).toBe(200);
});
