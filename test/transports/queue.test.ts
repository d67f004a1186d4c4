import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { cleanUp, defer, until } from "../sockets.ts";
import { serveKinds } from "./app.ts";
import { Conversation, converse } from "./conversation.ts";
import { close, request } from "./requests.ts";

afterEach(cleanUp);

const slow = request("/later?ms=20");
const chunked = request("/raw", { chunks: [] }).slice(0, -5);

test("what is well is answered, whatever is wrong with the body behind it", async () => {
  const { port } = await serveKinds();
  for (const first of [slow, request("/stream"), request("/file"), slow + request("/now")])
    for (const broken of [
      `${chunked}zz\r\n`,
      `${chunked}5\r\nhellooo\r\n`,
      request("/raw", { body: "hello" }).slice(0, -1),
    ]) {
      const client = await Conversation.open(port);
      client.send(first + broken).socket.end();
      const statuses = (await client.answers()).map(({ status }) => status);
      expect(statuses, first + broken).toEqual(
        [...first.matchAll(/GET/g)].map(() => 200).concat(400),
      );
    }
});

test("and where that body does not come in time", async () => {
  const { port } = await serveKinds({ headersTimeout: 0.1, requestTimeout: 0.2 });
  for (const late of [chunked, request("/raw", { body: "hello" }).slice(0, -1)]) {
    const answers = await converse(port, request("/later?ms=500") + late);
    expect(answers.map(({ status }) => status)).toEqual([200, 408]);
  }
});

test("a refusal takes its turn, also where the client has closed its side", async () => {
  const { port } = await serveKinds();
  for (const [refused, status] of [
    ["POST /raw HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400],
    [request("/now", { fields: ["Host: b"] }), 400],
    [request("/now", { fields: ["Expect: miracle"] }), 417],
    [request("/raw", { method: "POST", fields: ["Transfer-Encoding: gzip, chunked"] }), 501],
    [request("a:1", { method: "CONNECT" }), 405],
    ["garbage\r\n\r\n", 400],
  ] as const)
    for (const first of [slow, request("/stream"), request("/later?ms=5").repeat(20)]) {
      const client = await Conversation.open(port);
      client.send(first + refused + request("/now?n=666"));
      if (!refused.startsWith("CONNECT")) client.socket.end();
      const statuses = (await client.answers()).map((answer) => answer.status);
      expect(statuses, refused).toEqual([...first.matchAll(/GET/g)].map(() => 200).concat(status));
    }
});

test("closing answers what has come, and what has begun to", async () => {
  for (const [bytes, rest, count] of [
    [request("/later?ms=100") + request("/raw", { chunks: ["hello"] }), "", 2],
    [request("/later?ms=100") + request("/now", { version: "1.0" }), "", 2],
    [`${request("/later?ms=10")}GET /no`, "w HTTP/1.1\r\nHost: a\r\n\r\n", 2],
  ] as const) {
    const { app, port, seen } = await serveKinds();
    const client = await Conversation.open(port);
    client.send(bytes);
    await until(() => seen.begun.length === 1);
    if (rest) await client.answer();
    const closed = app.close(10);
    await sleep(10);
    client.send(rest);
    expect(await client.answers()).toHaveLength(rest ? count - 1 : count);
    await closed;
  }
});

test("closing does not wait for a head that does not go on", async () => {
  const { app, port } = await serveKinds();
  const client = await Conversation.open(port);
  client.send("GET /no");
  await sleep(20);
  const begun = performance.now();
  await app.close(30);
  expect(performance.now() - begun).toBeLessThan(5000);
});

test("a head that has begun to arrive on a kept connection has its own time", async () => {
  const { port } = await serveKinds({ keepAliveTimeout: 0.1, headersTimeout: 10 });
  const client = await Conversation.open(port);
  client.send(`${request("/now?n=1")}GET /no`);
  expect((await client.answer()).body).toBe('{"now":1}');
  // Longer than an idle connection would be kept.
  await sleep(1600);
  client.send(`w?n=2 HTTP/1.1\r\nHost: a\r\n${close}\r\n\r\n`);
  expect(await client.answers()).toMatchObject([{ body: '{"now":2}' }]);
});

test("bodies that wait for their turn are few, or not read", async () => {
  const sockets: Socket[] = [];
  const listen = (message: unknown): number => sockets.push((message as { socket: Socket }).socket);
  subscribe("net.server.socket", listen);
  defer(() => unsubscribe("net.server.socket", listen));
  const { port } = await serveKinds();
  const client = await Conversation.open(port);
  const body = "y".repeat(64_000);
  client.send(request("/later?ms=400") + request("/raw", { body }).repeat(150));
  await sleep(300);
  expect(sockets[0]!.bytesRead).toBeLessThan(1_000_000);
  for (let left = 150; left >= 0; left--) expect((await client.answer()).status).toBe(200);
});

test("a client's going is heard of while something waits behind its request", async () => {
  const { port, seen } = await serveKinds();
  for (const behind of [
    request("/raw", { chunks: ["hello"] }),
    request("/now", { version: "1.0" }),
    "garbage\r\n\r\n",
  ])
    for (const goes of ["destroy", "resetAndDestroy"] as const) {
      const client = await Conversation.open(port);
      client.send(request("/later?n=7&ms=3000") + behind);
      await until(() => seen.begun.length === 1);
      client.socket[goes]();
      await until(() => seen.gone.length === 1, 1000);
      seen.begun.length = seen.gone.length = 0;
    }
});
