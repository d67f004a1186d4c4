import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { cleanUp, exchange, open, serve, until } from "../../test/sockets.ts";
import { type Request, Response } from "../message/index.ts";

const rejections: unknown[] = [];
const note = (reason: unknown): number => rejections.push(reason);
process.on("unhandledRejection", note);
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});
afterEach(cleanUp);

test("a body comes with a length, or in chunks", async () => {
  const { port } = await serve(async (request) => new Response(await request.text()));
  const head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  const sized = await exchange(port, `${head}Content-Length: 5\r\n\r\nhello`);
  const chunked = await exchange(
    port,
    `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`,
  );
  expect([sized.body, chunked.body]).toEqual(["hello", "hello"]);
});

test("a refused body is answered while it is still being sent, and the connection lives on", async () => {
  const { port } = await serve(tooLarge);
  const size = 8 * 1024 * 1024;
  for (const framing of ["length", "chunks"] as const) {
    const client = await open(port);
    client.write(
      `POST / HTTP/1.1\r\nHost: a\r\n${framing === "length" ? `Content-Length: ${size}` : "Transfer-Encoding: chunked"}\r\n\r\n`,
    );
    const first = "x".repeat(700_000);
    client.write(framing === "length" ? first : `${size.toString(16)}\r\n${first}`);
    // The answer is there before the rest is sent.
    await until(() => client.text().endsWith("too large"));
    expect(client.text()).toContain("HTTP/1.1 413");
    client.write("x".repeat(size - first.length));
    if (framing === "chunks") client.write("\r\n0\r\n\r\n");
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => client.text().endsWith("well"));
  }
});

test("a client that will hang up gets the refusal too, not a reset", async () => {
  const { port } = await serve(tooLarge);
  for (const protocol of ["1.1", "1.0"]) {
    const client = await open(port);
    const errors: unknown[] = [];
    client.on("error", (error) => errors.push(error));
    client.write(
      `POST / HTTP/${protocol}\r\nHost: a\r\nConnection: close\r\nContent-Length: 3000000\r\n\r\n`,
    );
    // It sends everything before it reads anything.
    client.pause();
    for (let sent = 0; sent < 30; sent++) {
      client.write("x".repeat(100_000));
      await sleep(2);
    }
    client.resume();
    await once(client, "end");
    expect([errors, client.text()]).toEqual([[], expect.stringMatching(/413[^]*too large$/)]);
  }
});

test("a body that nobody reads does not stop the next request", async () => {
  const { port } = await serve((request) => new Response(request.method));
  const client = await open(port);
  client.write(
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n${"x".repeat(500_000)}`,
  );
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => client.text().endsWith("GET"));
  expect(client.text()).toMatch(/200 OK[^]*POST[^]*200 OK[^]*GET$/);
});

test("a target may be absolute, as proxies are asked", async () => {
  const { port } = await serve((request) => new Response(request.target));
  const targets = { "http://a/b?c=d": "/b?c=d", "http://a": "/", "HTTP://a?x": "/?x", "/p": "/p" };
  for (const [sent, got] of Object.entries(targets)) {
    const answer = await exchange(
      port,
      `GET ${sent} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.body).toBe(got);
  }
});

test("leave to send the body is given when somebody reads it", async () => {
  const { port } = await serve(async (request) => {
    if (request.target === "/no") return new Response("no", { status: 401 });
    return new Response(await request.text());
  });
  const head = "HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  const client = await open(port);
  client.write(`POST / ${head}`);
  await until(() => client.text() === "HTTP/1.1 100 Continue\r\n\r\n");
  client.write("hello");
  await until(() => client.text().endsWith("hello"));
  const refused = await exchange(port, `POST /no ${head}`);
  expect([refused.status, refused.headers["connection"]]).toEqual([401, "close"]);
});

test("an offer to upgrade is passed over", async () => {
  const { port } = await serve(() => new Response("well"));
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  await until(() => client.text().endsWith("well"));
});

test("the signal fires when the client goes, in a pipelined request too", async () => {
  const { port, seen, ended } = await serve(async (request) => {
    const { signal } = request;
    await Promise.race([once(signal, "abort"), sleep(5000, undefined, { ref: false })]);
    return new Response(String(signal.aborted));
  });
  const client = await open(port);
  client.write("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => seen.length === 2);
  client.destroy();
  await until(() => ended.length === 2, 1000);
  expect(seen.every(({ signal }) => signal.aborted)).toBe(true);
});

test("a signal that is first asked for when the client has gone has fired", async () => {
  let aborted: boolean | undefined;
  const { port, seen } = await serve(async (request) => {
    await sleep(60);
    ({ aborted } = request.signal);
    return new Response(null);
  });
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => seen.length === 1);
  client.destroy();
  await until(() => aborted !== undefined);
  expect(aborted).toBe(true);
});

test("an answer that has left does not fire the signal", async () => {
  const { port, seen } = await serve((request) => new Response(String(request.signal.aborted)));
  await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await sleep(20);
  expect(seen[0]!.signal.aborted).toBe(false);
});

test("names of header fields are found in any case, and several values are joined", async () => {
  const { port } = await serve(
    ({ headers }) => new Response(`${headers.get("x-LIST")} ${headers.get("cookie")}`),
  );
  const answer = await exchange(
    port,
    "GET / HTTP/1.1\r\nHOST: a\r\nX-List: a\r\nx-list: b\r\nCookie: c=1\r\nCookie: d=2\r\nConnection: close\r\n\r\n",
  );
  expect(answer.body).toBe("a, b c=1; d=2");
});

async function tooLarge(request: Request): Promise<Response> {
  if (!request.body) return new Response("well");
  return request.text().then(
    () => new Response("well"),
    () => new Response("too large", { status: 413 }),
  );
}
