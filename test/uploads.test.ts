import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cleanUp, makeFolder, nexus, plugin, type Running, until } from "./nexus-process.ts";
import { cleanUp as closeSockets, open } from "./sockets.ts";

/** Uploads into a process of its own, so that its memory can be looked at. */

const MB = 1024 * 1024;
let app: Running;
let url: string;
let uploads: string;

beforeAll(async () => {
  const folder = await makeFolder({
    "plugins/files/index.ts": plugin(
      "Files",
      `up = post("/up", { form: { file: file({ maxSize: "200MB" }) } }, async ({ file }) => {
         let size = 0;
         for await (const chunk of file.stream()) size += chunk.byteLength;
         return [file.filename, file.size, size];
       });
       small = post("/small", { form: { file: file({ maxSize: "1MB" }) } }, ({ file }) => file.size);`,
      'import { file, post } from "nexus-platform/http";',
    ),
  });
  app = nexus("start", folder, { NEXUS_LOG: "warn" });
  url = await app.url();
  uploads = join(folder, "data/uploads");
  // What is loaded with the first upload is no memory of the second one.
  await upload("/up", 5 * MB);
});
afterAll(cleanUp);

test.skipIf(process.platform !== "linux")(
  "100 MB go through a little memory",
  async () => {
    const before = memory("VmRSS");
    expect(await upload("/up", 100 * MB)).toEqual([200, ["a.bin", 100 * MB, 100 * MB]]);
    const grown = memory("VmHWM") - before;
    expect(grown).toBeLessThan(100 * MB);
    await until(() => left().length === 0);
  },
  60_000,
);

test("many uploads at once all arrive, and nothing is left of them", async () => {
  const all = Array.from({ length: 20 }, () => upload("/up", 5 * MB));
  for (const answer of await Promise.all(all))
    expect(answer).toEqual([200, ["a.bin", 5 * MB, 5 * MB]]);
  await until(() => left().length === 0);
}, 60_000);

test("a file that is too large is refused while it still comes", async () => {
  const [status, body] = await upload("/small", 20 * MB);
  expect([status, body]).toMatchObject([413, { error_code: "BODY_TOO_LARGE" }]);
  const [late, why] = await upload("/small", 20 * MB, { isChunked: true });
  expect([late, why]).toMatchObject([413, { error_code: "FILE_TOO_LARGE" }]);
  await until(() => left().length === 0);
});

test("after a form that was refused its connection takes the next one", async () => {
  const socket = await open(Number(new URL(url).port));
  const ask = (size: number): void => {
    const length = head.length + size + end.length;
    socket.write(
      "POST /small HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n" +
        `Content-Length: ${length}\r\n\r\n${head}${"x".repeat(size)}${end}`,
    );
  };
  ask(2.5 * MB);
  ask(3);
  const statuses = (): string[] => socket.text().match(/(?<=HTTP\/1.1 )\d+/g) ?? [];
  await until(() => statuses().length === 2);
  expect(statuses()).toEqual(["413", "200"]);
  await closeSockets();
});

test("who asks before sending is told at once that it would be too large", async () => {
  let isInvited = false;
  const onContinue = (): void => void (isInvited = true);
  const [status] = await upload("/small", 20 * MB, { onContinue });
  expect([status, isInvited]).toEqual([413, false]);
  expect((await upload("/small", MB / 2, { onContinue }))[0]).toBe(200);
  expect(isInvited).toBe(true);
});

test("an upload that breaks off leaves nothing", async () => {
  const client = new AbortController();
  const answer = upload("/up", 20 * MB, { pausesAt: 5 * MB, signal: client.signal });
  await until(() => left().length === 1);
  client.abort();
  expect((await answer)[0]).toBe(0);
  await until(() => left().length === 0);
  expect(app.logged()).toEqual([]);
});

test("what a killed process had begun is removed by the next one", async () => {
  const folder = join(uploads, "../..");
  void upload("/up", 50 * MB, { pausesAt: 5 * MB });
  await until(() => left().length === 1);
  app.child.kill("SIGKILL");
  await app.code;
  expect(left()).toHaveLength(1);
  app = nexus("start", folder, { NEXUS_LOG: "warn" });
  url = await app.url();
  expect((await upload("/up", 1 * MB))[0]).toBe(200);
  await until(() => left().length === 0);
});

const head = `--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n`;
const end = "\r\n--b--\r\n";

interface Behaviour {
  readonly isChunked?: boolean;
  /** Asks first, with Expect: 100-continue. */
  readonly onContinue?: () => void;
  /** Cuts the connection. */
  readonly signal?: AbortSignal;
  /** Nothing more comes after so many bytes. */
  readonly pausesAt?: number;
}

/** Sends a file of zeros, as fast as it is taken. Without an answer the status is 0. */
function upload(
  path: string,
  size: number,
  { isChunked, onContinue, signal, pausesAt = Infinity }: Behaviour = {},
): Promise<[status: number, body: unknown]> {
  const { promise, resolve } = Promise.withResolvers<[number, unknown]>();
  const asking = request(`${url}${path}`, {
    method: "POST",
    ...(signal && { signal }),
    headers: {
      "content-type": "multipart/form-data; boundary=b",
      ...(onContinue && { expect: "100-continue" }),
      ...(!isChunked && { "content-length": head.length + size + end.length }),
    },
  });
  asking.on("response", (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    response.on("end", () => resolve([response.statusCode ?? 0, JSON.parse(text)]));
  });
  asking.on("error", () => resolve([0, undefined]));
  const zeros = Buffer.alloc(64 * 1024);
  let sent = 0;
  const go = (): void => {
    while (sent < size) {
      if (sent >= pausesAt) return;
      const piece = zeros.subarray(0, Math.min(zeros.length, size - sent));
      sent += piece.length;
      if (!asking.write(piece)) return void asking.once("drain", go);
    }
    asking.end(end);
  };
  const begin = (): void => {
    asking.write(head);
    go();
  };
  if (onContinue) {
    asking.flushHeaders();
    asking.on("continue", () => {
      onContinue();
      begin();
    });
  } else begin();
  return promise;
}

/** Bytes of the process, as the system counts them. */
function memory(name: "VmRSS" | "VmHWM"): number {
  const text = readFileSync(`/proc/${app.child.pid}/status`, "utf8");
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)![1]) * 1024;
}

function left(): string[] {
  return readdirSync(uploads);
}
