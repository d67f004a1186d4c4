import { once } from "node:events";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { cleanUp, defer, open, until } from "../../test/sockets.ts";
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
import { Response, StreamingResponse } from "../message/index.ts";
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

test("behind an answer that has begun others may begin", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { port, seen } = await serve(({ target }) =>
    target === "/1" ? new StreamingResponse(opening(promise)) : echoAt(target),
  );
  const client = await open(port);
  client.write(get("/1"));
  await until(() => client.text().endsWith("<one\r\n"));
  client.write(get("/2") + get("/3"));
  await until(() => seen.length === 3);
  expect(client.text()).not.toContain("/2");
  resolve(">");
  await until(() => client.text().endsWith("</3>"));
  expect([answersIn(client.text()).slice(-2), stock]).toEqual([["</2>", "</3>"], []]);
});
async function* opening(rest: Promise<string>): AsyncGenerator<string> {
  yield "<one";
  yield rest;
}

test("a client that closes its side gets all that it has asked for", async () => {
  const large = Buffer.alloc(20_000_000, "x");
  const { port, seen } = await serve(({ target }) =>
    target === "/1" ? new Response(large) : echoAt(target),
  );
  const client = await open(port);
  client.pause();
  client.end(get("/1") + get("/2"));
  await until(() => seen.length === 2);
  await sleep(20);
  client.resume();
  await once(client, "end");
  expect(client.text().length).toBeGreaterThan(large.length);
  expect(client.text().endsWith("</2>")).toBe(true);
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
