import { once } from "node:events";
import { createReadStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { cleanUp, open, serve, until } from "../../test/sockets.ts";
import { findContext } from "../context.ts";
import { HTTPException } from "../exceptions.ts";
import { contentDisposition, StreamingResponse } from "../message/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { get } from "./index.ts";

afterEach(cleanUp);

test("chunks arrive in order, as they are made, without a length (S1)", async () => {
  const release = Promise.withResolvers<void>();
  const { port } = await serve(
    () =>
      new StreamingResponse(
        (async function* () {
          yield "one ";
          await release.promise;
          yield "two";
        })(),
        { mediaType: "text/csv" },
      ),
  );
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await until(() => client.text().includes("one "));
  release.resolve();
  await once(client, "end");
  expect(client.text()).toMatch(/\r\nContent-Type: text\/csv; charset=utf-8\r\n/i);
  expect(client.text()).not.toMatch(/content-length/i);
  expect(client.text()).toMatch(/\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n$/);
});

test("a stream has no ranges, and knows no conditions (S2)", async () => {
  class Streams extends Plugin {
    read = get("/", () => new StreamingResponse(["0123456789"]));
  }
  await using client = await TestClient.of(Streams);
  const response = await client.get("/", { headers: { range: "bytes=0-4", "if-none-match": "*" } });
  expect([response.status, await response.text()]).toEqual([200, "0123456789"]);
  expect(response.headers.get("accept-ranges")).toBeNull();
});

test("a stream runs within its request, whoever reads it", async () => {
  class Streams extends Plugin {
    read = get("/", ({ request }) => {
      return new StreamingResponse(
        (async function* () {
          yield `${findContext()?.request === request} `;
          await sleep(1);
          yield `${findContext()?.request === request}`;
        })(),
      );
    });
  }
  await using client = await TestClient.of(Streams);
  expect(await (await client.get("/")).text()).toBe("true true");
  const response = await client.app.fetch(new Request("http://localhost/"));
  expect(await response.text()).toBe("true true");
});

test("the name of a download cannot break out of its header (S6)", async () => {
  class Streams extends Plugin {
    raw = get("/raw/{name}", ({ name }) => {
      const headers = { "Content-Disposition": `attachment; filename=${name}` };
      return new StreamingResponse(["x"], { headers });
    });
    safe = get("/safe/{name}", ({ name }) => {
      const headers = { "Content-Disposition": contentDisposition(name) };
      return new StreamingResponse(["x"], { headers });
    });
  }
  await using client = await TestClient.of(Streams, { raiseErrors: false });
  const name = "a%0D%0ASet-Cookie:%20b=c";
  const raw = await client.get(`/raw/${name}`);
  expect([raw.status, raw.headers.getSetCookie()]).toEqual([500, []]);
  const safe = await client.get(`/safe/${name}`);
  expect(safe.headers.get("content-disposition")).toBe('attachment; filename="aSet-Cookie: b=c"');
});

test("a client that goes closes a Node stream and a web stream, also while they wait (S4)", async () => {
  let cancelled = 0;
  const node = createReadStream("/dev/zero");
  const { port, ended } = await serve(({ target }) => {
    if (target === "/node") return new StreamingResponse(node);
    return new StreamingResponse(
      new ReadableStream<string>({
        start: (controller) => controller.enqueue("first"),
        pull: () => new Promise(() => {}),
        cancel: () => void cancelled++,
      }),
    );
  });
  for (const path of ["/node", "/web"]) {
    const client = await open(port);
    client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await until(() => client.text().includes("\r\n\r\n"));
    client.destroy();
  }
  await until(() => ended.length === 2);
  expect([node.destroyed, cancelled]).toEqual([true, 1]);
});

test("HEAD closes a Node stream that nobody has begun to read", async () => {
  const file = createReadStream(import.meta.filename);
  const { port, ended } = await serve(() => new StreamingResponse(file));
  const client = await open(port);
  client.write("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => ended.length === 1);
  expect(file.destroyed).toBe(true);
});

test("HEAD of the web's kind closes it too, and fails with nobody", async () => {
  let failed = 0;
  const chunks: AsyncIterator<string> = {
    next: () => Promise.reject(new Error("nobody asks")),
    return: () => Promise.reject(new Error(`it fails ${++failed} times`)),
  };
  class Streams extends Plugin {
    read = get("/", () => new StreamingResponse({ [Symbol.asyncIterator]: () => chunks }));
  }
  await using client = await TestClient.of(Streams);
  const response = await client.app.fetch(new Request("http://a/", { method: "HEAD" }));
  expect([response.status, failed]).toEqual([200, 1]);
});

test("a signal that fires with the client wakes a generator that waits, and that is no error", async () => {
  let finished = false;
  const { port, failures, ended } = await serve(
    ({ signal }) =>
      new StreamingResponse(
        (async function* () {
          try {
            yield "first";
            await sleep(60_000, undefined, { signal });
          } finally {
            finished = true;
          }
        })(),
      ),
  );
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => client.text().includes("first"));
  client.destroy();
  await until(() => finished && ended.length === 1);
  expect(failures).toEqual([]);
});

test("an HTTPException after the head cannot be an answer any more: the connection is cut (S3)", async () => {
  const { port, failures } = await serve(
    () =>
      new StreamingResponse(
        (async function* () {
          yield "half";
          throw new HTTPException(404);
        })(),
      ),
  );
  const client = await open(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(client, "close");
  expect(client.text()).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(client.text()).not.toMatch(/0\r\n\r\n$/);
  expect(failures).toHaveLength(1);
});
