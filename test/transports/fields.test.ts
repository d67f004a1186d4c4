import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { fromWebResponse, Response, StreamingResponse } from "nexus-platform/message";
import { cleanUp, defer, exchange, serve } from "../sockets.ts";
import { serveKinds } from "./app.ts";
import { Conversation, converse } from "./conversation.ts";
import { close, request } from "./requests.ts";

afterEach(cleanUp);

test("where an answer ends is said by who sends it, whatever its own fields say", async () => {
  const bodies = {
    "/text": "hello",
    "/bytes": Buffer.from("hello"),
    "/letters": "grün €",
    "/nothing": null,
  };
  for (const fields of [
    { "Content-Length": "3" },
    { "content-length": "99" },
    { "Content-Length": "abc" },
    { "Transfer-Encoding": "chunked" },
    { "Transfer-Encoding": "gzip", "Content-Length": "1" },
    { Trailer: "X" },
    { Upgrade: "a", "Keep-Alive": "timeout=9", TE: "trailers", "Proxy-Connection": "close" },
    { Connection: "X-Hop" },
  ] as Record<string, string>[]) {
    const { port } = await serve(({ target }) => {
      return new Response(bodies[target as "/text"], { headers: { ...fields, "X-Own": "kept" } });
    });
    const client = await Conversation.open(port);
    for (const [target, body] of Object.entries(bodies))
      for (const [method, version] of [["GET"], ["POST"], ["GET", "1.0"]] as const) {
        const stay = ["Connection: keep-alive"];
        client.send(request(target, { method, version: version ?? "1.1", fields: stay }));
        const answer = await client.answer();
        expect(answer.body, `${target} ${JSON.stringify(fields)}`).toBe(String(body ?? ""));
        const { "content-length": length, "transfer-encoding": coding, ...others } = answer.headers;
        expect([length, coding]).toEqual([String(Buffer.byteLength(body ?? "")), undefined]);
        expect(others["connection"]).toBe("keep-alive");
        expect(others["x-own"]).toBe("kept");
        for (const name of ["trailer", "te", "upgrade", "proxy-connection"])
          expect(others[name]).toBeUndefined();
      }
  }
});

test("a stream is held to the length it declares, where that is one", async () => {
  const { port } = await serve(({ target }) => {
    const headers = { "Content-Length": target.slice(1), "Transfer-Encoding": "gzip" };
    return new StreamingResponse(["hel", "lo"], { headers });
  });
  const said = await exchange(port, request("/5", { fields: [close] }));
  expect([said.headers["content-length"], said.headers["transfer-encoding"], said.body]).toEqual([
    "5",
    undefined,
    "hello",
  ]);
  // Nothing is answered behind one that is longer or shorter.
  const longer = await converse(port, request("/3") + request("/5"));
  expect(longer.map(({ body }) => body)).toEqual(["hel"]);
  await expect(converse(port, request("/99") + request("/5"))).rejects.toThrow("It ended");
  const [unsaid] = await converse(port, request("/abc", { fields: [close] }));
  expect([unsaid!.headers["content-length"], unsaid!.body]).toEqual([undefined, "hello"]);
});

test("an answer to HEAD may have the length that GET would have", async () => {
  const { port } = await serve(
    () => new Response(null, { headers: { "Content-Length": "1234", Trailer: "X" } }),
  );
  const methods = ["HEAD", "GET"];
  const bytes = methods.map((method) => request("/", { method }));
  const last = request("/", { fields: [close] });
  const answers = await converse(port, bytes.join("") + last, methods);
  expect(answers.map(({ headers }) => headers["content-length"])).toEqual(["1234", "0", "0"]);
});

test("who wants the connection to end gets that, in his own name", async () => {
  const { port } = await serve(() => new Response("well", { headers: { Connection: "close" } }));
  const answers = await converse(port, request("/") + request("/"));
  expect(answers.map(({ headers }) => headers["connection"])).toEqual(["close"]);
});

test("what has been fetched arrives as it was", async () => {
  const upstream = createServer(({ url }, response) => {
    const body = url === "/gzip" ? gzipSync("fetched") : "fetched";
    const coding = url === "/gzip" ? { "Content-Encoding": "gzip" } : {};
    response
      .writeHead(200, { ...coding, "Content-Length": body.length, "X-Own": "kept" })
      .end(body);
  }).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  defer(() => upstream.close());
  defer(() => upstream.closeAllConnections());
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const { port } = await serve(async ({ target }) => fromWebResponse(await fetch(url + target)));
  const targets = ["/gzip", "/plain", "/gzip"];
  const bytes = targets.map((target) => request(target)).join("");
  const answers = await converse(port, bytes + request("/plain", { fields: [close] }));
  for (const { body, headers } of answers)
    expect([body, headers["content-encoding"], headers["x-own"]]).toEqual([
      "fetched",
      undefined,
      "kept",
    ]);
  // One that was made, not fetched, has the coding that it says.
  const made = fromWebResponse(
    new globalThis.Response("as it is", { headers: { "content-encoding": "gzip" } }),
  );
  expect(made.headers.get("content-encoding")).toBe("gzip");
});

test("fields are Latin-1, whatever the body is", async () => {
  const { port } = await serve(({ target }) => {
    const headers = { "X-L": "ü" };
    if (target === "/stream") return new StreamingResponse(["€", "ü"], { headers });
    return new Response(target === "/bytes" ? Buffer.from("€ü") : "€ü", { headers });
  });
  for (const target of ["/text", "/bytes", "/stream"])
    for (const parts of [{}, { body: "unread" }, { version: "1.0" }]) {
      const [answer] = await converse(port, request(target, { ...parts, fields: [close] }));
      expect([target, answer!.headers["x-l"], answer!.body]).toEqual([target, "\xfc", "€ü"]);
    }
});

test("a status that is none is refused where it is set, and breaks into no head", async () => {
  const { port, failures } = await serve(({ target }) => {
    const response = new Response("x");
    response.status = decodeURIComponent(target.slice(1)) as unknown as number;
    return response;
  });
  for (const status of ["100", "0", "1000", "200%20OK%0d%0aX:%20y"])
    await converse(port, request(`/${status}`));
  expect(failures).toHaveLength(4);
  for (const failure of failures) expect(failure).toMatchObject({ code: "NX_STATUS" });
});

test("a whole address says for which host it is", async () => {
  const { port } = await serve(({ url, headers }) => new Response(`${url} ${headers.get("host")}`));
  const bytes = request("http://b:81/path?q", { fields: [close] });
  expect((await converse(port, bytes))[0]!.body).toBe("http://b:81/path?q b:81");
});

test("a host that is none is refused, and a version that is not spoken", async () => {
  const { port } = await serveKinds();
  const statusesOf = async (head: string): Promise<number[]> => {
    const slow = request("/later?ms=5");
    const [first, ...others] = await converse(
      port,
      `${slow}${head}${close}\r\n\r\n${request("/now")}`,
    );
    expect(first!.status).toBe(200);
    return others.map(({ status }) => status);
  };
  for (const host of ["a/b?c@d", "user@a", "a b", "a:b", "[::1", "a#", "é", "a,b/"])
    expect(await statusesOf(`GET /now HTTP/1.1\r\nHost: ${host}\r\n`), host).toEqual([400]);
  for (const host of ["", "a", "a.b-c:80", "[::1]:8000", "127.0.0.1", "a_b", "a:", "%41"])
    expect(await statusesOf(`GET /now HTTP/1.1\r\nHost: ${host}\r\n`), host).toEqual([200]);
  for (const target of ["http://u@a/now", "http://a b/now"])
    expect(await statusesOf(`GET ${target} HTTP/1.1\r\nHost: a\r\n`)).toEqual([400]);
  expect(await statusesOf("GET /now HTTP/2.0\r\nHost: a\r\n")).toEqual([505]);
});
