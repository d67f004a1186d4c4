import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../sockets.ts";
import { serveKinds } from "./app.ts";
import { Conversation, converse } from "./conversation.ts";
import { close, request } from "./requests.ts";

afterEach(cleanUp);

const behind = request("/now?n=666");
const statuses = async (port: number, text: string): Promise<number[]> =>
  (await converse(port, text)).map(({ status }) => status);

test("a head that is not to the letter is refused, with all behind it", async () => {
  const { port } = await serveKinds();
  const line = "GET /now HTTP/1.1\r\n";
  const heads = [
    "GET /now HTTP/1.1\nHost: a\n\n",
    `${line}Host: a\nX: b\r\n\r\n`,
    `${line}Host: a\n\n`,
    `${line}Host: a\rX: b\r\n\r\n`,
    `${line}Host: a\r\n\r\r\n\r\n`,
    `${line}Host : a\r\n\r\n`,
    `${line} Host: a\r\n\r\n`,
    `${line}Host: a\r\n: b\r\n\r\n`,
    `${line}Host: a\r\nX\r\n\r\n`,
    `${line}Host: a\r\nX: b\r\n folded\r\n\r\n`,
    `${line}Host: a\r\nX: b\r\n\tfolded\r\n\r\n`,
    `${line}Host: a\r\n\x80: b\r\n\r\n`,
    `${line}Host: a\r\n(X): b\r\n\r\n`,
    `${line}Host: a\r\nX\0: b\r\n\r\n`,
    `GET\t/now HTTP/1.1\r\nHost: a\r\n\r\n`,
    ` GET /now HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET /now HTTP/1.1 \r\nHost: a\r\n\r\n`,
    `GET /n\0w HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET /n\x7fw HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET /n\xe9w HTTP/1.1\r\nHost: a\r\n\r\n`,
    "GET /now\r\n\r\n",
    "GET /now HTTP\r\n\r\n",
    "GET /now HTTP/1\r\nHost: a\r\n\r\n",
    "GET /now HTTP/1.2\r\nHost: a\r\n\r\n",
    "GET /now HTTP/3.0\r\nHost: a\r\n\r\n",
    "GET /now http/1.1\r\nHost: a\r\n\r\n",
    "GET /now ICE/1.0\r\nHost: a\r\n\r\n",
    "get /now HTTP/1.1\r\nHost: a\r\n\r\n",
    "MIRACLE /now HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET now HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  ];
  for (const control of Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)))
    if (!"\t\n\r".includes(control)) heads.push(`${line}Host: a\r\nX: b${control}c\r\n\r\n`);
  heads.push(`${line}Host: a\r\nX: b\x7fc\r\n\r\n`);
  for (const head of heads)
    expect(await statuses(port, head + behind), JSON.stringify(head)).toEqual([400]);
});

test("HTTP/0.9 is not spoken", async () => {
  const { port } = await serveKinds();
  expect(await statuses(port, "GET /now HTTP/0.9\r\n\r\n")).toEqual([400]);
});

test("what is odd but clear is read", async () => {
  const { port } = await serveKinds();
  for (const head of [
    "\r\n\r\nGET /now HTTP/1.1\r\nHost: a\r\n",
    "GET /now HTTP/1.1\r\nHOST:a\r\nX:\r\n",
    "GET /now HTTP/1.1\r\nHost: a\r\nX: \t b\tc \t\r\n",
    "GET /now HTTP/1.1\r\nX: \x80\xff\r\nHost: a\r\n!#$%&'*+-.^_`|~0: x\r\n",
    "GET http://other/now HTTP/1.1\r\nHost: a\r\n",
    "GET /now HTTP/1.1\r\nHost:\r\n",
    "GET /now?a=%zz&b HTTP/1.1\r\nHost: a\r\n",
  ])
    expect(await statuses(port, `${head}${close}\r\n\r\n`), head).toEqual([200]);
});

test("an address that is too long, too many fields and too large ones are 431", async () => {
  const { port } = await serveKinds();
  for (const head of [
    request(`/now?${"x".repeat(100_000)}`),
    request("/now", { fields: [`X: ${"x".repeat(100_000)}`] }),
    request("/now", { fields: [`${"x".repeat(100_000)}: x`] }),
    request("/now", { fields: Array.from({ length: 3000 }, () => "x:") }),
    request("/now", { fields: Array.from({ length: 10_000 }, (_, at) => `X-${at}: x`) }),
  ])
    expect(await statuses(port, head + behind), head.slice(0, 40)).toEqual([431]);
});

test("of many fields each one counts", async () => {
  const { port } = await serveKinds();
  // The parser hands them on in parts from 32 on.
  for (const count of [28, 29, 30, 31, 32, 33, 61, 62, 63, 64, 65, 127, 500, 990]) {
    const fields = Array.from({ length: count }, () => "x:");
    const [answer] = await converse(
      port,
      request("/raw", { fields: [...fields, "X-Request-ID: last", close], body: "whole" }),
    );
    expect([count, answer!.status, answer!.headers["x-request-id"], answer!.body]).toEqual([
      count,
      200,
      "last",
      "whole",
    ]);
    expect(await statuses(port, request("/now", { fields: [...fields, "Host: b"] }))).toEqual([
      400,
    ]);
  }
});

test("each address has its answer, whatever its form", async () => {
  const { port } = await serveKinds();
  const answers = {
    "OPTIONS *": 404,
    "GET /": 404,
    "GET //now": 404,
    "GET /now?": 200,
    "GET /now/": 308,
    "GET /now#x": 404,
    "GET /%6eow": 200,
    "GET /%zz": 400,
    "GET http://a": 404,
    "GET http://a/now?n=1": 200,
    "PURGE /now": 405,
    "TRACE /now": 405,
    "DELETE /now": 405,
    "QUERY /now": 405,
  };
  for (const [asked, status] of Object.entries(answers)) {
    const [method, target] = asked.split(" ");
    const bytes = request(target!, { method: method!, fields: [close] });
    expect(await statuses(port, bytes), asked).toEqual([status]);
  }
});

test("CONNECT is refused, behind the answers to what came before it", async () => {
  const { port } = await serveKinds();
  const connect = request("a:1", { method: "CONNECT" });
  expect(await statuses(port, connect + behind)).toEqual([405]);
  expect(await statuses(port, request("/now") + connect)).toEqual([200, 405]);
  expect(await statuses(port, request("/later?ms=20") + connect)).toEqual([200, 405]);
});

test("an offer to upgrade is passed over, and the connection ends with the answer", async () => {
  const { port } = await serveKinds();
  for (const offer of [
    ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"],
    ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"],
  ])
    for (const [asked, body] of [
      [request("/now?n=1", { fields: offer }), '{"now":1}'],
      [request("/later?n=2", { fields: offer }), '{"later":2}'],
      [request("/raw", { fields: offer, body: "hello" }), "hello"],
      // Node's parser takes what follows for the other protocol, and throws it away.
      [request("/now?n=1", { fields: offer }) + request("/now?n=2"), '{"now":1}'],
    ] as const) {
      const client = await Conversation.open(port);
      const answer = await client.send(asked).answer();
      expect([answer.body, answer.headers["connection"]]).toEqual([body, "close"]);
      await client.over();
    }
});

test("leave to send a body is given once somebody reads it, and only to HTTP/1.1", async () => {
  const { port } = await serveKinds();
  const fields = ["Expect: 100-continue"];
  const client = await Conversation.open(port);
  const [head, body] = request("/raw", { fields, body: "hello" }).split(/(?<=\r\n\r\n)/);
  for (const pause of [true, false]) {
    client.send(head!);
    if (pause) expect((await client.answer()).status).toBe(100);
    client.send(body!);
    if (!pause) expect((await client.answer()).status).toBe(100);
    expect((await client.answer()).body).toBe("hello");
  }
  client.send(request("/raw", { fields: [...fields, close], chunks: ["hel", "lo"] }));
  expect((await client.answers()).map(({ status }) => status)).toEqual([100, 200]);
  const old = request("/raw", { fields, body: "hello", version: "1.0" });
  expect(await statuses(port, old)).toEqual([200]);
});

test("an expectation without a body, and one that nobody knows", async () => {
  const { port } = await serveKinds();
  const asking = (expectation: string) =>
    statuses(port, request("/now", { fields: [`Expect: ${expectation}`, close] }));
  expect(await asking("100-continue")).toEqual([200]);
  expect(await asking("100-CONTINUE")).toEqual([200]);
  const refused = request("/raw", { fields: ["Expect: miracle"], body: "hello" });
  expect(await statuses(port, refused + behind)).toEqual([417]);
});

test("behind a refusal nothing is answered any more, not even garbage", async () => {
  const { port } = await serveKinds();
  const refusals = {
    400: "GET /now HTTP/1.1\r\n\r\n",
    417: request("/now", { fields: ["Expect: miracle"] }),
    405: request("a:1", { method: "CONNECT" }),
  };
  for (const [status, head] of Object.entries(refusals))
    for (const next of [behind, "garbage\r\n\r\n"])
      expect(await statuses(port, head + next), next).toEqual([Number(status)]);
});
