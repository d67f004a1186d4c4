import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { EventEmitter } from "node:events";
import { type IncomingMessage, Server, type ServerResponse } from "node:http";
import { PerformanceObserver } from "node:perf_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { createApp, get, Plugin, post } from "nexus-platform";
import { silent } from "nexus-platform/log";
import { cleanUp, defer, until } from "../sockets.ts";
import { serveKinds } from "./app.ts";
import { Conversation } from "./conversation.ts";
import { request } from "./requests.ts";

afterEach(cleanUp);

const all = [request("/now"), request("/later"), request("/raw", { body: "hello" })];
const channels = ["http.server.request.start", "http.server.response.finish"] as const;

test("who listens to Node's own channels of HTTP hears of each request, from then on", async () => {
  const { port } = await serveKinds();
  const client = await Conversation.open(port);
  const ask = async (): Promise<void> => {
    for (const bytes of all) await client.send(bytes).answer();
  };
  // The connection is older than who listens.
  await ask();
  const heard: string[] = [];
  const listen = (_: unknown, name: string | symbol): number => heard.push(String(name));
  for (const name of channels) {
    subscribe(name, listen);
    defer(() => unsubscribe(name, listen));
  }
  await ask();
  await until(() => heard.length === 6);
  expect(heard.toSorted()).toEqual([...channels].flatMap((name) => [name, name, name]));
  for (const name of channels) unsubscribe(name, listen);
  await ask();
  expect(heard).toHaveLength(6);
});

test("who observes Node's own times of HTTP sees each request", async () => {
  const { port } = await serveKinds();
  const seen: string[] = [];
  const observer = new PerformanceObserver((list) => {
    seen.push(...list.getEntries().map(({ name }) => name));
  });
  observer.observe({ entryTypes: ["http"] });
  defer(() => observer.disconnect());
  const client = await Conversation.open(port);
  for (const bytes of all) await client.send(bytes).answer();
  await until(() => seen.length === all.length);
  expect(seen).toEqual(all.map(() => "HttpRequest"));
});

test("who listens to the responses that are made hears of those to requests, and of no other", async () => {
  const { port } = await serveKinds();
  let heard = 0;
  const listen = (): number => heard++;
  subscribe("http.server.response.created", listen);
  defer(() => unsubscribe("http.server.response.created", listen));
  await serveKinds();
  for (const _ of all) {
    const client = await Conversation.open(port);
    for (const bytes of all) await client.send(bytes).answer();
  }
  expect(heard).toBe(all.length ** 2);
});

test("what somebody keeps around each request of node:http is there for its handler, and for no other", async () => {
  const store = new AsyncLocalStorage<number>();
  const told: unknown[] = [];
  let count = 0;
  const { value: emit } = Object.getOwnPropertyDescriptor(EventEmitter.prototype, "emit")!;
  Object.defineProperty(Server.prototype, "emit", {
    configurable: true,
    value(this: Server, name: string, ...all: unknown[]): unknown {
      const go = (): unknown => Reflect.apply(emit, this, [name, ...all]);
      if (name !== "request") return go();
      const [, response] = all as [unknown, ServerResponse];
      const id = ++count;
      for (const event of ["finish", "close"])
        response.on(event, () => told.push([event, id, store.getStore()]));
      return store.run(id, go);
    },
  });
  defer(() => Reflect.deleteProperty(Server.prototype, "emit"));
  const app = await createApp({
    plugins: [
      class Seen extends Plugin {
        now = get("/now", () => store.getStore());
        later = get("/later", async () => {
          await turn();
          return store.getStore();
        });
        body = post("/body", ({ request }) => request.text().then(() => store.getStore()));
      },
    ],
    docs: false,
    env: {},
    log: silent,
  });
  defer(() => app.close(0));
  const client = await Conversation.open((await app.listen({ port: 0 })).port);
  const targets = ["/now", "/body", "/later", "/body", "/now"];
  const bytes = targets.map((one) => request(one, one === "/body" ? { body: "small" } : {}));
  client.send(bytes.join(""));
  const seen = [];
  for (const _ of targets) seen.push(Number((await client.answer()).body));
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  // More than are answered at a time: those that wait keep theirs.
  const crowd = Array.from({ length: 24 }, (_, at) => at + 1);
  count = 0;
  client.send(request("/later").repeat(crowd.length));
  for (const id of crowd) expect(Number((await client.answer()).body)).toBe(id);
  count = 5;
  // Alone, too: node:http tells of what stood in a queue as the answer before it leaves.
  told.length = 0;
  for (const id of [6, 7, 8]) {
    await client.send(request("/now")).answer();
    await until(() => told.length === 2);
    expect(told.splice(0)).toEqual([
      ["finish", id, id],
      ["close", id, id],
    ]);
  }
});

/** Acts on each request of node:http before its handler does, as a tracer that wraps `emit`. */
function beforeEachRequest(act: (incoming: IncomingMessage, response: ServerResponse) => void) {
  const { value: emit } = Object.getOwnPropertyDescriptor(EventEmitter.prototype, "emit")!;
  Object.defineProperty(Server.prototype, "emit", {
    configurable: true,
    value(this: Server, name: string, ...all: unknown[]): unknown {
      if (name === "request") act(all[0] as IncomingMessage, all[1] as ServerResponse);
      return Reflect.apply(emit, this, [name, ...all]);
    },
  });
  defer(() => Reflect.deleteProperty(Server.prototype, "emit"));
}

test("who listens to a response, and fails, takes its answer from nobody", async () => {
  // Vitest would count it as a failure of the test.
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  const uncaught: string[] = [];
  process.on("uncaughtException", ({ message }) => uncaught.push(message));
  defer(() => {
    process.removeAllListeners("uncaughtException");
    for (const one of others) process.on("uncaughtException", one);
  });
  beforeEachRequest((_, response) => {
    response.once("finish", () => {
      throw new Error("a listener's own");
    });
  });
  const { app, port } = await serveKinds();
  const client = await Conversation.open(port);
  for (const n of [1, 2]) {
    expect((await client.send(request(`/now?n=${n}`)).answer()).body).toBe(`{"now":${n}}`);
    await until(() => uncaught.length === n);
  }
  expect(uncaught).toEqual(["a listener's own", "a listener's own"]);
  // It would wait for an answer that is not over.
  client.socket.end();
  await app.close(Infinity);
});

test("who takes a body from node:http as well does not take it away", async () => {
  const taken: string[] = [];
  beforeEachRequest((incoming) => {
    incoming.on("data", (chunk: Buffer) => taken.push(String(chunk)));
  });
  const { port } = await serveKinds();
  const client = await Conversation.open(port);
  expect(await client.send(request("/raw", { body: "hello" })).answer()).toMatchObject({
    status: 200,
    body: "hello",
  });
  expect(taken).toEqual(["hello"]);
});
