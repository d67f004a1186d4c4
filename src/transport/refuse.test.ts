import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { cleanUp, exchange, open, serve, until } from "../../test/sockets.ts";
import { Response } from "../message/index.ts";

const rejections: unknown[] = [];
const note = (reason: unknown): number => rejections.push(reason);
process.on("unhandledRejection", note);
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});
afterEach(cleanUp);

test("a request line or header that is none is a 400 problem", async () => {
  const { port } = await serve(() => new Response("well"));
  for (const garbage of [
    "nonsense\r\n\r\n",
    "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nbad header: 1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
  ]) {
    const answer = await exchange(port, garbage);
    expect(answer.status, garbage).toBe(400);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(JSON.parse(answer.body)).toMatchObject({ status: 400, title: "Bad Request" });
  }
});

test("a length that contradicts the framing is refused", async () => {
  const { port, seen } = await serve(async (request) => new Response(await request.text()));
  for (const fields of [
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: -1",
    "Content-Length: 1e3",
  ]) {
    const answer = await exchange(port, `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n0\r\n\r\n`);
    expect(answer.status, fields).toBe(400);
  }
  expect(seen).toEqual([]);
});

test("a head that is too large is 431", async () => {
  const { port } = await serve(() => new Response("well"));
  const answer = await exchange(
    port,
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(200_000)}\r\n\r\n`,
  );
  expect(answer.status).toBe(431);
});

test("a request names one host, unless it is of HTTP/1.0", async () => {
  const { port } = await serve((request) => new Response(request.url));
  const none = await exchange(port, "GET / HTTP/1.1\r\n\r\n");
  expect([none.status, JSON.parse(none.body).detail]).toEqual([400, "The request has no Host"]);
  expect((await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")).status).toBe(400);
  const old = await exchange(port, "GET / HTTP/1.0\r\n\r\n");
  expect([old.status, old.headers["connection"]]).toEqual([200, "close"]);
});

test("a head, or a body, that does not arrive in time is 408", async () => {
  const { port } = await serve(async (request) => new Response(await request.text()), {
    headersTimeout: 0.2,
    requestTimeout: 0.4,
  });
  const [head, body] = await Promise.all([
    exchange(port, "GET / HTTP/1.1\r\nHost:"),
    exchange(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"),
  ]);
  expect([head.status, body.status]).toEqual([408, 408]);
});

test("a body that breaks its framing is 400, and the handler is told", async () => {
  let told: unknown;
  const { port } = await serve(async (request) => {
    await request.text().catch((error: unknown) => (told = error));
    return new Response(null);
  });
  const answer = await exchange(
    port,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
  );
  expect(answer.status).toBe(400);
  await until(() => told !== undefined);
  expect(told).toMatchObject({ status: 400, errorCode: "BODY_BROKE_OFF" });
});

test("garbage behind good requests is refused after they are answered", async () => {
  const { port } = await serve(async (request) => {
    await sleep(40);
    return new Response(request.target);
  });
  const client = await open(port);
  client.write(
    "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\ngarbage\r\n\r\n",
  );
  await once(client, "end");
  expect(client.text()).toMatch(/200 OK[^]*\/a[^]*200 OK[^]*\/b[^]*400 Bad Request/);
});

test("an expectation that nobody knows is 417", async () => {
  const { port } = await serve(() => new Response("well"));
  const answer = await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\nExpect: miracle\r\n\r\n");
  expect([answer.status, JSON.parse(answer.body).title]).toEqual([417, "Expectation Failed"]);
});
