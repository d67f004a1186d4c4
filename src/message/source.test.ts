import { once } from "node:events";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Response, StreamingResponse } from "./response.ts";
import { discard, mapped, sourceOf } from "./source.ts";

test("a body is of a text, a list, a generator, a web stream or a Node stream", async () => {
  const bodies = [
    "whole",
    ["wh", Buffer.from("ole")],
    (async function* () {
      yield "who";
      yield Buffer.from("le");
    })(),
    new globalThis.Response("whole").body!,
    Readable.from([Buffer.from("wh"), Buffer.from("ole")]),
  ];
  for (const body of bodies) expect(await new StreamingResponse(body).text()).toBe("whole");
});

test("a text is one chunk, not one a letter", async () => {
  const chunks: unknown[] = [];
  for await (const chunk of sourceOf("text")) chunks.push(chunk);
  expect(chunks).toEqual(["text"]);
});

test("a web stream that waits is cancelled at once", async () => {
  let cancelled = false;
  const stream = new ReadableStream<string>({
    pull: () => new Promise(() => {}),
    cancel: () => void (cancelled = true),
  });
  const source = sourceOf(stream)[Symbol.asyncIterator]();
  const waiting = source.next();
  await source.return?.();
  expect([cancelled, await waiting]).toEqual([true, { done: true, value: undefined }]);
});

test("a Node stream that waits is destroyed at once, and that is no error", async () => {
  const stream = new Readable({ read() {} });
  const source = sourceOf<string>(stream)[Symbol.asyncIterator]();
  const waiting = source.next();
  await source.return?.();
  expect([stream.destroyed, await waiting]).toEqual([true, { done: true, value: undefined }]);
});

test("a stream that nobody ever asked is closed all the same", async () => {
  const stream = createReadStream(import.meta.filename);
  await once(stream, "open");
  await discard(new Response(stream as AsyncIterable<Uint8Array>).body);
  expect(stream.destroyed).toBe(true);
});

test("the error of a stream is the source's error", async () => {
  const stream = createReadStream("/nowhere");
  await expect(new StreamingResponse(stream).text()).rejects.toThrow("ENOENT");
});

test("a stream that fails before anybody asks it fails when it is asked, and harms nobody else", async () => {
  const response = new StreamingResponse(createReadStream("/nowhere"));
  await sleep(30);
  await expect(response.text()).rejects.toThrow("ENOENT");
  const { body } = new StreamingResponse(createReadStream("/nowhere"));
  await discard(body);
  await sleep(30);
});

test("pieces are changed one by one; an error on the way ends the source", async () => {
  let ended = 0;
  async function* count() {
    try {
      for (let n = 0; ; n++) yield n;
    } finally {
      ended++;
    }
  }
  const doubled = mapped(count(), async (n) => {
    await turn();
    if (n === 2) throw new Error("three");
    return n * 2;
  });
  const got: number[] = [];
  await expect(async () => {
    for await (const n of doubled) got.push(n);
  }).rejects.toThrow("three");
  expect([got, ended]).toEqual([[0, 2], 1]);
  for await (const _ of mapped(count(), (n) => n)) break;
  expect(ended).toBe(2);
});
