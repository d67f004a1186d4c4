import { promisify } from "node:util";
import { brotliDecompress, gunzip, zstdDecompress } from "node:zlib";
import { expect, test } from "vitest";
import { get, post } from "../http/index.ts";
import { type Body, Response, StreamingResponse } from "../message/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { compression, type CompressionOptions } from "./compression.ts";
import { cors } from "./cors.ts";

const text = "All work and no play makes Jack a dull boy. ".repeat(100);
const decoders = {
  gzip: promisify(gunzip),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

interface Answer {
  readonly body?: Body | Iterable<string>;
  readonly status?: number;
  readonly headers?: Record<string, string>;
}

async function ask(
  { body = text, status, headers = { "Content-Type": "text/plain" } }: Answer,
  accept: string | undefined = "gzip",
  options?: CompressionOptions,
  method = "GET",
  asking: Record<string, string> = {},
) {
  const answer = (): Response =>
    typeof body === "string" || body === null || body instanceof Uint8Array
      ? new Response(body, { status, headers })
      : new StreamingResponse(body, { status, headers });
  class Texts extends Plugin {
    read = get("/", answer);
    make = post("/", answer);
  }
  await using client = await TestClient.of(Texts, { middleware: [compression(options)] });
  return await client.request(method, "/", {
    headers: { ...asking, ...(accept !== "" && { "Accept-Encoding": accept }) },
  });
}

async function varyOf(Vary: string): Promise<string[]> {
  const { headers } = await ask({ headers: { "Content-Type": "text/plain", Vary } });
  return headers.getAll("vary");
}

type Answered = Awaited<ReturnType<typeof ask>>;
const encodingOf = ({ headers }: Answered) => headers.get("content-encoding");
async function decoded(response: Answered): Promise<string> {
  const encoding = encodingOf(response) as keyof typeof decoders | null;
  const bytes = response.bytes();
  return (encoding ? await decoders[encoding](bytes) : Buffer.from(bytes)).toString();
}

test("a text goes in the best encoding that the client takes", async () => {
  const cases: Record<string, string | null> = {
    gzip: "gzip",
    "gzip, deflate, br, zstd": "zstd",
    "gzip, br": "br",
    "GZIP;Q=0.5": "gzip",
    "x-gzip": "gzip",
    "gzip;q=1.0, br;q=0.5": "gzip",
    "zstd;q=0, br;q=0, *": "gzip",
    "*": "zstd",
    "*;q=0": null,
    "deflate, compress": null,
    identity: null,
    "identity;q=1, gzip;q=0.5": null,
    "identity;q=0, gzip;q=0.1": "gzip",
    "identity;q=0.5, gzip;q=0.5": "gzip",
    "gzip;q=0": null,
    "gzip;q=nonsense": null,
    ",": null,
    "": null,
  };
  for (const [accept, encoding] of Object.entries(cases)) {
    const response = await ask({}, accept);
    expect([accept, encodingOf(response)]).toEqual([accept, encoding]);
    expect(await decoded(response)).toBe(text);
    if (encoding) expect(response.bytes().byteLength).toBeLessThan(text.length / 10);
    // Others may get it otherwise, so a cache has to know, also where nothing was compressed.
    expect(response.headers.get("vary")).toBe("Accept-Encoding");
  }
});

test("encodings may be left out, and stand in another order", async () => {
  const encodings = ["gzip", "br"] as const;
  expect(encodingOf(await ask({}, "zstd, br, gzip", { encodings }))).toBe("gzip");
  expect(encodingOf(await ask({}, "zstd", { encodings }))).toBeNull();
});

test("options that mean nothing are refused where the layer is made", () => {
  for (const encodings of [[], ["deflate"]])
    expect(() => compression({ encodings: encodings as never })).toThrow(
      expect.objectContaining({ code: "NX_COMPRESSION" }),
    );
  expect(() => compression({ threshold: "1 KB" as never })).toThrow("1 KB");
});

test("a short text is not worth it, except to those who take nothing else", async () => {
  const body = "x".repeat(1023);
  expect(encodingOf(await ask({ body }))).toBeNull();
  expect(encodingOf(await ask({ body: `${body}x` }))).toBe("gzip");
  expect(encodingOf(await ask({ body }, "gzip", { threshold: 1000 }))).toBe("gzip");
  for (const accept of ["identity;q=0, gzip", "*;q=0, gzip"]) {
    const only = await ask({ body: "short" }, accept);
    expect([encodingOf(only), await decoded(only)]).toEqual(["gzip", "short"]);
  }
});

test("bytes of text are compressed, pictures and archives are not", async () => {
  const types: Record<string, boolean> = {
    "text/html; charset=utf-8": true,
    "application/json": true,
    "application/problem+json": true,
    "application/x-ndjson": true,
    "image/svg+xml": true,
    "application/wasm": true,
    "font/ttf": true,
    "image/png": false,
    "application/zip": false,
    "application/octet-stream": false,
    "font/woff2": false,
    "application/jsonx": false,
    "video/mp4": false,
  };
  for (const [type, isCompressed] of Object.entries(types)) {
    const response = await ask({ body: Buffer.from(text), headers: { "Content-Type": type } });
    expect([type, encodingOf(response)]).toEqual([type, isCompressed ? "gzip" : null]);
    expect(response.headers.has("vary")).toBe(isCompressed);
  }
  expect(encodingOf(await ask({ body: Buffer.from(text), headers: {} }))).toBeNull();
});

test("what is encoded already, a part, or not to be touched stays as it is", async () => {
  const type = { "Content-Type": "text/plain" };
  const untouched: Answer[] = [
    { headers: { ...type, "Content-Encoding": "br" } },
    { headers: { ...type, "Cache-Control": "public, no-transform" } },
    { headers: { ...type, "Content-Range": "bytes 0-9/10" }, status: 206 },
    { headers: type, status: 206 },
    { headers: { ...type, "Content-Range": "bytes */10" }, status: 416 },
  ];
  for (const answer of untouched) {
    const response = await ask(answer);
    expect([encodingOf(response), await response.text()]).toEqual([
      answer.headers?.["Content-Encoding"] ?? null,
      text,
    ]);
  }
  for (const status of [204, 205]) {
    const empty = await ask({ body: null, status, headers: type }, "gzip, identity;q=0");
    const { headers } = empty;
    expect([encodingOf(empty), headers.has("vary"), empty.bytes().length]).toEqual([
      null,
      false,
      0,
    ]);
  }
});

test("the length and the ranges are left out, a strong tag becomes a weak one", async () => {
  const headers = {
    "Content-Type": "text/plain",
    ETag: '"a"',
    "Accept-Ranges": "bytes",
    "Content-Length": String(text.length),
    "X-Other": "stays",
  };
  const response = await ask({ headers });
  expect(response.headers.toJSON()).toMatchObject({ etag: 'W/"a"', "x-other": "stays" });
  expect([response.headers.has("accept-ranges"), response.headers.has("content-length")]).toEqual([
    false,
    false,
  ]);
  const weak = await ask({ headers: { ...headers, ETag: 'W/"b"' } });
  expect(weak.headers.get("etag")).toBe('W/"b"');
});

test("other fields in Vary stay, and nothing is said twice", async () => {
  expect(await varyOf("Origin")).toEqual(["Origin, Accept-Encoding"]);
  expect(await varyOf("accept-encoding, Origin")).toEqual(["accept-encoding, Origin"]);
  expect(await varyOf("*")).toEqual(["*"]);
});

test("errors and cookies keep all they have, inside of other layers and outside", async () => {
  class Texts extends Plugin {
    read = get("/", () => {
      const response = new Response(text);
      response.setCookie("a", "1");
      response.setCookie("b", "2");
      return response;
    });
  }
  for (const middleware of [
    [compression(), cors({ origins: ["https://a.example"] })],
    [cors({ origins: ["https://a.example"] }), compression()],
  ]) {
    await using client = await TestClient.of(Texts, { middleware });
    const response = await client.get("/", {
      headers: { "Accept-Encoding": "br", Origin: "https://a.example" },
    });
    expect(response.headers.getSetCookie()).toHaveLength(2);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://a.example");
    expect(response.headers.get("vary")?.split(", ").toSorted()).toEqual([
      "Accept-Encoding",
      "Origin",
    ]);
    const missing = await client.get("/missing", { headers: { "Accept-Encoding": "br" } });
    expect([missing.status, encodingOf(missing)]).toEqual([404, null]);
  }
});

test("a stream is compressed chunk by chunk, of text and of bytes, empty ones too", async () => {
  const body = ["grü", "", "n ", text, "ende"];
  for (const accept of ["gzip", "br", "zstd"]) {
    const response = await ask({ body }, accept);
    expect([encodingOf(response), await decoded(response)]).toEqual([accept, body.join("")]);
  }
  expect(await decoded(await ask({ body: [] }, "gzip"))).toBe("");
  const large = Array.from({ length: 40 }, (_, i) => `${i}`.repeat(100_000));
  for (const accept of ["gzip", "br", "zstd"])
    expect((await decoded(await ask({ body: large }, accept))) === large.join("")).toBe(true);
});

test("large bodies are compressed on another thread: others are answered meanwhile", async () => {
  const body = Buffer.alloc(30_000_000, "The quick brown fox jumps over the lazy dog. ");
  let turns = 0;
  const clock = setInterval(() => turns++, 1);
  const response = await ask({ body }, "gzip");
  clearInterval(clock);
  expect([encodingOf(response), turns > 10]).toEqual(["gzip", true]);
});

test("HEAD has the headers of GET", async () => {
  for (const body of [text, [text]]) {
    const { headers: whole } = await ask({ body });
    const head = await ask({ body }, "gzip", {}, "HEAD");
    whole.delete("x-request-id");
    head.headers.delete("x-request-id");
    expect([head.headers.toJSON(), head.bytes().byteLength]).toEqual([whole.toJSON(), 0]);
  }
});

test("a request for a part is never compressed, so that parts fit together", async () => {
  const response = await ask({}, "gzip", {}, "GET", { Range: "bytes=0-9" });
  expect([encodingOf(response), response.status]).toEqual([null, 200]);
});

test("the layer is called compression", () => {
  expect(compression().name).toBe("compression");
});
