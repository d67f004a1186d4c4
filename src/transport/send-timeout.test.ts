import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { cleanUp, open, serve, until } from "../../test/sockets.ts";
import { EventStream, Response, StreamingResponse } from "../message/index.ts";
import { createHttpServer } from "./server.ts";

afterEach(cleanUp);

const megabyte = 1024 * 1024;
/** More than the system takes of what nobody reads. */
const large = 32 * megabyte;

/** Sends a request, and takes nothing of what comes. */
async function stall(port: number, request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n") {
  const client = await open(port);
  client.pause();
  client.on("error", () => {});
  client.write(request);
  return client;
}

function* endless<T>(item: T): Generator<T> {
  for (;;) yield item;
}

/** First more than the system takes, then a little again and again. */
async function* dripping() {
  for (let at = 0; ; at++) {
    yield { data: "ä".repeat(at < 200 ? 50_000 : 5) };
    if (at >= 200) await sleep(5);
  }
}

async function* pausing() {
  yield "one";
  await sleep(500);
  yield "two";
}

test.each([
  ["a text", () => new Response("x".repeat(large))],
  ["bytes", () => new Response(new Uint8Array(large))],
  ["a stream", () => new StreamingResponse(endless("x".repeat(50_000)))],
  ["a stream of one chunk", () => new StreamingResponse([new Uint8Array(large)])],
  ["events", () => new EventStream(endless({ data: "x".repeat(50_000) }))],
])("a client that takes nothing of %s is cut off after the send time-out", async (_, answer) => {
  const { port, ended } = await serve(answer, { sendTimeout: 0.3 });
  const begun = performance.now();
  const client = await stall(port);
  await until(() => ended.length === 1);
  expect(performance.now() - begun).toBeGreaterThan(250);
  client.resume();
  // No clean end: what has come is not the whole.
  expect(await new Promise((resolve) => client.once("close", resolve))).toBe(true);
});

test("what the server adds meanwhile is nothing that the client takes", async () => {
  const { port, ended } = await serve(() => new EventStream(dripping()), { sendTimeout: 0.2 });
  await stall(port);
  await until(() => ended.length === 1);
});

test("a client that reads one large chunk slowly but steadily gets all of it", async () => {
  const headers = { "Content-Length": String(large) };
  const { port, failures } = await serve(
    () => new StreamingResponse([new Uint8Array(large)], { headers }),
    { sendTimeout: 0.5 },
  );
  const client = await stall(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const begun = performance.now();
  let size = 0;
  client.on("data", (chunk: Buffer) => {
    size += chunk.byteLength;
    client.pause();
    // Some 16 MB a second.
    setTimeout(() => client.resume(), chunk.byteLength / 16_000);
  });
  client.resume();
  await once(client, "close");
  expect(performance.now() - begun).toBeGreaterThan(1000);
  expect(size).toBeGreaterThan(large);
  expect(failures).toEqual([]);
});

test("an answer that waits for its turn behind a slow one is not cut off", async () => {
  const text = "x".repeat(50_000);
  const { port } = await serve(
    async ({ target }) => {
      if (target === "/slow") await sleep(600);
      return new StreamingResponse([target, text, text]);
    },
    { sendTimeout: 0.1 },
  );
  const client = await open(port);
  client.write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => client.text().split("0\r\n\r\n").length === 3);
  expect(client.text()).toMatch(/\/slow[^]*\/next/);
});

test("a source that pauses for longer is left in peace", async () => {
  const { port } = await serve(() => new StreamingResponse(pausing()), { sendTimeout: 0.1 });
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => client.text().endsWith("two\r\n0\r\n\r\n"));
});

test("with a send time-out of 0 nobody is cut off", async () => {
  const { port, ended } = await serve(() => new Response("x".repeat(large)), { sendTimeout: 0 });
  const client = await stall(port);
  await sleep(300);
  expect(ended).toEqual([]);
  client.resume();
  await until(() => ended.length === 1);
});

test.each(["sendTimeout", "requestTimeout", "headersTimeout", "keepAliveTimeout"])(
  "%s is refused at start where no timer can wait for it",
  async (name) => {
    for (const seconds of [Infinity, NaN, -1, 2_147_484]) {
      const making = createHttpServer(
        async () => {},
        { port: 0, host: "127.0.0.1" },
        { [name]: seconds },
      );
      await expect(making).rejects.toThrow(
        expect.objectContaining({
          code: "NX_TIMEOUT",
          message: expect.stringContaining(`The server's ${name} is ${seconds}.`),
        }),
      );
    }
  },
);
