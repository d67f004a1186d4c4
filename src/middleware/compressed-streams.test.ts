import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import zlib, {
  constants,
  createBrotliDecompress,
  createGunzip,
  createZstdDecompress,
  zstdDecompressSync,
} from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import { cleanUp, defer, open, serve, until } from "../../test/sockets.ts";
import { Context } from "../context.ts";
import { EventStream, type Response, StreamingResponse } from "../message/index.ts";
import { Scope } from "../scope.ts";
import { compose } from "./compose.ts";
import { compression } from "./compression.ts";

afterEach(cleanUp);

const type = { mediaType: "text/plain" };
const openers = { gzip: createGunzip, br: createBrotliDecompress, zstd: createZstdDecompress };

function serveCompressed(answer: () => Response) {
  const run = compose([compression()], answer, fail);
  return serve((request) => run(new Context(request, new Scope("app", "app"))));
}

async function ask(port: number, encoding = "gzip") {
  const client = await open(port);
  client.write(`GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: ${encoding}\r\n\r\n`);
  return client;
}

test("a chunk arrives before the next one is made, in every encoding", async () => {
  for (const [encoding, decoder] of Object.entries(openers)) {
    for (const form of ["stream", "events"]) {
      const release = Promise.withResolvers<void>();
      let isSecond = false;
      async function* chunks() {
        yield "first";
        await release.promise;
        isSecond = true;
        yield "second";
      }
      async function* events() {
        for await (const data of chunks()) yield { data };
      }
      const { port } = await serveCompressed(() =>
        form === "stream" ? new StreamingResponse(chunks(), type) : new EventStream(events()),
      );
      const headers = { "Accept-Encoding": encoding };
      const response = await fetchRaw(port, headers);
      let text = "";
      response.pipe(decoder()).on("data", (chunk: Buffer) => (text += chunk.toString()));
      await until(() => text.includes("first"));
      expect([response.headers["content-encoding"], isSecond]).toEqual([encoding, false]);
      release.resolve();
      await until(() => text.includes("second"));
    }
  }
});

test("a stream that may stay open for long holds a small window only", async () => {
  const { port } = await serveCompressed(() => new StreamingResponse(["a text"], type));
  const [zstd, br] = await Promise.all(
    ["zstd", "br"].map(async (encoding) =>
      Buffer.concat(await (await fetchRaw(port, { "Accept-Encoding": encoding })).toArray()),
    ),
  );
  const params = { [constants.ZSTD_d_windowLogMax]: 17 };
  expect(zstdDecompressSync(zstd!, { params }).toString()).toBe("a text");
  // RFC 7932, 9.1: these four bits stand for a window of 2^18 bytes.
  expect(br![0]! & 0b1111).toBe(0b0011);
});

test("a client that goes ends the source, also while it waits", async () => {
  let ended = 0;
  const { port } = await serveCompressed(() => {
    return new EventStream(async function* (signal) {
      try {
        yield { data: "ready" };
        await sleep(60_000, undefined, { signal });
      } finally {
        ended++;
      }
    });
  });
  const client = await ask(port);
  await until(() => client.text().includes("\r\n\r\n"));
  client.destroy();
  await until(() => ended === 1);
});

test("a source that fails cuts the connection", async () => {
  const { port, failures } = await serveCompressed(
    () =>
      new StreamingResponse(
        (async function* () {
          yield "half";
          throw new Error("disk gone");
        })(),
        type,
      ),
  );
  const client = await ask(port);
  await once(client, "close");
  expect(client.text()).not.toMatch(/0\r\n\r\n$/);
  expect(failures).toEqual([expect.objectContaining({ message: "disk gone" })]);
});

test("a source that does not end well leaves no compressor open", async () => {
  const opened = vi.spyOn(zlib, "createGzip");
  defer(() => opened.mockRestore());
  const source: AsyncIterator<string> = {
    next: async () => ({ value: "tick" }),
    return: () => Promise.reject(new Error("stuck")),
  };
  const body = { [Symbol.asyncIterator]: () => source };
  const { port } = await serveCompressed(() => new StreamingResponse(body, type));
  const client = await ask(port);
  await until(() => client.text().includes("\r\n\r\n"));
  client.destroy();
  await until(() => opened.mock.results[0]?.value.destroyed === true);
});

test("a slow reader slows the source down", async () => {
  let produced = 0;
  // Of what cannot be made smaller.
  const chunk = crypto.getRandomValues(new Uint8Array(64 * 1024));
  const { port } = await serveCompressed(
    () =>
      new StreamingResponse(
        (async function* () {
          for (; produced < 10_000; produced++) yield chunk;
        })(),
        type,
      ),
  );
  const client = await ask(port);
  client.pause();
  let before = -1;
  while (before !== produced) {
    before = produced;
    await sleep(100);
  }
  expect(produced).toBeGreaterThan(0);
  expect(produced).toBeLessThan(1000);
});

test("HEAD does not run the stream, and has no length", async () => {
  let isRun = false;
  const chunks = new Readable({ read: () => (isRun = true) });
  const { port } = await serveCompressed(() => new StreamingResponse(chunks, type));
  const client = await open(port);
  client.write("HEAD / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\nConnection: close\r\n\r\n");
  await once(client, "end");
  expect(client.text()).toMatch(/\r\nContent-Encoding: br\r\n/i);
  expect(client.text()).not.toMatch(/content-length/i);
  expect(client.text()).toMatch(/\r\n\r\n$/);
  expect([isRun, chunks.destroyed]).toEqual([false, true]);
});

function fail(error: unknown): never {
  throw error;
}

async function fetchRaw(port: number, headers: Record<string, string>) {
  const asking = request({ port, headers });
  asking.end();
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  return response;
}
