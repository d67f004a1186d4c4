import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { cleanUp, exchange, open, serve, until } from "../../test/sockets.ts";
import { Response, StreamingResponse } from "../message/index.ts";

const rejections: unknown[] = [];
const note = (reason: unknown): number => rejections.push(reason);
process.on("unhandledRejection", note);
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});
afterEach(cleanUp);

test("HEAD has the length and no body; 204 and 304 have neither", async () => {
  const { port } = await serve(
    ({ target }) =>
      new Response(target === "/" ? "hello" : null, { status: Number(target.slice(1)) || 200 }),
  );
  const head = await exchange(port, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  expect([head.headers["content-length"], head.body]).toEqual(["5", ""]);
  for (const status of [204, 304]) {
    const bare = await exchange(
      port,
      `GET /${status} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    expect([bare.status, bare.headers["content-length"], bare.body]).toEqual([
      status,
      undefined,
      "",
    ]);
    expect(bare.headers["transfer-encoding"]).toBeUndefined();
  }
});

test("a 205 has no body either, and says so: whatever it was given", async () => {
  let ran = false;
  const { port } = await serve(({ target }) => {
    const options = { status: 205, headers: { "Content-Length": "4" } };
    if (target === "/stream")
      return new StreamingResponse(
        chunks(() => (ran = true)),
        options,
      );
    return new Response("body", target === "/length" ? options : { status: 205 });
  });
  for (const target of ["/", "/length", "/stream"]) {
    const head = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const { status, headers, body } = await exchange(port, head);
    expect([status, headers["content-length"], body]).toEqual([205, "0", ""]);
    expect(headers["transfer-encoding"]).toBeUndefined();
  }
  expect(ran).toBe(false);
});

test("HEAD of a stream does not run the stream", async () => {
  let ran = false;
  const { port } = await serve(() => new StreamingResponse(chunks(() => (ran = true))));
  const head = await exchange(port, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  expect([head.status, head.body, ran]).toEqual([200, "", false]);
});

test("a client that goes during a stream ends it: its finally runs", async () => {
  for (const leave of ["destroy", "resetAndDestroy"] as const) {
    let ended = false;
    const {
      port,
      failures,
      ended: exchanges,
    } = await serve(
      () =>
        new StreamingResponse(
          (async function* () {
            try {
              for (;;) {
                yield "tick\n";
                await sleep(5);
              }
            } finally {
              ended = true;
            }
          })(),
        ),
    );
    const client = await open(port);
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => client.text().includes("tick"));
    client[leave]();
    await until(() => ended && exchanges.length === 1);
    expect(failures).toEqual([]);
  }
});

test("a source that waits for events is ended when the client goes", async () => {
  let cancelled = false;
  let release: (() => void) | undefined;
  const { port, ended } = await serve(() => {
    const waiting: AsyncIterableIterator<string> = {
      [Symbol.asyncIterator]: () => waiting,
      next: () => new Promise((resolve) => (release = () => resolve({ done: true, value: "" }))),
      return: async () => {
        cancelled = true;
        release?.();
        return { done: true, value: "" };
      },
    };
    return new StreamingResponse(waiting);
  });
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => client.text().includes("\r\n\r\n"));
  client.destroy();
  await until(() => ended.length === 1);
  expect(cancelled).toBe(true);
});

test("a source that fails cuts the connection: no client takes the part for the whole", async () => {
  const { port, failures } = await serve(
    () =>
      new StreamingResponse(
        (async function* () {
          yield "half";
          await sleep(20);
          throw new Error("disk gone");
        })(),
      ),
  );
  const chunked = await open(port);
  chunked.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(chunked, "close");
  expect(chunked.text()).toMatch(/half\r\n$/);
  const old = await open(port);
  const error = once(old, "error");
  // Without chunks a clean end would be a whole body.
  old.write("GET / HTTP/1.0\r\n\r\n");
  expect((await error)[0]).toMatchObject({ code: "ECONNRESET" });
  expect(failures).toHaveLength(2);
});

test("what came before a failure arrives, though it fails at once", async () => {
  const rows = Array.from({ length: 500 }, (_, at) => `row ${at}\n`);
  const { port } = await serve(
    () =>
      new StreamingResponse(
        (async function* () {
          yield* rows;
          throw new Error("disk gone");
        })(),
      ),
  );
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(client, "close");
  expect(client.text()).toContain("row 499");
  expect(client.text()).not.toMatch(/\r\n0\r\n\r\n$/);
});

test("a stream that is longer or shorter than it said is cut", async () => {
  const { port, failures } = await serve(({ target }) => {
    const headers = { "Content-Length": target.slice(1) };
    return new StreamingResponse(["12345"], { headers });
  });
  for (const [size, body] of Object.entries({ 5: "12345", 4: undefined, 6: undefined })) {
    const client = await open(port);
    client.on("error", () => {});
    client.write(`GET /${size} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    await once(client, "close");
    if (body !== undefined) expect(client.text().endsWith(`\r\n\r\n${body}`)).toBe(true);
  }
  expect(failures).toHaveLength(2);
});

test("a slow reader slows the source down", async () => {
  let produced = 0;
  const { port } = await serve(
    () =>
      new StreamingResponse(
        (async function* () {
          for (; produced < 10_000; produced++) yield Buffer.alloc(64 * 1024);
        })(),
      ),
  );
  const client = await open(port);
  client.pause();
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await sleep(150);
  const before = produced;
  await sleep(100);
  // Some megabytes stand in the buffers of the system; 625 would be all of it.
  expect(before * 64).toBeLessThan(50_000);
  expect(produced).toBe(before);
});

test("a stream is of text, of bytes, of nothing, or a web stream", async () => {
  const { port } = await serve(({ target }) => {
    if (target === "/text") return new StreamingResponse(["grü", "n"]);
    if (target === "/bytes")
      return new StreamingResponse([Buffer.from("ab"), new Uint8Array([99])]);
    if (target === "/nothing") return new StreamingResponse([]);
    return new Response(new globalThis.Response("from the web").body);
  });
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  expect(await Promise.all(["/text", "/bytes", "/nothing", "/web"].map(get))).toEqual([
    "grün",
    "abc",
    "",
    "from the web",
  ]);
});

test("each cookie has a field of its own", async () => {
  const { port } = await serve(() => {
    const response = new Response("well");
    response.setCookie("a", "1");
    response.setCookie("b", "2");
    return response;
  });
  const response = await fetch(`http://127.0.0.1:${port}`);
  expect(response.headers.getSetCookie().map((cookie) => cookie.slice(0, 3))).toEqual([
    "a=1",
    "b=2",
  ]);
});

test("a line break never leaves in a header, even past our own check", async () => {
  const { port, failures } = await serve(() => {
    const response = new Response("well");
    (response.headers.raw as string[]).push("X-Evil", "a\r\nSet-Cookie: stolen=1");
    return response;
  });
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(client, "close");
  expect([client.text(), failures.length]).toEqual(["", 1]);
});

test("ten megabytes arrive whole", async () => {
  const body = Buffer.alloc(10 * 1024 * 1024, "0123456789");
  const { port } = await serve(() => new Response(body));
  const got = await (await fetch(`http://127.0.0.1:${port}`)).arrayBuffer();
  expect(Buffer.from(got).equals(body)).toBe(true);
});

async function* chunks(begun: () => void): AsyncGenerator<string> {
  begun();
  yield "chunk";
}
