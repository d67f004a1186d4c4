import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { type Request, Response, StreamingResponse } from "nexus-platform/message";
import { cleanUp, serve, until } from "../sockets.ts";
import { lines, serveKinds } from "./app.ts";
import { Conversation } from "./conversation.ts";
import { request } from "./requests.ts";

afterEach(cleanUp);

/** A client that asks and closes its side. */
async function askAndClose(port: number, bytes: string): Promise<Conversation> {
  const client = await Conversation.open(port);
  client.send(bytes).socket.end();
  return client;
}

test("a client that closes its side gets streams, files and texts, and all that stands behind them", async () => {
  const { port } = await serveKinds();
  const large = request("/large?size=6000000&n=1");
  for (const targets of [
    ["/stream", "/now"],
    ["/file", "/stream?n=2"],
    ["/stream", "/stream", "/file", "/now"],
  ]) {
    const bytes = targets.map((target) => request(target)).join("");
    const answers = await (await askAndClose(port, bytes + large)).answers();
    expect(answers.map(({ status }) => status)).toEqual([...targets, large].map(() => 200));
    expect(answers.at(-1)!.body === `1\n${lines(6_000_000)}`).toBe(true);
  }
});

test("it gets the answers, too, to what waits behind others", async () => {
  const { port } = await serveKinds();
  const targets = Array.from({ length: 60 }, (_, n) => `/later?ms=3&n=${n}`);
  const bytes = targets.map((target) => request(target)).join("");
  const answers = await (
    await askAndClose(port, bytes + request("/raw", { chunks: ["last"] }))
  ).answers();
  const bodies = targets.map((_, n) => `{"later":${n}}`);
  expect(answers.map(({ body }) => body)).toEqual([...bodies, "last"]);
});

async function* pausing(milliseconds: number) {
  yield "one, ";
  await sleep(milliseconds);
  yield "two";
}

test("a stream that pauses goes on for it", async () => {
  const { port } = await serve(() => new StreamingResponse(pausing(1200)));
  const [answer] = await (await askAndClose(port, request("/"))).answers();
  expect(answer!.body).toBe("one, two");
});

async function* untilItCloses({ signal }: Request) {
  yield "half";
  await sleep(60_000, undefined, { signal });
}

test("a stream that gives up then ends in a cut, and nothing is answered behind it", async () => {
  const { port, ended } = await serve((request) =>
    request.target === "/" ? new StreamingResponse(untilItCloses(request)) : new Response("behind"),
  );
  const client = await askAndClose(port, request("/") + request("/behind"));
  await client.over();
  expect(client.rest).toMatch(/half\r\n$/);
  expect(ended.length).toBeGreaterThan(0);
});

test("who has gone behind it leaves nothing, whatever was being answered", async () => {
  const { app, port } = await serveKinds();
  for (const first of ["/stream", "/endless", "/later?ms=20", "/file"])
    for (const behind of ["", request("/now"), request("/stream").repeat(20)]) {
      const client = await askAndClose(port, request(first) + behind);
      await sleep(10);
      client.socket.destroy();
    }
  // It would wait for a connection that does not end.
  await app.close(Infinity);
});

test("of requests that wait none begins once their client has been cut off", async () => {
  const text = "x".repeat(1_000_000);
  const { port, seen } = await serve(() => new Response(text));
  const client = await Conversation.open(port);
  client.socket.pause();
  client.send(request("/").repeat(1500));
  await until(() => seen.length > 0);
  await sleep(200);
  const before = seen.length;
  client.socket.resetAndDestroy();
  await sleep(200);
  expect(seen.length - before).toBeLessThanOrEqual(1);
  expect(seen.length).toBeLessThan(100);
});
