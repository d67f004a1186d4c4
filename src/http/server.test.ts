import { once } from "node:events";
import { Agent, request as ask } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { type Request, Response, StreamingResponse } from "../message/index.ts";
import { createHttpServer, type HttpServer, type HttpServerOptions } from "./server.ts";

const rejections: unknown[] = [];
const note = (reason: unknown): number => rejections.push(reason);
process.on("unhandledRejection", note);
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one();
});

test("a request line or header that is none is a 400 problem", async () => {
  const { port } = await serve(() => new Response("well"));
  for (const garbage of [
    "nonsense\r\n\r\n",
    "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nbad header: 1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
  ]) {
    const answer = await exchange(port, garbage);
    expect(answer.status, garbage).toBe(400);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(JSON.parse(answer.body)).toMatchObject({ status: 400, title: "Bad Request" });
  }
});

test("a length that contradicts the framing is refused", async () => {
  const { port, seen } = await serve(async (request) => new Response(await request.text()));
  for (const fields of [
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: -1",
    "Content-Length: 1e3",
  ]) {
    const answer = await exchange(port, `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n0\r\n\r\n`);
    expect(answer.status, fields).toBe(400);
  }
  expect(seen).toEqual([]);
});

test("a head that is too large is 431", async () => {
  const { port } = await serve(() => new Response("well"));
  const answer = await exchange(
    port,
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(200_000)}\r\n\r\n`,
  );
  expect(answer.status).toBe(431);
});

test("a request names one host, unless it is of HTTP/1.0", async () => {
  const { port } = await serve((request) => new Response(request.url));
  const none = await exchange(port, "GET / HTTP/1.1\r\n\r\n");
  expect([none.status, JSON.parse(none.body).detail]).toEqual([400, "The request has no Host"]);
  expect((await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")).status).toBe(400);
  const old = await exchange(port, "GET / HTTP/1.0\r\n\r\n");
  expect([old.status, old.headers["connection"]]).toEqual([200, "close"]);
});

test("a head, or a body, that does not arrive in time is 408", async () => {
  const { port } = await serve(async (request) => new Response(await request.text()), {
    headersTimeout: 0.2,
    requestTimeout: 0.4,
  });
  const [head, body] = await Promise.all([
    exchange(port, "GET / HTTP/1.1\r\nHost:"),
    exchange(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"),
  ]);
  expect([head.status, body.status]).toEqual([408, 408]);
});

test("a request time shorter than the usual head time is taken for both", async () => {
  await serve(() => new Response(null), { requestTimeout: 1 });
});

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

test("a body that breaks its framing is 400, and the handler is told", async () => {
  let told: unknown;
  const { port } = await serve(async (request) => {
    await request.text().catch((error: unknown) => (told = error));
    return new Response(null);
  });
  const answer = await exchange(
    port,
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
  );
  expect(answer.status).toBe(400);
  await until(() => told !== undefined);
  expect(told).toMatchObject({ status: 400, errorCode: "BODY_BROKE_OFF" });
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

test("pipelined requests are answered in their order", async () => {
  const { port } = await serve(async (request) => {
    await sleep(request.target === "/slow" ? 60 : 0);
    return new Response(request.target);
  });
  const client = await open(port);
  const targets = ["/slow", "/2", "/3", "/4"];
  client.write(targets.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  await until(() => client.text().endsWith("/4"));
  expect(client.text().match(/(?<=\r\n\r\n)\/(?:slow|\d)/g)).toEqual(targets);
});

test("garbage behind good requests is refused after they are answered", async () => {
  const { port } = await serve(async (request) => {
    await sleep(40);
    return new Response(request.target);
  });
  const client = await open(port);
  client.write(
    "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\ngarbage\r\n\r\n",
  );
  await once(client, "end");
  expect(client.text()).toMatch(/200 OK[^]*\/a[^]*200 OK[^]*\/b[^]*400 Bad Request/);
});

test("HEAD has the length and no body; 204 and 304 have neither", async () => {
  const { port } = await serve(
    ({ target }) =>
      new Response(target === "/" ? "hello" : null, { status: Number(target.slice(1)) || 200 }),
  );
  const head = await exchange(port, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  expect([head.headers["content-length"], head.body]).toEqual(["5", ""]);
  for (const status of [204, 304]) {
    const bare = await exchange(
      port,
      `GET /${status} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    expect([bare.status, bare.headers["content-length"], bare.body]).toEqual([
      status,
      undefined,
      "",
    ]);
    expect(bare.headers["transfer-encoding"]).toBeUndefined();
  }
});

test("HEAD of a stream does not run the stream", async () => {
  let ran = false;
  const { port } = await serve(() => new StreamingResponse(chunks(() => (ran = true))));
  const head = await exchange(port, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  expect([head.status, head.body, ran]).toEqual([200, "", false]);
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

test("an expectation that nobody knows is 417", async () => {
  const { port } = await serve(() => new Response("well"));
  const answer = await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\nExpect: miracle\r\n\r\n");
  expect([answer.status, JSON.parse(answer.body).title]).toEqual([417, "Expectation Failed"]);
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

test("a client that goes during a stream ends it: its finally runs", async () => {
  for (const leave of ["destroy", "resetAndDestroy"] as const) {
    let ended = false;
    const {
      port,
      failures,
      ended: exchanges,
    } = await serve(
      () =>
        new StreamingResponse(
          (async function* () {
            try {
              for (;;) {
                yield "tick\n";
                await sleep(5);
              }
            } finally {
              ended = true;
            }
          })(),
        ),
    );
    const client = await open(port);
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => client.text().includes("tick"));
    client[leave]();
    await until(() => ended && exchanges.length === 1);
    expect(failures).toEqual([]);
  }
});

test("a source that waits for events is ended when the client goes", async () => {
  let cancelled = false;
  let release: (() => void) | undefined;
  const { port, ended } = await serve(() => {
    const waiting: AsyncIterableIterator<string> = {
      [Symbol.asyncIterator]: () => waiting,
      next: () => new Promise((resolve) => (release = () => resolve({ done: true, value: "" }))),
      return: async () => {
        cancelled = true;
        release?.();
        return { done: true, value: "" };
      },
    };
    return new StreamingResponse(waiting);
  });
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => client.text().includes("\r\n\r\n"));
  client.destroy();
  await until(() => ended.length === 1);
  expect(cancelled).toBe(true);
});

test("a source that fails cuts the connection: no client takes the part for the whole", async () => {
  const { port, failures } = await serve(
    () =>
      new StreamingResponse(
        (async function* () {
          yield "half";
          await sleep(20);
          throw new Error("disk gone");
        })(),
      ),
  );
  const chunked = await open(port);
  chunked.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(chunked, "close");
  expect(chunked.text()).toMatch(/half\r\n$/);
  const old = await open(port);
  const error = once(old, "error");
  // Without chunks a clean end would be a whole body.
  old.write("GET / HTTP/1.0\r\n\r\n");
  expect((await error)[0]).toMatchObject({ code: "ECONNRESET" });
  expect(failures).toHaveLength(2);
});

test("a stream that is longer or shorter than it said is cut", async () => {
  const { port, failures } = await serve(({ target }) => {
    const headers = { "Content-Length": target.slice(1) };
    return new StreamingResponse(["12345"], { headers });
  });
  for (const [size, body] of Object.entries({ 5: "12345", 4: undefined, 6: undefined })) {
    const client = await open(port);
    client.on("error", () => {});
    client.write(`GET /${size} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    await once(client, "close");
    if (body !== undefined) expect(client.text().endsWith(`\r\n\r\n${body}`)).toBe(true);
  }
  expect(failures).toHaveLength(2);
});

test("a slow reader slows the source down", async () => {
  let produced = 0;
  const { port } = await serve(
    () =>
      new StreamingResponse(
        (async function* () {
          for (; produced < 10_000; produced++) yield Buffer.alloc(64 * 1024);
        })(),
      ),
  );
  const client = await open(port);
  client.pause();
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await sleep(150);
  const before = produced;
  await sleep(100);
  // Some megabytes stand in the buffers of the system; 625 would be all of it.
  expect(before * 64).toBeLessThan(50_000);
  expect(produced).toBe(before);
});

test("a stream is of text, of bytes, of nothing, or a web stream", async () => {
  const { port } = await serve(({ target }) => {
    if (target === "/text") return new StreamingResponse(["grü", "n"]);
    if (target === "/bytes")
      return new StreamingResponse([Buffer.from("ab"), new Uint8Array([99])]);
    if (target === "/nothing") return new StreamingResponse([]);
    return new Response(new globalThis.Response("from the web").body);
  });
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  expect(await Promise.all(["/text", "/bytes", "/nothing", "/web"].map(get))).toEqual([
    "grün",
    "abc",
    "",
    "from the web",
  ]);
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

test("each cookie has a field of its own", async () => {
  const { port } = await serve(() => {
    const response = new Response("well");
    response.setCookie("a", "1");
    response.setCookie("b", "2");
    return response;
  });
  const response = await fetch(`http://127.0.0.1:${port}`);
  expect(response.headers.getSetCookie().map((cookie) => cookie.slice(0, 3))).toEqual([
    "a=1",
    "b=2",
  ]);
});

test("a line break never leaves in a header, even past our own check", async () => {
  const { port, failures } = await serve(() => {
    const response = new Response("well");
    response.headers.raw.push("X-Evil", "a\r\nSet-Cookie: stolen=1");
    return response;
  });
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(client, "close");
  expect([client.text(), failures.length]).toEqual(["", 1]);
});

test("ten megabytes arrive whole", async () => {
  const body = Buffer.alloc(10 * 1024 * 1024, "0123456789");
  const { port } = await serve(() => new Response(body));
  const got = await (await fetch(`http://127.0.0.1:${port}`)).arrayBuffer();
  expect(Buffer.from(got).equals(body)).toBe(true);
});

test("an idle connection is kept, and closed after a while", async () => {
  const { port } = await serve(() => new Response("well"), { keepAliveTimeout: 0.1 });
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => client.text().endsWith("well"));
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => client.text().split("well").length === 3);
  await once(client, "end");
});

test("a hundred connections carry a thousand requests", async () => {
  const { port } = await serve(async (request) => new Response(request.target));
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  undo.push(() => agent.destroy());
  const get = async (path: string): Promise<string> => {
    const [response] = await once(ask({ port, path, agent, host: "127.0.0.1" }).end(), "response");
    return (await response.toArray()).join("");
  };
  const paths = Array.from({ length: 1000 }, (_, at) => `/${at}`);
  expect(await Promise.all(paths.map(get))).toEqual(paths);
});

test("closing waits for what runs, and for no connection that asks nothing", async () => {
  const { port, server, seen } = await serve(async () => {
    await sleep(100);
    return new Response("finished");
  });
  const [unused, idle, busy] = [await open(port), await open(port), await open(port)];
  idle.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => idle.text().endsWith("finished"));
  busy.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => seen.length === 2);
  const begun = performance.now();
  await Promise.all([server.close(10), once(busy, "close"), once(unused, "close")]);
  expect(performance.now() - begun).toBeLessThan(1000);
  expect(busy.text()).toMatch(/Connection: close[^]*finished$/i);
});

test("a stream that has begun before the close is finished, and its connection let go", async () => {
  const { port, server } = await serve(
    () =>
      new StreamingResponse(
        (async function* () {
          for (let part = 0; part < 4; part++) {
            yield `part ${part}`;
            await sleep(30);
          }
        })(),
      ),
  );
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => client.text().includes("part 0"));
  const begun = performance.now();
  await server.close(10);
  expect(performance.now() - begun).toBeLessThan(1000);
  expect(client.text()).toMatch(/part 3\r\n0\r\n\r\n$/);
});

test("closing cuts what is not done by the deadline", async () => {
  const { port, server, seen } = await serve(() => new Promise<never>(() => {}));
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => seen.length === 1);
  await server.close(0.1);
  await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
});

test("a port that is taken is said so, with the cure", async () => {
  const { port } = await serve(() => new Response(null));
  await expect(createHttpServer(async () => {}, { port, host: "127.0.0.1" })).rejects.toThrow(
    `Cannot listen on port ${port} of 127.0.0.1: it is taken. Stop what listens there, or set PORT`,
  );
  await expect(createHttpServer(async () => {}, { port: 0, host: "192.0.2.1" })).rejects.toThrow(
    /Set HOST to an address of this machine/,
  );
});

async function tooLarge(request: Request): Promise<Response> {
  if (!request.body) return new Response("well");
  return request.text().then(
    () => new Response("well"),
    () => new Response("too large", { status: 413 }),
  );
}

async function* chunks(begun: () => void): AsyncGenerator<string> {
  begun();
  yield "chunk";
}

async function serve(
  answer: (request: Request) => Response | Promise<Response>,
  options?: HttpServerOptions,
) {
  const seen: Request[] = [];
  const ended: Request[] = [];
  const failures: unknown[] = [];
  const server: HttpServer = await createHttpServer(
    async (request, send) => {
      seen.push(request);
      request.bodyLimit = 600_000;
      try {
        await send(await answer(request));
      } catch (error) {
        failures.push(error);
        throw error;
      } finally {
        ended.push(request);
      }
    },
    { port: 0, host: "127.0.0.1" },
    options,
  );
  undo.push(() => server.close(0));
  return { server, port: server.address.port, seen, ended, failures };
}

interface Client extends Socket {
  /** What has arrived. */
  text(): string;
}

async function open(port: number): Promise<Client> {
  const socket = connect(port, "127.0.0.1");
  const got: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => got.push(chunk));
  await once(socket, "connect");
  undo.push(() => socket.destroy());
  return Object.assign(socket, { text: () => Buffer.concat(got).toString() });
}

/** Sends a text, and reads until the server ends the connection. */
async function exchange(port: number, text: string) {
  const client = await open(port);
  client.write(text);
  await once(client, "end");
  const [head, ...rest] = client.text().split("\r\n\r\n");
  const [line, ...lines] = head!.split("\r\n");
  const headers: Record<string, string> = Object.fromEntries(
    lines.map((one) => [
      one.slice(0, one.indexOf(":")).toLowerCase(),
      one.slice(one.indexOf(":") + 2),
    ]),
  );
  return { status: Number(line!.split(" ")[1]), headers, body: rest.join("\r\n\r\n") };
}

async function until(holds: () => boolean, milliseconds = 3000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`It did not come to ${holds.toString()}`);
    await sleep(5);
  }
}
