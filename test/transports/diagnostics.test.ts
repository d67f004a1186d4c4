import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { PerformanceObserver } from "node:perf_hooks";
import { afterEach, expect, test } from "vitest";
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
