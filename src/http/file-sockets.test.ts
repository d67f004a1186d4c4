import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { cleanUp, defer, exchange, open, until } from "../../test/sockets.ts";
import { createApp } from "../app/index.ts";
import { createLog, silent } from "../log.ts";
import { FileResponse, Headers, Request, Response } from "../message/index.ts";
import type { Middleware } from "../middleware/index.ts";
import { Plugin } from "../plugin/index.ts";
import { get } from "./index.ts";

let folder: string;
let large: string;
const size = 40 * 1024 * 1024;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nexus-sockets-"));
  large = join(folder, "large");
  await writeFile(large, Buffer.alloc(size, "0123456789"));
  await writeFile(join(folder, "small.txt"), "hello");
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(cleanUp);

async function serveFiles(lines?: string[], ...middleware: Middleware[]): Promise<number> {
  class Files extends Plugin {
    read = get("/{name}", ({ name }) => new FileResponse(join(folder, name)));
  }
  const log = lines ? createLog({ destination: { write: (line) => lines.push(line) } }) : silent;
  const app = await createApp({
    plugins: [Files],
    middleware,
    env: {},
    log,
    settings: { dataDir: folder, databaseUrl: "sqlite::memory:" },
  });
  defer(() => app.close(0));
  return (await app.listen({ port: 0 })).port;
}

// Other systems do not tell which files a process has open.
const onLinux = test.skipIf(process.platform !== "linux");

/** How often this process has a file open. */
function handlesOf(path: string): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;
}

const ask = (path: string, fields = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const close = "Connection: close\r\n";

test("304, 412 and 416 leave the connection in order", async () => {
  const port = await serveFiles();
  const known = await exchange(port, ask("/small.txt", `If-None-Match: *\r\n${close}`));
  expect([known.status, known.body, known.headers["content-length"]]).toEqual([304, "", undefined]);
  const client = await open(port);
  client.write(
    [
      ask("/small.txt", "If-None-Match: *\r\n"),
      ask("/small.txt", 'If-Match: "x"\r\n'),
      ask("/small.txt", "Range: bytes=9-\r\n"),
      ask("/small.txt", "Range: bytes=1-2\r\n"),
      `HEAD /small.txt HTTP/1.1\r\nHost: a\r\n\r\n`,
      ask("/small.txt", close),
    ].join(""),
  );
  await once(client, "end");
  const text = client.text();
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  expect(statuses).toEqual([304, 412, 416, 206, 200, 200]);
  expect(text).toContain("Content-Range: bytes */5\r\n");
  expect(text).toMatch(/\r\n\r\nelHTTP\/1\.1 200 OK/);
  expect(text.endsWith("\r\n\r\nhello")).toBe(true);
});

onLinux("a file asked for twice in a row comes twice, whole", async () => {
  const port = await serveFiles();
  const client = await open(port);
  let got = 0;
  client.on("data", (chunk: Buffer) => (got += chunk.length));
  client.write(ask("/large") + ask("/large", close));
  await once(client, "end");
  const [head] = client.text().split("\r\n\r\n", 1);
  expect(got).toBeGreaterThan(2 * size + 2 * head!.length - 100);
  expect(got).toBeLessThan(2 * size + 2 * head!.length + 100);
  await until(() => handlesOf(large) === 0);
});

onLinux(
  "a client that goes in the middle of a file leaves none open, and no error (F10)",
  async () => {
    const lines: string[] = [];
    const port = await serveFiles(lines);
    for (const leave of ["destroy", "resetAndDestroy"] as const) {
      const client = await open(port);
      client.pause();
      client.write(ask("/large"));
      await until(() => handlesOf(large) === 1);
      client[leave]();
      await until(() => handlesOf(large) === 0);
    }
    await sleep(20);
    expect(lines).toEqual([]);
  },
);

onLinux("neither HEAD nor an answer without the file leaves it open", async () => {
  const port = await serveFiles();
  await exchange(port, `HEAD /large HTTP/1.1\r\nHost: a\r\n${close}\r\n`);
  for (const field of [
    "If-None-Match: *",
    'If-Match: "x"',
    "Range: bytes=x",
    "Range: bytes=999999999-",
  ])
    await exchange(port, ask("/large", `${field}\r\n${close}`));
  expect(handlesOf(large)).toBe(0);
});

onLinux("a file is read in pieces of 64 KB, and closed before its request has ended", async () => {
  const answerOf = (asked: Record<string, string>) => {
    const headers = new Headers(asked);
    return new FileResponse(large).answerTo(new Request({ method: "GET", target: "/", headers }));
  };
  const { body } = await answerOf({ Range: "bytes=0-199999" });
  const sizes: number[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) sizes.push(chunk.byteLength);
  expect(sizes).toEqual([65_536, 65_536, 65_536, 200_000 - 3 * 65_536]);
  expect(handlesOf(large)).toBe(0);
  await answerOf({ "If-None-Match": "*" });
  expect(handlesOf(large)).toBe(0);
  await expect(answerOf({ Range: "bytes=x" })).rejects.toThrow();
  expect(handlesOf(large)).toBe(0);
});

onLinux("a pipe in the place of a file keeps nobody waiting", async () => {
  const lines: string[] = [];
  const port = await serveFiles(lines);
  execFileSync("mkfifo", [join(folder, "pipe")]);
  for (const method of ["GET", "HEAD"]) {
    const answer = await exchange(port, `${method} /pipe HTTP/1.1\r\nHost: a\r\n${close}\r\n`);
    expect(answer.status).toBe(500);
  }
  expect(lines.join()).toContain("it is no file");
});

onLinux("a file that a layer drops on its way out is closed with its request", async () => {
  const port = await serveFiles([], async (_, next) => {
    await next();
    return new Response("dropped");
  });
  const answer = await exchange(port, ask("/large", close));
  expect(answer.body).toBe("dropped");
  await until(() => handlesOf(large) === 0);
});

onLinux(
  "a slow reader is waited for, and the file is not read ahead into memory (F10)",
  async () => {
    const port = await serveFiles();
    const before = process.memoryUsage().arrayBuffers;
    const { signal, promise } = slowReader(port);
    await promise;
    await sleep(100);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size / 4);
    expect(handlesOf(large)).toBe(1);
    signal.abort();
    await until(() => handlesOf(large) === 0);
  },
);

onLinux("a file that becomes shorter on its way is cut off, never ended as if whole", async () => {
  const lines: string[] = [];
  const port = await serveFiles(lines);
  const path = join(folder, "shrinks");
  await writeFile(path, Buffer.alloc(size));
  const client = await open(port);
  let got = 0;
  client.on("data", (chunk: Buffer) => (got += chunk.length));
  client.on("error", () => {});
  client.write(ask("/shrinks"));
  await until(() => got > 0);
  client.pause();
  await truncate(path, 1000);
  client.resume();
  await once(client, "close");
  expect(got).toBeLessThan(size);
  await until(() => lines.length > 0);
  expect(lines.join()).toContain(`${path} ended early`);
  expect(handlesOf(path)).toBe(0);
});

/** Asks, and reads the head only. */
function slowReader(port: number) {
  const signal = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const asking = request({ port, path: "/large", signal: signal.signal }, (response) => {
    response.pause();
    response.on("error", () => {});
    resolve();
  });
  asking.on("error", () => {});
  asking.end();
  return { signal, promise };
}
