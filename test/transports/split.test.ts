import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { Response } from "nexus-platform/message";
import { afterEach, expect, test } from "vitest";
import { cleanUp, serve } from "../sockets.ts";
import { serveKinds } from "./app.ts";
import { Conversation } from "./conversation.ts";
import { request } from "./requests.ts";

afterEach(cleanUp);

const many = Array.from({ length: 40 }, (_, at) => `X-${at}: ${at}`);
/** Pairs of requests in one piece, and what is answered. */
const pairs: Readonly<Record<string, readonly [bytes: string, first: string, second: string]>> = {
  "two without a body": [request("/now?n=1") + request("/later?n=2"), '{"now":1}', '{"later":2}'],
  "a body with a length, then none": [
    request("/raw", { body: "hello\r\n\r\n" }) + request("/now?n=2"),
    "hello\r\n\r\n",
    '{"now":2}',
  ],
  "a body in chunks, then one with a length": [
    request("/raw", { chunks: ["hel", "\r\n0\r\n", "lo"] }) +
      request("/echo", {
        fields: ["Content-Type: application/json"],
        body: '{"n":2,"text":"gr\xc3\xbcn"}',
      }),
    "hel\r\n0\r\nlo",
    '{"n":2,"text":"grün"}',
  ],
  "a body that nobody reads, then many fields": [
    request("/unread?n=1", { body: "unread" }) + request("/now?n=2", { fields: many }),
    '{"unread":1}',
    '{"now":2}',
  ],
};

async function sendInPieces(client: Conversation, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    client.send(piece);
    // The server is in this process: it reads what has been sent before the next piece follows.
    await turn();
    await turn();
  }
}

for (const [name, [bytes, first, second]] of Object.entries(pairs)) {
  test(`requests arrive byte by byte: ${name}`, async () => {
    const { port } = await serveKinds();
    const client = await Conversation.open(port);
    for (let round = 0; round < 2; round++) {
      await sendInPieces(client, bytes.split(""));
      expect([await client.answer(), await client.answer()]).toMatchObject([
        { status: 200, body: first },
        { status: 200, body: second },
      ]);
    }
    expect(client.rest).toBe("");
  });

  test(`requests arrive in two pieces, wherever they are cut: ${name}`, async () => {
    const { port } = await serveKinds();
    const client = await Conversation.open(port);
    for (let at = 1; at < bytes.length; at++) {
      await sendInPieces(client, [bytes.slice(0, at), bytes.slice(at)]);
      expect([at, await client.answer(), await client.answer()]).toMatchObject([
        at,
        { status: 200, body: first },
        { status: 200, body: second },
      ]);
    }
    expect(client.rest).toBe("");
  });
}

// Behind one in chunks, direct leaves it to node:http.
const ways = [
  ["alone", ""],
  ["behind one in chunks", request("/", { chunks: ["before"] })],
] as const;

test.each(ways)(
  "a small body in two pieces is whole for who asks for it late: %s",
  async (_, before) => {
    const { port } = await serve(async (request) => {
      await sleep(20);
      return new Response(await request.text());
    });
    const client = await Conversation.open(port);
    const bytes = before + request("/", { body: "hello world" });
    client.send(bytes.slice(0, -5));
    await sleep(5);
    client.send(bytes.slice(-5));
    if (before) await client.answer();
    expect((await client.answer()).body).toBe("hello world");
  },
);

test.each(ways)(
  "a small body is whole where the system gives it in two pieces: %s",
  async (_, before) => {
    const { port } = await serve(async (request) => new Response(await request.text()));
    const client = await Conversation.open(port);
    const body = "0123456789".repeat(20);
    // The one before it fills what is read at a time (64 KiB) up to somewhere within it.
    for (let short = 0; short <= 300; short += 10) {
      const large = request("/", { body: "x".repeat(65_536 - 400 - before.length + short) });
      client.send(before + large + request("/", { body }));
      if (before) await client.answer();
      await client.answer();
      expect([short, (await client.answer()).body]).toEqual([short, body]);
    }
  },
);
