import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { type Request, Response, StreamingResponse } from "nexus-platform/message";
import { createHttpServer, type HttpServerOptions } from "../../src/transport/index.ts";
import { cleanUp, defer, until } from "../sockets.ts";
import { Conversation } from "./conversation.ts";
import { request } from "./requests.ts";

afterEach(cleanUp);

/** Two of them are held back together. */
const size = 7_000;

/** A server whose answers wait for nobody, and its end of the first connection. */
async function serveAtOnce(options: HttpServerOptions = {}) {
  const sockets: Socket[] = [];
  const listen = (message: unknown): void =>
    void sockets.push((message as { socket: Socket }).socket);
  subscribe("net.server.socket", listen);
  defer(() => unsubscribe("net.server.socket", listen));
  const begun: string[] = [];
  const ended: string[] = [];
  const server = await createHttpServer(
    ({ target }: Request, send) => {
      begun.push(target);
      const leaving = send(
        target === "/broken" ? new StreamingResponse(broken()) : new Response("x".repeat(size)),
        true,
      );
      if (leaving) return leaving.then(() => void ended.push(target));
      ended.push(target);
      return undefined;
    },
    { port: 0, host: "127.0.0.1" },
    options,
  );
  defer(() => server.close(0));
  return { server, sockets, begun, ended, port: server.address.port };
}

async function* broken(): AsyncGenerator<string> {
  yield* [];
  throw new Error("broken");
}

/** Asks so many at a time without reading, until the system takes no more. @returns how many in all */
async function fill(
  client: Conversation,
  server: Awaited<ReturnType<typeof serveAtOnce>>,
  atOnce: number,
) {
  const { begun, sockets } = server;
  client.socket.pause();
  const before = begun.length;
  while (sockets[0]!.writableLength === 0) {
    const count = begun.length;
    client.send(request("/").repeat(atOnce));
    while (begun.length < count + atOnce) await turn();
    // What is held has left.
    await turn();
  }
  return begun.length - before;
}

test("who reads slowly has all his answers, and can go on", async () => {
  const server = await serveAtOnce();
  const client = await Conversation.open(server.port);
  for (let round = 0; round < 3; round++) {
    const asked = await fill(client, server, 1);
    client.socket.resume();
    for (let n = 0; n < asked; n++) expect((await client.answer()).body).toHaveLength(size);
  }
  // Each of them is over.
  await until(() => server.ended.length === server.begun.length);
  expect((await client.send("no request\r\n\r\n").answer()).status).toBe(400);
  await client.over();
});

test("a connection is not idle while its client has yet to read", async () => {
  const server = await serveAtOnce({ keepAliveTimeout: 0.1 });
  const client = await Conversation.open(server.port);
  const asked = await fill(client, server, 2);
  await sleep(1500);
  expect(server.sockets[0]!.destroyed).toBe(false);
  client.socket.resume();
  for (let n = 0; n < asked; n++) expect((await client.answer()).body).toHaveLength(size);
  await client.over();
});

test.each([
  ["an answer that breaks off", request("/broken"), "", 300],
  // Longer than a refused client has for reading why.
  ["a refusal", "no request\r\n\r\n", "HTTP/1.1 400 Bad Request", 2300],
])("%s takes nothing from the answers before it", async (_, last, answer, pause) => {
  const server = await serveAtOnce();
  const client = await Conversation.open(server.port);
  const asked = await fill(client, server, 2);
  client.send(last);
  await sleep(pause);
  client.socket.resume();
  for (let n = 0; n < asked; n++) expect((await client.answer()).body).toHaveLength(size);
  await client.over();
  expect(client.rest.startsWith(answer)).toBe(true);
});

test("who fakes timers does not stop a server", async () => {
  const { port } = await serveAtOnce();
  const client = await Conversation.open(port);
  vi.useFakeTimers({ toFake: ["setImmediate"] });
  defer(() => vi.useRealTimers());
  for (const asked of [request("/"), request("/", { body: "small" }), request("/").repeat(2)]) {
    client.send(asked);
    expect((await client.answer()).body).toHaveLength(size);
  }
  expect((await client.answer()).body).toHaveLength(size);
});
