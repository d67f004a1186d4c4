import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import http, { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { cleanUp, defer, exchange, open, until } from "../../test/sockets.ts";
import { certificate } from "../../test/transports/certificate.ts";
import { Conversation } from "../../test/transports/conversation.ts";
import {
  answersIn,
  chunked,
  direct,
  echo,
  echoAt,
  get,
  hear,
  last,
  post,
  serve,
  statusesIn,
  watchStock,
} from "../../test/transports/direct.ts";
import { readAll, Response } from "../message/index.ts";
import { createHttpServer } from "./server.ts";

const rejections: unknown[] = [];
const note = (reason: unknown): number => rejections.push(reason);
process.on("unhandledRejection", note);
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});
afterEach(cleanUp);

/** What node:http has seen. */
let stock: (string | undefined)[];
beforeEach(() => void (stock = watchStock()));

test("a plain request is taken from the parser, and no object of node:http made of it", async () => {
  const { port } = await serve(echo);
  const text = await hear(
    port,
    get("/a") + post("/b", "body") + "HEAD /c HTTP/1.1\r\nhOST: a\r\n\r\n" + post("/d", ""),
    "OPTIONS /e HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n" + get("/f", last),
  );
  expect(answersIn(text)).toEqual(["</a >", "</b body>", "</d >", "</e >", "</f >"]);
  expect(stock).toEqual([]);
});

test("all others go to node:http", async () => {
  const { port } = await serve(echo);
  const large = "x".repeat(64 * 1024 + 1);
  const many = Array.from({ length: 40 }, (_, at) => `X-${at}: y`);
  for (const one of [
    "GET /old HTTP/1.0\r\n\r\n",
    "GET http://a/absolute HTTP/1.1\r\nHost: a\r\n\r\n",
    "REPORT /rare HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /hostless HTTP/1.1\r\n\r\n",
    get("/hosts", "Host: b"),
    get("/many", ...many),
    get("/upgrade", "Connection: Upgrade", "Upgrade: a"),
    `POST /expecting HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi`,
    chunked("/chunked", "hi"),
    post("/large", large),
  ]) {
    await hear(port, one + get("/end", last));
    const [first] = stock.splice(0);
    expect([one.slice(0, 40), first]).toEqual([one.slice(0, 40), one.split(" ")[1]]);
  }
});

test("what is for node:http waits until the plain ones before it are answered, in any mix", async () => {
  const { port, seen } = await serve(echo);
  const text = await hear(
    port,
    get("/1?20") + chunked("/2?10", "a", "b") + get("/3") + chunked("/4", "c") + post("/5?5", "d"),
    chunked("/6?5") + get("/7", ...Array.from({ length: 40 }, () => "X: y")) + get("/8", last),
  );
  expect(answersIn(text)).toEqual([
    "</1?20 >",
    "</2?10 ab>",
    "</3 >",
    "</4 c>",
    "</5?5 d>",
    "</6?5 >",
    "</7 >",
    "</8 >",
  ]);
  expect(seen[6]!.headers.getAll("x")).toHaveLength(40);
  expect(stock[0]).toBe("/2?10");
});

test("what waits for node:http may come in pieces, and others behind it", async () => {
  const { port, seen } = await serve(echo);
  const trailed = chunked("/2", "abc", "def").replace(/\r\n$/, "X: trailer\r\n\r\n");
  const waits = trailed + get("/3", ...many);
  for (let at = 1; at < waits.length; at += 7) {
    seen.length = 0;
    const client = await open(port);
    client.write(get("/1?2") + waits.slice(0, at));
    // Before the first one is answered, or behind it.
    if (at % 2) await until(() => answersIn(client.text()).length > 0);
    else await turn();
    client.write(waits.slice(at) + get("/4"));
    await until(() => client.text().endsWith("</4 >"));
    expect([at, answersIn(client.text())]).toEqual([
      at,
      ["</1?2 >", "</2 abcdef>", "</3 >", "</4 >"],
    ]);
    expect(seen.find(({ target }) => target === "/3")!.headers.getAll("x")).toEqual(
      many.map(() => "y"),
    );
  }
});
const many = Array.from({ length: 40 }, () => "X: y");

test("what waits may be answered as soon as it begins", async () => {
  const server = await createHttpServer(
    ({ target, body }, send) => {
      if (body) return readAll(body, 100).then((bytes) => send(new Response(`<${bytes}>`)));
      const response = new Response(`<${target}>`);
      return target === "/soon" ? Promise.resolve().then(() => send(response)) : send(response);
    },
    { port: 0, host: "127.0.0.1" },
    direct,
  );
  defer(() => server.close(0));
  const old = "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  const text = await hear(
    server.address.port,
    // While the first chunk is told of, what was asked before it is answered.
    get("/soon") + old + chunked("/", "a", "b") + old + old + post("/", "c"),
    old + get("/") + old + post("/", "d") + get("/", last),
  );
  const first = ["</soon>", "</old>", "<ab>", "</old>", "</old>", "<c>"];
  expect(answersIn(text)).toEqual([...first, "</old>", "</>", "</old>", "<d>", "</>"]);
});

test("what cannot be read is refused behind all that is well, and with what it belongs to", async () => {
  const { port, seen } = await serve(echo);
  const unfinished = chunked("/3", "abc").slice(0, -7);
  for (const [bytes, statuses] of [
    [get("/1?20") + "garbage\r\n\r\n", ["200", "400"]],
    [get("/1?20") + chunked("/2?20", "a") + "garbage\r\n\r\n", ["200", "200", "400"]],
    [get("/1?20") + chunked("/2", "a") + unfinished + "garbage\r\n", ["200", "200", "400"]],
    [get("/1?20") + "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\ngarbage", ["200", "405"]],
    [get("/1?20") + "GET / HTTP/1.1\r\n\r\n" + get("/2"), ["200", "400"]],
    [get("/1?20") + "GET / HTTP/1.1\r\n\r\nCONNECT a:1 HTTP/1.1\r\n\r\n", ["200", "400"]],
    [get("/1?20") + get("/2?10", last) + get("/3"), ["200", "200"]],
  ] as const) {
    seen.length = 0;
    expect([bytes, statusesIn(await hear(port, bytes))]).toEqual([bytes, statuses]);
    expect(seen.map(({ target }) => target)).not.toContain("/3");
  }
});

test("what waits on a dead connection is nobody's, and least of all another client's", async () => {
  const first = Promise.withResolvers<Response>();
  const { port, seen } = await serve(({ target }) =>
    target === "/first" ? first.promise : echoAt(target),
  );
  const alice = await open(port);
  alice.write(get("/first") + chunked("/private", "alice"));
  await until(() => seen.length === 1);
  alice.resetAndDestroy();
  await sleep(30);
  // It gets the parser that has become free.
  const bob = await open(port);
  bob.write("GET /b");
  await sleep(30);
  first.resolve(new Response("late"));
  await sleep(30);
  bob.write("ob HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => bob.text().includes("/bob"));
  expect(answersIn(bob.text())).toEqual(["</bob>"]);
  expect(seen.map(({ target }) => target)).toEqual(["/first", "/bob"]);
});

test("what waits is not read before its turn", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const { port } = await serve(({ target, body }) =>
    body ? drain(body) : target === "/1" ? promise : echoAt(target),
  );
  const client = await open(port);
  const size = 64 * 1024 * 1024;
  const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
  let sent = 0;
  const send = async (): Promise<void> => {
    client.write(get("/1") + chunked("/").slice(0, -5));
    for (; sent < size; sent += 0x10000) if (!client.write(chunk)) await once(client, "drain");
    client.write(`0\r\n\r\n${get("/3")}`);
  };
  const sending = send();
  for (let [before, same] = [-1, 0]; same < 10; await sleep(10)) {
    same = sent === before ? same + 1 : 0;
    before = sent;
  }
  expect(sent).toBeLessThan(size / 2);
  resolve(echoAt("/1"));
  await sending;
  await until(() => client.text().endsWith("</3>"), 10_000);
  expect(answersIn(client.text())).toEqual(["</1>", `<${size}>`, "</3>"]);
});

async function drain(body: AsyncIterable<Uint8Array>): Promise<Response> {
  let size = 0;
  for await (const { byteLength } of body) size += byteLength;
  return new Response(`<${size}>`);
}

test("what waits may come in several records of TLS that are read at once", async () => {
  const { port } = await serve(echo, { tls: certificate });
  const [first, waits] = [get("/1?5"), chunked("/2?5", "a", "b")];
  for (let at = 1; at <= waits.length; at += 9) {
    const client = await Conversation.open(port, true);
    client.send(first + waits.slice(0, at));
    client.send(waits.slice(at) + post("/3", "c") + get("/4", last));
    const bodies = (await client.answers()).map(({ body }) => body);
    expect([at, bodies]).toEqual([at, ["</1?5 >", "</2?5 ab>", "</3 c>", "</4 >"]]);
  }
});

test("no request gets the context of another one", async () => {
  const context = new AsyncLocalStorage<string>();
  const found: unknown[] = [];
  const { port } = await serve(async (request) => {
    found.push(context.getStore());
    context.enterWith(request.target);
    return echo(request);
  });
  // Some begin when they come, some in the place of others, some after others.
  const plain = Array.from({ length: 40 }, (_, at) => get(`/${at}?1`));
  await hear(port, plain.join("") + chunked("/40?1") + chunked("/41") + get("/42", last));
  expect(found).toEqual(Array(43).fill(undefined));
});

test("a parser that served a connection serves others as before", async () => {
  const { port } = await serve(echo);
  const clients = await Promise.all(Array.from({ length: 20 }, () => open(port)));
  for (const [at, client] of clients.entries()) client.write(at % 2 ? get("/") : chunked("/"));
  await until(() => clients.every((client) => client.text()));
  for (const client of clients) client.destroy();
  await sleep(20);
  const other = createServer((_, response) => response.end("other")).listen(0, "127.0.0.1");
  await once(other, "listening");
  defer(() => other.close());
  const ports = clients.map(() => (other.address() as AddressInfo).port);
  const answers = await Promise.all(ports.map((one) => exchange(one, get("/", last))));
  expect(answers.map(({ body }) => body)).toEqual(ports.map(() => "other"));
});

test("where somebody stands between servers and their listeners, node:http answers", async () => {
  const prototype = http.Server.prototype as { emit: (...all: unknown[]) => boolean };
  const { emit } = prototype;
  const heard: unknown[] = [];
  prototype.emit = function (this: object, name, ...all) {
    if (name === "request") heard.push((all[0] as IncomingMessage).url);
    return emit.call(this, name, ...all);
  };
  defer(() => (prototype.emit = emit));
  const { port } = await serve(echo);
  await hear(port, get("/1") + get("/2", last));
  expect([heard, stock]).toEqual([
    ["/1", "/2"],
    ["/1", "/2"],
  ]);
});
