import { once } from "node:events";
import { connect } from "node:net";
import { Agent, request as ask } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { cleanUp, defer, open, serve, until } from "../../test/sockets.ts";
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

test("a request time shorter than the usual head time is taken for both", async () => {
  await serve(() => new Response(null), { requestTimeout: 1 });
});

test("an answer may be sent at once, before anything is awaited", async () => {
  const server = await createHttpServer((_, send) => send(new Response("at once")), {
    port: 0,
    host: "127.0.0.1",
  });
  defer(() => server.close(0));
  const head = "HTTP/1.1\r\nHost: a\r\n";
  const client = await open(server.address.port);
  client.write(`GET / ${head}\r\nPOST / ${head}Content-Length: 5\r\n\r\nhello`);
  client.write(`POST / ${head}Content-Length: 0\r\n\r\nGET / ${head}\r\n`);
  await until(() => client.text().split("at once").length === 5);
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

test("of a thousand requests in one piece few are answered at a time, and each in its turn", async () => {
  let [running, most] = [0, 0];
  const { port } = await serve(async (request) => {
    most = Math.max(most, ++running);
    await sleep(1);
    running--;
    return new Response(request.target);
  });
  const client = await open(port);
  const targets = Array.from({ length: 1000 }, (_, at) => `/${at}.`);
  client.write(targets.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  await until(() => client.text().endsWith("/999."));
  expect(client.text().match(/(?<=\r\n\r\n)\/\d+\./g)).toEqual(targets);
  expect(most).toBeLessThanOrEqual(16);
});

test("requests that wait behind others are not begun when their client goes", async () => {
  for (const [goes, most] of [
    ["resetAndDestroy", 16],
    // It closes its side first: only an answer that is written finds out that it has gone.
    ["destroy", 20],
  ] as const) {
    const { port, seen, ended } = await serve(() => sleep(30).then(() => new Response("late")));
    const client = await open(port);
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100));
    await until(() => seen.length > 0);
    client[goes]();
    await until(() => ended.length === seen.length);
    await sleep(60);
    expect(seen.length).toBeGreaterThanOrEqual(16);
    expect(seen.length).toBeLessThanOrEqual(most);
    expect(ended.length).toBe(seen.length);
  }
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
  defer(() => agent.destroy());
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
  expect(performance.now() - begun).toBeLessThan(5000);
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
  expect(performance.now() - begun).toBeLessThan(5000);
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
    `Cannot listen on port ${port} of 127.0.0.1: it is taken. Stop what listens there, or choose another port`,
  );
  await expect(createHttpServer(async () => {}, { port: 0, host: "192.0.2.1" })).rejects.toThrow(
    /Choose an address of this machine/,
  );
});

test("CONNECT and unknown transfer codings are refused", async () => {
  const { port } = await serve(() => new Response("never"));
  const ask = async (head: string): Promise<string> => {
    const socket = connect(port, "127.0.0.1");
    socket.end(head);
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    return text.split("\r\n")[0]!;
  };
  expect(await ask("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n")).toContain("405");
  const coded = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n";
  expect(await ask(coded)).toContain("501");
});
