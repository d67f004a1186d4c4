import { setImmediate as turn } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { cleanUp, until } from "../sockets.ts";
import { lines, serveKinds } from "./app.ts";
import { certificate } from "./certificate.ts";
import { Conversation, converse } from "./conversation.ts";
import { staying } from "./kinds.ts";
import { close, request } from "./requests.ts";

afterEach(cleanUp);

const server = { tls: certificate };

test("requests of all kinds are answered over TLS, one by one and in one piece", async () => {
  const { url, port } = await serveKinds(server);
  expect(url).toBe(`https://127.0.0.1:${port}`);
  const client = await Conversation.open(port, true);
  for (const isOnePiece of [false, true]) {
    if (isOnePiece) client.send(staying.map((kind, n) => kind.bytes(n)).join(""));
    for (const [n, kind] of staying.entries()) {
      if (!isOnePiece) client.send(kind.bytes(n));
      if (kind.isContinued) expect((await client.answer()).status).toBe(100);
      const { status, body } = await client.answer(kind.method);
      expect([kind.name, status, kind.body ? body : ""]).toEqual([
        kind.name,
        kind.status,
        kind.body?.(n) ?? "",
      ]);
    }
  }
  client.send(request("/now", { fields: [close] }));
  expect(await client.answers()).toMatchObject([{ status: 200, body: '{"now":0}' }]);
});

test("requests arrive over TLS byte by byte", async () => {
  const { port } = await serveKinds(server);
  const client = await Conversation.open(port, true);
  const bytes = request("/raw", { chunks: ["hel", "lo"] }) + request("/later?n=2");
  for (const byte of bytes.split("")) {
    client.send(byte);
    await turn();
  }
  expect([await client.answer(), await client.answer()]).toMatchObject([
    { body: "hello" },
    { body: '{"later":2}' },
  ]);
});

test("an answer over TLS that is read late arrives whole", async () => {
  const { port, seen } = await serveKinds(server);
  const client = await Conversation.open(port, true);
  client.socket.pause();
  client.send(request("/large?size=10000000") + request("/now?n=2", { fields: [close] }));
  await until(() => seen.begun.length === 1);
  await turn();
  client.socket.resume();
  const [large, now] = await client.answers();
  expect(large!.body === `0\n${lines(10_000_000)}`).toBe(true);
  expect(now!.body).toBe('{"now":2}');
});

test("who waits for a client hears over TLS that it has gone", async () => {
  const { app, port, seen } = await serveKinds(server);
  const client = await Conversation.open(port, true);
  client.send(request("/later?n=1&ms=60000") + request("/endless"));
  await until(() => seen.begun.length === 2);
  client.socket.destroy();
  await until(() => seen.gone.includes(1));
  await app.close(1);
});

test("what is no TLS is no request, and a head that is none is refused", async () => {
  const { port } = await serveKinds(server);
  expect(await converse(port, request("/now"))).toEqual([]);
  const client = await Conversation.open(port, true);
  client.send("garbage\r\n\r\n");
  expect((await client.answers()).map(({ status }) => status)).toEqual([400]);
});
