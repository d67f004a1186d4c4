import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../sockets.ts";
import { serveKinds } from "./app.ts";
import { converse } from "./conversation.ts";
import { close, request } from "./requests.ts";

afterEach(cleanUp);

const last = request("/now?n=2", { fields: [close] });
/** What nobody may answer. */
const smuggled = request("/now?n=666");

/** Sends a request with a body, and another one behind it. @returns the answers' statuses and bodies */
async function post(port: number, fields: readonly string[], body: string, target = "/raw") {
  const head = request(target, { method: "POST", fields });
  const answers = await converse(port, head + body + last);
  return answers.map(({ status, body }) => [status, status < 400 ? body : ""]);
}

test("where a body ends is said once and clearly, or the request is refused with all behind it", async () => {
  const { port } = await serveKinds();
  const unclear = [
    ["Content-Length: 6", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked", "Content-Length: 4"],
    ["Content-Length: 5", "Content-Length: 5"],
    ["Content-Length: 5", "Content-Length: 0"],
    ["Content-Length: 5, 5"],
    ["Content-Length: +5"],
    ["Content-Length: 0x5"],
    ["Content-Length: 5 5"],
    ["Content-Length: 5.0"],
    ["Content-Length: 5;"],
    ["Content-Length:"],
    ["Content-Length: \xb5"],
    ["Content-Length: 18446744073709551621"],
    ["Content-Length : 5"],
    ["Transfer-Encoding : chunked"],
    ["Transfer-Encoding:\r\n chunked"],
    ["X: y", " Transfer-Encoding: chunked"],
    ["X: y\nTransfer-Encoding: chunked"],
    ["X: y\rTransfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked\nContent-Length: 5"],
    ["Transfer-Encoding: \x0bchunked"],
    ["Transfer-Encoding: identity", "Content-Length: 5"],
    ["Transfer-Encoding: chunked, identity"],
    ["Transfer-Encoding: chunked, chunked"],
    ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
  ];
  for (const fields of unclear) {
    expect(await post(port, fields, `0\r\n\r\n${smuggled}`), String(fields)).toEqual([[400, ""]]);
  }
});

test("a chunk that is none breaks its request off", async () => {
  const { port } = await serveKinds();
  const broken = [
    "-5\r\nhello\r\n0\r\n\r\n",
    "0x5\r\nhello\r\n0\r\n\r\n",
    " 5\r\nhello\r\n0\r\n\r\n",
    "5 \r\nhello\r\n0\r\n\r\n",
    "5\nhello\n0\n\n",
    "5\rhello\r0\r\r",
    "\r\n5\r\nhello\r\n0\r\n\r\n",
    "4\r\nhello\r\n0\r\n\r\n",
    "6\r\nhello\r\n0\r\n\r\n",
    "g\r\nhello\r\n0\r\n\r\n",
    "10000000000000005\r\nhello\r\n0\r\n\r\n",
    "5;a\nb\r\nhello\r\n0\r\n\r\n",
    "5;\x00\r\nhello\r\n0\r\n\r\n",
    `5;${"a".repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
    "5\r\nhello\r\n0\r\nno trailer\r\n\r\n",
    "5\r\nhello\r\n0\r\nT : a\r\n\r\n",
    "5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n",
    "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
    `5\r\nhello\r\n0\r\nT: ${"a".repeat(20_000)}\r\n\r\n`,
  ];
  for (const body of broken) {
    const got = await post(port, ["Transfer-Encoding: chunked"], body + smuggled);
    expect([got.length, got[0]?.[0]], body.slice(0, 40)).toEqual([
      1,
      expect.toSatisfy((status) => [400, 413, 431].includes(status)),
    ]);
  }
});

test("a body ends where it says, and the next request begins there", async () => {
  const { port } = await serveKinds();
  const chunked = "5\r\nhello\r\n0\r\n\r\n";
  const clear: [fields: string[], body: string, got: string][] = [
    [["Content-Length: 5"], "hello", "hello"],
    [["CONTENT-LENGTH:5"], "hello", "hello"],
    [["Content-Length: \t 0005 \t"], "hello", "hello"],
    [["Content-Length: 0"], "", ""],
    [[], "", ""],
    [["Content-Length: 5"], "GET /", "GET /"],
    [["Content-Length: 4"], "\r\n\r\n", "\r\n\r\n"],
    [["Transfer-Encoding: chunked"], chunked, "hello"],
    [["transfer-encoding:CHUNKED"], chunked, "hello"],
    [["Transfer-Encoding: chunked"], "0\r\n\r\n", ""],
    [["Transfer-Encoding: chunked"], "05\r\nhello\r\n00\r\n\r\n", "hello"],
    [
      ["Transfer-Encoding: chunked"],
      `A\r\n0123456789\r\na\r\n0\r\n\r\n34567\r\n0\r\n\r\n`,
      "01234567890\r\n\r\n34567",
    ],
    [["Transfer-Encoding: chunked"], '5;a=b;c="d e"\r\nhello\r\n0;e\r\n\r\n', "hello"],
    [["Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\nT: a\r\nU: b\r\n\r\n", "hello"],
    // Trailers are no header fields.
    [["Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\nHost: b\r\nExpect: x\r\n\r\n", "hello"],
    [["Transfer-Encoding: chunked"], `${"1\r\nx\r\n".repeat(3000)}0\r\n\r\n`, "x".repeat(3000)],
  ];
  for (const [fields, body, got] of clear) {
    expect(await post(port, fields, body), `${fields} ${body.slice(0, 60)}`).toEqual([
      [200, got],
      [200, '{"now":2}'],
    ]);
  }
});

test("any method may have a body, and one that nobody reads is passed over", async () => {
  const { port } = await serveKinds();
  for (const method of ["GET", "HEAD", "DELETE", "OPTIONS", "PATCH", "POST"])
    for (const parts of [{ body: smuggled }, { chunks: [smuggled, smuggled] }])
      for (const target of ["/now", "/later", "/unread", "/missing"]) {
        const bytes = request(target, { method, ...parts }) + last;
        const answers = await converse(port, bytes, [method]);
        expect(answers, bytes.slice(0, 80)).toHaveLength(2);
        expect(answers[1]!.body).toBe('{"now":2}');
      }
});

test("a transfer coding that is not understood is refused, once", async () => {
  const { port } = await serveKinds();
  for (const coding of ["xchunked", "gzip", "gzip, chunked", "chunked;q=1", '"chunked"']) {
    const got = await post(port, [`Transfer-Encoding: ${coding}`], `0\r\n\r\n${smuggled}`);
    expect(got, coding).toEqual([[501, ""]]);
  }
});
