import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { get } from "../http/index.ts";
import { FileResponse } from "../message/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { compression } from "./compression.ts";

const text = "All work and no play makes Jack a dull boy. ".repeat(100);

test("a file goes compressed, in ranges as it is, and is known again by its weak tag", async () => {
  const bytes = Buffer.from(text);
  class Files extends Plugin {
    read = get("/", () => {
      const read = async function* (start: number, end: number) {
        yield bytes.subarray(start, end);
      };
      return new FileResponse({ size: bytes.length, etag: "v1", contentType: "text/plain", read });
    });
  }
  await using client = await TestClient.of(Files, { middleware: [compression()] });
  const asking = { "Accept-Encoding": "gzip" };
  const whole = await client.get("/", { headers: asking });
  expect([encodingOf(whole), gunzipSync(whole.bytes()).toString()]).toEqual(["gzip", text]);
  const etag = whole.headers.get("etag")!;
  const known = await client.get("/", { headers: { ...asking, "If-None-Match": etag } });
  expect([known.status, known.headers.get("etag")]).toEqual([304, etag]);
  expect(known.headers.get("vary")).toBe("Accept-Encoding");
  const part = await client.get("/", { headers: { ...asking, Range: "bytes=0-7" } });
  expect([part.status, encodingOf(part), await part.text()]).toEqual([206, null, "All work"]);
  // The weak tag is of no use to continue with: the bytes would not fit.
  const headers = { ...asking, Range: "bytes=0-7", "If-Range": etag };
  expect((await client.get("/", { headers })).status).toBe(200);
  const head = await client.head("/", { headers: asking });
  expect([encodingOf(head), head.headers.get("content-length")]).toEqual(["gzip", null]);
});

test("what did not go compressed is known again by its strong tag", async () => {
  for (const contentType of ["image/png", "text/plain"]) {
    class Small extends Plugin {
      read = get("/", () => {
        return new FileResponse({ size: 900, etag: "v1", contentType, read: zeros });
      });
    }
    await using client = await TestClient.of(Small, { middleware: [compression()] });
    const asking = { "Accept-Encoding": "gzip" };
    expect((await client.get("/", { headers: asking })).headers.get("etag")).toBe('"v1"');
    const known = await client.get("/", { headers: { ...asking, "If-None-Match": '"v1"' } });
    expect([known.status, known.headers.get("etag")]).toEqual([304, '"v1"']);
  }
});

async function* zeros(start: number, end: number): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(end - start);
}

const encodingOf = ({ headers }: { readonly headers: { get(name: string): string | null } }) =>
  headers.get("content-encoding");
