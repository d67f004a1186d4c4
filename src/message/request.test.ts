import { expect, test } from "vitest";
import { Headers } from "./headers.ts";
import { Request, type RequestSource } from "./request.ts";
import { fromWebRequest } from "./web.ts";

test("path and query are parts of the target", () => {
  const request = ask({ target: "/users/7?full=yes&a=%20b" });
  expect([request.path, request.query]).toEqual(["/users/7", "full=yes&a=%20b"]);
  expect(request.searchParams.get("a")).toBe(" b");
  expect([ask({ target: "/a?" }).query, ask({ target: "/a" }).query]).toEqual(["", ""]);
});

test("the path is decoded once, an encoded slash too", () => {
  expect(ask({ target: "/a%20b" }).path).toBe("/a b");
  expect(ask({ target: "/a%2Fb" }).path).toBe("/a/b");
  expect(ask({ target: "/a%252Fb" }).path).toBe("/a%2Fb");
  expect(ask({ target: "/%C3%A4" }).path).toBe("/ä");
  expect(ask({ target: "/a%20b?c" }).rawPath).toBe("/a%20b");
});

test("a path that is badly encoded is 400", () => {
  for (const target of ["/%", "/%zz", "/%ff", "/%ED%A0%80"]) {
    const request = ask({ target });
    expect(() => request.path).toThrow(
      expect.objectContaining({ status: 400, errorCode: "MALFORMED_PATH" }),
    );
    expect(request.rawPath).toBe(target);
  }
});

test("the url is what the client wrote", () => {
  const headers = new Headers({ Host: "shop.example:8080" });
  expect(ask({ target: "/a%20b?c=1", headers, scheme: "https" }).url).toBe(
    "https://shop.example:8080/a%20b?c=1",
  );
  expect(ask({}).url).toBe("http://localhost/");
});

test("the body is read once, and may be asked for again", async () => {
  let reads = 0;
  async function* body() {
    reads++;
    yield Buffer.from('{"a":');
    yield Buffer.from("1}");
  }
  const request = ask({ method: "POST", body: body() });
  expect(await request.text()).toBe('{"a":1}');
  expect(await request.json()).toEqual({ a: 1 });
  expect((await request.bytes()).byteLength).toBe(7);
  expect(reads).toBe(1);
});

test("without a body there are no bytes", async () => {
  const request = ask({});
  expect(request.body).toBeNull();
  expect(await request.text()).toBe("");
  await expect(request.json()).rejects.toMatchObject({ status: 400 });
});

test("a body that is larger than the limit is 413, by its length even before a byte is read", async () => {
  const long = ask({ body: bytes("abcd") });
  long.bodyLimit = 3;
  await expect(long.bytes()).rejects.toMatchObject({ status: 413 });

  let touched = false;
  async function* body() {
    touched = true;
    yield Buffer.from("abcd");
  }
  const announced = ask({ body: body(), headers: new Headers({ "Content-Length": "4" }) });
  announced.bodyLimit = 3;
  await expect(announced.text()).rejects.toMatchObject({ status: 413 });
  expect(touched).toBe(false);
});

test("a body that is not UTF-8, or not JSON, is 400", async () => {
  const broken = ask({ body: bytes(Buffer.from([0x22, 0xff, 0x22])) });
  await expect(broken.json()).rejects.toMatchObject({
    status: 400,
    detail: "The body is not UTF-8",
  });
  for (const text of ["{", "NaN", "[1,]", "{'a':1}", "Infinity"]) {
    await expect(ask({ body: bytes(text) }).json()).rejects.toMatchObject({
      status: 400,
      errorCode: "MALFORMED_JSON",
    });
  }
});

test("a connection that breaks in the middle of a body is not the client's bad text", async () => {
  const error = new TypeError("terminated");
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("a");
    throw error;
  }
  await expect(ask({ body: body() }).text()).rejects.toBe(error);
});

test("a key called __proto__ in a body has no effect", async () => {
  const value = await ask({ body: bytes('{"__proto__":{"admin":true}}') }).json();
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect((value as { admin?: boolean }).admin).toBeUndefined();
});

test("cookies are read from their header", () => {
  const request = ask({ headers: new Headers({ Cookie: "a=1; b=2" }) });
  expect(request.cookies.get("b")).toBe("2");
  expect(request.cookies).toBe(request.cookies);
});

test("the signal is asked for once, and can be replaced", () => {
  let asked = 0;
  const client = new AbortController();
  const request = ask({
    signal: () => {
      asked++;
      return client.signal;
    },
  });
  expect(asked).toBe(0);
  expect(request.signal).toBe(request.signal);
  expect([asked, request.signal.aborted]).toEqual([1, false]);
  client.abort(new Error("gone"));
  expect(request.signal.reason).toEqual(new Error("gone"));
  request.signal = AbortSignal.abort();
  expect(request.signal.aborted).toBe(true);
  expect(ask({}).signal.aborted).toBe(false);
});

test("who can wait no longer fires the signal, asked for before or after", () => {
  const early = ask({ signal: () => new AbortController().signal });
  const late = ask({});
  expect(early.signal.aborted).toBe(false);
  for (const request of [early, late]) request.abort(new Error("time is up"));
  expect([early.signal.reason, late.signal.reason]).toEqual([
    new Error("time is up"),
    new Error("time is up"),
  ]);
});

test("a request of the web's kind becomes one of ours", async () => {
  const client = new AbortController();
  const request = fromWebRequest(
    new globalThis.Request("https://shop.example/a%20b?c=1", {
      method: "POST",
      body: "hello",
      headers: { "X-A": "1" },
      signal: client.signal,
    }),
  );
  expect([request.method, request.url, request.path]).toEqual([
    "POST",
    "https://shop.example/a%20b?c=1",
    "/a b",
  ]);
  expect(request.headers.get("x-a")).toBe("1");
  expect(await request.text()).toBe("hello");
  client.abort();
  expect(request.signal.aborted).toBe(true);
});

function ask(source: Partial<RequestSource>): Request {
  return new Request({ method: "GET", target: "/", ...source });
}

async function* bytes(body: string | Uint8Array): AsyncIterable<Uint8Array> {
  yield typeof body === "string" ? Buffer.from(body) : body;
}
