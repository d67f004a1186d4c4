import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { cleanUp, until } from "../sockets.ts";
import { lines, serveKinds } from "./app.ts";
import { Conversation, converse } from "./conversation.ts";
import { close, request } from "./requests.ts";

const rejections: unknown[] = [];
const note = (reason: unknown): number => rejections.push(reason);
process.on("unhandledRejection", note);
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});
afterEach(cleanUp);

test("an answer that is read late arrives whole", async () => {
  const { port, seen } = await serveKinds();
  const client = await Conversation.open(port);
  client.socket.pause();
  client.send(request("/large?size=20000000") + request("/now?n=2", { fields: [close] }));
  await until(() => seen.begun.length === 1);
  await standsStill(() => client.socket.bytesRead);
  client.socket.resume();
  const [large, now] = await client.answers();
  expect(large!.body === `0\n${lines(20_000_000)}`).toBe(true);
  expect(now!.body).toBe('{"now":2}');
});

test("a client that only asks and never reads is answered no more than the buffers hold", async () => {
  const { port, seen } = await serveKinds();
  const client = await Conversation.open(port);
  client.socket.pause();
  const numbers = Array.from({ length: 2000 }, (_, n) => n);
  client.send(numbers.map((n) => request(`/large?size=50000&n=${n}`)).join(""));
  await until(() => seen.begun.length > 0);
  await standsStill(() => seen.begun.length);
  // All of it would be 100 MB.
  expect(seen.begun.length).toBeLessThan(1000);
  client.socket.resume();
  const text = lines(50_000);
  for (const n of numbers)
    if ((await client.answer()).body !== `${n}\n${text}`) throw new Error(`Not the answer to ${n}`);
  expect([seen.begun, client.rest]).toEqual([numbers, ""]);
});

const unfinished = {
  "a line": "GET /no",
  "a head": "GET /now HTTP/1.1\r\nHost: a\r\nX: ",
  "a body": request("/raw", { body: "hello" }).slice(0, -2),
  "a body in chunks": request("/raw", { chunks: ["hello"] }).slice(0, -7),
  "a body that nobody reads": request("/unread", { body: "hello" }).slice(0, -2),
  "a wait for leave to send": request("/raw", {
    fields: ["Expect: 100-continue"],
    body: "hello",
  }).slice(0, -5),
  "an answer": request("/later?n=1&ms=30"),
  "an answer in pieces": request("/endless"),
  "a large answer": request("/large?size=8000000"),
  "several answers": request("/later?n=1&ms=30") + request("/endless") + request("/now").repeat(20),
  "an answer and a body":
    request("/later?n=1&ms=30") + request("/raw", { body: "hello" }).slice(0, -2),
};

test.each(Object.entries(unfinished))(
  "a client that goes during %s leaves nothing behind",
  async (_, bytes) => {
    const { app, port } = await serveKinds();
    const ways = ["destroy", "resetAndDestroy", "end"] as const;
    // Who closes only its own side may still listen, for ever.
    for (const goes of bytes.includes("/endless") ? ways.slice(0, 2) : ways)
      for (const before of ["", request("/now")]) {
        const client = await Conversation.open(port);
        client.send(before + bytes);
        if (before) await client.answer();
        await turn();
        await turn();
        client.socket[goes]();
        await client.over();
      }
    expect(await converse(port, request("/now", { fields: [close] }))).toMatchObject([
      { status: 200 },
    ]);
    // It would wait for a request that has not ended.
    await app.close(Infinity);
  },
);

test("who waits for a client hears that it has gone, in every request of its connection", async () => {
  const { port, seen } = await serveKinds();
  for (const goes of ["destroy", "resetAndDestroy"] as const) {
    const client = await Conversation.open(port);
    const all = [1, 2, 3];
    client.send(all.map((n) => request(`/later?n=${n}&ms=60000`)).join(""));
    await until(() => seen.begun.length === 3);
    client.socket[goes]();
    await until(() => seen.gone.length === 3);
    expect(seen.gone.splice(0).toSorted((a, b) => a - b)).toEqual(all);
    seen.begun.length = 0;
  }
});

test("a client that closes its side behind its requests gets the answers that are ready", async () => {
  const { port } = await serveKinds();
  for (const [bytes, count] of [
    [request("/now"), 1],
    [request("/now").repeat(5), 5],
    [request("/raw", { body: "hello" }), 1],
    [request("/raw", { chunks: ["hello"] }) + request("/missing"), 2],
  ] as const) {
    const client = await Conversation.open(port);
    client.send(bytes).socket.end();
    expect(await client.answers()).toHaveLength(count);
  }
});

test("a client that closes its side behind its requests gets the answers that take time", async () => {
  const { port } = await serveKinds();
  for (const bytes of [request("/later?ms=20"), request("/now") + request("/later?ms=20")]) {
    const client = await Conversation.open(port);
    client.send(bytes).socket.end();
    expect((await client.answers()).at(-1)?.body).toBe('{"later":0}');
  }
});

test("a client that closes its side within a request is told so", async () => {
  const { port } = await serveKinds();
  for (const [bytes, statuses] of [
    ["GET /no", [400]],
    [request("/raw", { body: "hello" }).slice(0, -2), [400]],
    [request("/raw", { chunks: ["hello"] }).slice(0, -2), [400]],
    [request("/now") + "GET /no", [200, 400]],
    ["", []],
  ] as const) {
    const client = await Conversation.open(port);
    client.send(bytes).socket.end();
    expect((await client.answers()).map(({ status }) => status)).toEqual(statuses);
  }
});

test("a head that drips in is given up after its time, on a kept connection too", async () => {
  const { port } = await serveKinds({ headersTimeout: 0.3 });
  const drip = async (before: string): Promise<number[]> => {
    const client = await Conversation.open(port);
    client.send(before);
    if (before) await client.answer();
    while (client.socket.writable && !client.rest) {
      client.send("GET /now?".charAt(client.socket.bytesWritten - before.length) || "x");
      await sleep(20);
    }
    return (await client.answers()).map(({ status }) => status);
  };
  expect(await Promise.all([drip(""), drip(request("/now"))])).toEqual([[408], [408]]);
});

test("of a body that drips in each piece is there as it comes", async () => {
  const { port } = await serveKinds();
  for (const size of [6, 100_000]) {
    const client = await Conversation.open(port);
    const [head] = request("/pieces", { body: "x".repeat(size) }).split(/(?<=\r\n\r\n)/);
    client.send(head!);
    for (const piece of ["<a>", "<b>"]) {
      client.send(piece);
      await expect.poll(() => client.rest).toContain(piece);
    }
    client.send("x".repeat(size - 6));
    expect((await client.answer()).body).toBe(`<a><b>${"x".repeat(size - 6)}`);
  }
});

test("a body that drips in is given up after the time of its request", async () => {
  const { port } = await serveKinds({ headersTimeout: 0.2, requestTimeout: 0.3 });
  for (const head of [
    request("/raw", { body: "x".repeat(10_000) }),
    request("/raw", { chunks: [] }),
  ]) {
    const client = await Conversation.open(port);
    client.send(head.slice(0, head.indexOf("\r\n\r\n") + 4));
    while (client.socket.writable && !client.rest) {
      client.send(head.includes("chunked") ? "1\r\nx\r\n" : "x");
      await sleep(20);
    }
    expect((await client.answers()).map(({ status }) => status)).toEqual([408]);
  }
});

test("a head that is late behind a request that is being answered is told so after it", async () => {
  const { port } = await serveKinds({ headersTimeout: 0.2 });
  const answers = await converse(port, `${request("/later?ms=300")}GET /no`);
  expect(answers.map(({ status }) => status)).toEqual([200, 408]);
});

test("an answer may take longer than a request", async () => {
  const { port } = await serveKinds({
    headersTimeout: 0.1,
    requestTimeout: 0.1,
    keepAliveTimeout: 0.1,
  });
  const client = await Conversation.open(port);
  for (const bytes of [request("/later?ms=300"), request("/now") + request("/later?ms=300")]) {
    client.send(bytes);
    if (bytes.startsWith("GET /now")) await client.answer();
    expect((await client.answer()).body).toBe('{"later":0}');
  }
});

/** Waits until something does not change any more. */
async function standsStill(value: () => number): Promise<void> {
  for (let [before, same] = [value(), 0]; same < 10; same = value() === before ? same + 1 : 0) {
    before = value();
    await sleep(10);
  }
}
