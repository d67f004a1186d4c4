import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import http, { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { cleanUp, defer, exchange, open, serve as serveOn, until } from "../../test/sockets.ts";
import { createLog, logKey } from "../log.ts";
import { readAll, type Request, Response, StreamingResponse } from "../message/index.ts";
import { Scope } from "../scope.ts";
import { createHttpServer } from "./server.ts";

const rejections: unknown[] = [];
const note = (reason: unknown): number => rejections.push(reason);
process.on("unhandledRejection", note);
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});
afterEach(cleanUp);

const direct = { transport: "direct" } as const;
const serve: typeof serveOn = (answer, options) => serveOn(answer, { ...direct, ...options });

/** Targets of the requests that node:http has made objects of. */
let stock: (string | undefined)[];
beforeEach(() => {
  stock = [];
  const prototype = http.IncomingMessage.prototype as unknown as {
    _addHeaderLines: (...all: unknown[]) => void;
  };
  const { _addHeaderLines: add } = prototype;
  prototype._addHeaderLines = function (this: IncomingMessage, ...all) {
    if (!this.complete && this.statusCode === null) stock.push(this.url);
    add.apply(this, all);
  };
  defer(() => (prototype._addHeaderLines = add));
});

const get = (target: string, ...fields: string[]): string =>
  [`GET ${target} HTTP/1.1`, "Host: a", ...fields, "", ""].join("\r\n");
const post = (target: string, body: string): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (target: string, ...chunks: string[]): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n` +
  [...chunks, ""].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("");
const last = "Connection: close";

/** Answers with the target and the body, and waits where the target says so. */
async function echo(request: Request): Promise<Response> {
  const text = await request.text();
  const [, milliseconds] = /(\d+)$/.exec(request.target) ?? [];
  if (milliseconds) await sleep(Number(milliseconds));
  return new Response(`<${request.target} ${text}>`);
}

const answersIn = (text: string): string[] => text.match(/(?<=\r\n\r\n)<[^>]*>/g) ?? [];
const statusesIn = (text: string): string[] => text.match(/(?<=HTTP\/1\.1 )\d+/g) ?? [];

/** All that a server says until it ends the connection. */
async function hear(port: number, ...pieces: string[]): Promise<string> {
  const client = await open(port);
  const ended = once(client, "end");
  for (const piece of pieces) {
    client.write(piece);
    await turn();
    await turn();
  }
  await ended;
  return client.text();
}

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
  const waits = chunked("/2", "abc", "def") + get("/3", ...many);
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
    expect(seen[2]!.headers.getAll("x")).toEqual(many.map(() => "y"));
  }
});
const many = Array.from({ length: 40 }, () => "X: y");

test("what waits may be answered as soon as it begins", async () => {
  const server = await createHttpServer(
    ({ target, body }, send) => {
      if (body) return readAll(body, 100).then((bytes) => send(new Response(`<${bytes}>`)));
      const response = new Response(`<${target}>`);
      return target === "/slow" ? turn().then(() => send(response)) : send(response);
    },
    { port: 0, host: "127.0.0.1" },
    direct,
  );
  defer(() => server.close(0));
  const old = "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  const text = await hear(
    server.address.port,
    get("/slow") + old + chunked("/", "a", "b") + old + old + post("/", "c") + get("/", last),
  );
  expect(answersIn(text)).toEqual(["</slow>", "</old>", "<ab>", "</old>", "</old>", "<c>", "</>"]);
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

test("a request begins before its body has come", async () => {
  const pieces: string[] = [];
  const { port, seen } = await serve(async ({ body, target }) => {
    if (target === "/no") return new Response("no", { status: 401 });
    for await (const piece of body!) pieces.push(String(piece));
    return new Response(`<${pieces.join()}>`);
  });
  const client = await open(port);
  client.write(post("/", "hello").slice(0, -5));
  await until(() => seen.length === 1);
  for (const [at, piece] of ["he", "ll", "o"].entries()) {
    client.write(piece);
    await until(() => pieces.length === at + 1);
  }
  await until(() => client.text().endsWith("<he,ll,o>"));
  client.write(post("/no", "hello").slice(0, -4));
  await until(() => client.text().endsWith("no"));
  client.write("ello" + post("/", "again"));
  await until(() => client.text().endsWith("again>"));
  expect(stock).toEqual([]);
});

test("who reads a body that breaks off is told, and so is its sender while there is one", async () => {
  const { port, failures } = await serve(echo, { headersTimeout: 0.2, requestTimeout: 0.3 });
  const client = await open(port);
  client.write(post("/", "hello").slice(0, -2));
  await turn();
  client.destroy();
  await until(() => failures.length === 1);
  expect(await hear(port, post("/", "hello").slice(0, -2))).toMatch(/^HTTP\/1\.1 408/);
  await until(() => failures.length === 2);
  const told = { status: 400, errorCode: "BODY_BROKE_OFF" };
  expect(failures).toMatchObject([told, told]);
});

test("a body that is larger than somebody wants is 413, and the connection goes on", async () => {
  const { port } = await serve(async (request) => {
    request.bodyLimit = 3;
    return request.text().then(
      (text) => new Response(text),
      ({ status }) => new Response(null, { status }),
    );
  });
  const text = await hear(port, post("/", "four") + post("/", "six") + get("/", last));
  expect(statusesIn(text)).toEqual(["413", "200", "200"]);
});

test("streams, bytes and empty answers take their turn among the others", async () => {
  const { port } = await serve(async ({ target }) => {
    await sleep(10 - Number(target.slice(2)));
    if (target.startsWith("/s")) return new StreamingResponse(["<", target, ">"]);
    if (target.startsWith("/b")) return new Response(Buffer.from(`<${target}>`));
    return target.startsWith("/n")
      ? new Response(null, { status: 204 })
      : new Response(`<${target}>`);
  });
  const targets = ["/s1", "/t2", "/b3", "/n4", "/s5", "/s6", "/t7", "/t8", "/b9"];
  const text = await hear(port, targets.map((one) => get(one)).join("") + get("/b0", last));
  expect(text.replaceAll(/\r\n\d+\r\n/g, "").match(/<[^>]*>|204/g)).toEqual(
    [...targets, "/b0"].map((one) => (one === "/n4" ? "204" : `<${one}>`)),
  );
  expect(stock).toEqual([]);
});

test("one that is cut off ends the connection when its turn comes", async () => {
  const { port } = await serve(async (request) => {
    if (request.target === "/fault") throw new Error("A fault of the app");
    return echo(request);
  });
  const text = await hear(port, get("/1?20") + get("/fault") + get("/3"));
  expect(answersIn(text)).toEqual(["</1?20 >"]);
});

test("who throws at once has his connection cut, and no other", async () => {
  const server = await createHttpServer(
    ({ target }, send) => {
      if (target === "/fault") throw new Error("A fault of the app");
      return send(new Response("well"));
    },
    { port: 0, host: "127.0.0.1" },
    direct,
  );
  defer(() => server.close(0));
  const { port } = server.address;
  const [well, ill] = [await open(port), await open(port)];
  ill.write(get("/fault") + get("/"));
  await once(ill, "close");
  expect(ill.text()).toBe("");
  well.write(get("/"));
  await until(() => well.text().endsWith("well"));
});

test("requests of both kinds count as those that a connection may bring", async () => {
  const { port, seen } = await serve(echo, { maxRequestsPerConnection: 3 });
  for (const three of [
    [get("/1"), chunked("/2"), get("/3")],
    [chunked("/1"), get("/2"), chunked("/3")],
    [get("/1?5"), get("/2"), chunked("/3")],
  ]) {
    seen.length = 0;
    const text = await hear(port, three.join("") + get("/4") + chunked("/5"));
    expect(answersIn(text)).toHaveLength(3);
    expect(text.match(/Connection: close/gi)).toHaveLength(1);
    expect(seen).toHaveLength(3);
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

test("where the parser is another one than is known, node:http answers, and one line says so", async () => {
  const Parser = await parserClass();
  for (const [name, value] of [
    ["kOnBody", 77],
    ["kOnHeadersComplete", Parser["kOnMessageComplete"]],
    ["kOnMessageComplete", undefined],
  ] as const) {
    const known = Parser[name];
    Parser[name] = value;
    try {
      const lines: string[] = [];
      const log = createLog({ destination: { write: (line) => lines.push(line) } });
      const scope = new Scope("app", "test");
      scope.provide(logKey, log);
      const { port } = await scope.run(() => serve(echo));
      for (let round = 0; round < 2; round++)
        expect(answersIn(await hear(port, post("/1", "hi") + get("/2", last)))).toHaveLength(2);
      expect(stock.splice(0)).toEqual(["/1", "/2", "/1", "/2"]);
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { level: 40, code: "NX_PARSER", msg: expect.stringContaining("node:http answers alone") },
      ]);
    } finally {
      Parser[name] = known;
    }
  }
});

/** The class of the parsers that node:http uses, which can be had only from one of them. */
async function parserClass(): Promise<Record<string, unknown>> {
  const server = createServer().listen(0, "127.0.0.1");
  defer(() => server.close());
  await once(server, "listening");
  const connected = once(server, "connection");
  await open((server.address() as AddressInfo).port);
  const [socket] = (await connected) as [Socket & { readonly parser: object }];
  return socket.parser.constructor as unknown as Record<string, unknown>;
}
