import { afterEach, expect, test } from "vitest";
import { cleanUp, until } from "../sockets.ts";
import { lines, serveKinds } from "./app.ts";
import { type Answer, Conversation, converse } from "./conversation.ts";
import { close, request } from "./requests.ts";

afterEach(cleanUp);

const connectionOf = ({ headers }: Answer): string | undefined =>
  headers["connection"]?.toLowerCase();

test("a connection stays, unless the request wants it to end", async () => {
  const { port } = await serveKinds();
  for (const [version, fields] of [
    ["1.1", []],
    ["1.1", ["Connection: keep-alive"]],
    ["1.1", ["Connection: X-Hop"]],
    ["1.1", ["Keep-Alive: timeout=1"]],
    ["1.0", ["Connection: keep-alive"]],
    ["1.0", ["Connection: Keep-Alive, X-Hop"]],
  ] as const)
    for (const target of ["/now", "/later", "/missing", "/fault", "/text?text="]) {
      const client = await Conversation.open(port);
      for (let round = 0; round < 3; round++) {
        client.send(request(target, { version, fields }));
        const connection = connectionOf(await client.answer());
        expect(connection, target).not.toBe("close");
        // To a client of HTTP/1.0 it has to be said.
        if (version === "1.0") expect(connection).toBe("keep-alive");
      }
      client.socket.destroy();
    }
});

test("a request that wants its connection to end has the last answer on it", async () => {
  const { port } = await serveKinds();
  for (const [version, fields] of [
    ["1.1", [close]],
    ["1.1", ["connection:CLOSE"]],
    ["1.1", ["Connection: X-Hop, close"]],
    ["1.1", ["Connection: X-Hop", close]],
    ["1.0", []],
    ["1.0", [close]],
  ] as const)
    for (const target of ["/now", "/later", "/later?ms=5", "/missing", "/fault", "/bare/204"]) {
      const answers = await converse(
        port,
        request("/now") + request(target, { version, fields }) + request("/now?n=666"),
      );
      expect(answers.map(connectionOf), `${fields} ${target}`).toEqual([
        expect.not.stringMatching("close"),
        "close",
      ]);
    }
});

test("a kept connection is ended when nothing more is asked, not while an answer is made", async () => {
  const { port } = await serveKinds({ keepAliveTimeout: 0.1 });
  const keep = async (bytes: string): Promise<void> => {
    const client = await ask(port, bytes);
    await client.answer();
    client.send(request("/later?n=1&ms=300") + bytes);
    expect((await client.answer()).body).toBe('{"later":1}');
    await client.answer();
    await client.over();
    expect(client.rest).toBe("");
  };
  await Promise.all(
    [request("/now"), request("/later"), request("/raw", { body: "hello" })].map(keep),
  );
});

test("a connection that never asks, or stops within a head, is ended", async () => {
  const { port } = await serveKinds({ headersTimeout: 0.1, keepAliveTimeout: 0.1 });
  const silent = await Conversation.open(port);
  const idle = await Conversation.open(port);
  idle.send(request("/now"));
  await idle.answer();
  const begun = await Conversation.open(port);
  begun.send(`${request("/now")}GET`);
  await begun.answer();
  await Promise.all([silent.over(), idle.over(), begun.over()]);
  expect([idle.rest, begun.rest.slice(0, 12)]).toEqual(["", "HTTP/1.1 408"]);
});

test("closing ends what is idle at once, and what runs behind its answer", async () => {
  const { app, port, seen } = await serveKinds();
  const [unused, idle, half, running, several, uploading, large] = await Promise.all(
    Array.from({ length: 7 }, () => Conversation.open(port)),
  );
  idle!.send(request("/now"));
  await idle!.answer();
  half!.send("GET /no");
  running!.send(request("/later?n=1&ms=100"));
  several!.send(request("/later?n=2&ms=100") + request("/later?n=3&ms=120") + request("/now"));
  const upload = request("/raw", { body: "hello" });
  uploading!.send(upload.slice(0, -2));
  large!.socket.pause();
  large!.send(request("/large?size=20000000&n=4"));
  await until(() => seen.begun.length === 4);
  const closed = app.close(30);
  await Promise.all([unused!.over(), idle!.over()]);
  half!.send("w?n=5 HTTP/1.1\r\nHost: a\r\n\r\n");
  expect(await half!.answers()).toMatchObject([{ body: '{"now":5}' }]);
  uploading!.send(upload.slice(-2));
  large!.socket.resume();
  expect(await running!.answers()).toMatchObject([{ body: '{"later":1}' }]);
  expect((await several!.answers())[0]).toMatchObject({ body: '{"later":2}' });
  expect(await uploading!.answers()).toMatchObject([{ body: "hello" }]);
  const [whole] = await large!.answers();
  expect(whole!.body === `4\n${lines(20_000_000)}`).toBe(true);
  await closed;
  await expect(fetch(`http://127.0.0.1:${port}/now`)).rejects.toThrow();
});

test("what is answered while the server closes says that the connection ends", async () => {
  const { app, port, seen } = await serveKinds();
  const clients = await Promise.all([
    ask(port, request("/later?ms=50")),
    ask(port, request("/later?ms=50", { fields: ["Connection: keep-alive"] })),
    ask(port, request("/later?ms=50", { version: "1.0", fields: ["Connection: keep-alive"] })),
  ]);
  await until(() => seen.begun.length === 3);
  const closed = app.close(30);
  for (const client of clients)
    expect((await client.answers()).map(connectionOf)).toEqual(["close"]);
  await closed;
});

test("closing cuts what has not ended by the deadline", async () => {
  const { app, port, seen } = await serveKinds();
  const clients = await Promise.all([
    ask(port, request("/later?n=1&ms=60000")),
    ask(port, request("/now") + request("/later?n=2&ms=60000")),
    ask(port, request("/endless")),
  ]);
  await until(() => seen.begun.length === 3);
  await app.close(0.05);
  await Promise.all(clients.map((client) => client.over()));
  await until(() => seen.gone.length === 3);
});

test("a connection brings as many requests as it may, and its last answer says so", async () => {
  const { port } = await serveKinds({ maxRequestsPerConnection: 3 });
  for (const target of ["/now", "/later", "/stream", "/later?ms=5", "/missing"]) {
    const one = request(target);
    const slowly = await Conversation.open(port);
    const got: Answer[] = [];
    for (let count = 0; count < 3; count++) got.push(await slowly.send(one).answer());
    await slowly.over();
    const answers = [got, await converse(port, one.repeat(3)), await converse(port, one.repeat(9))];
    for (const all of answers) {
      expect(all.slice(0, 3).map(connectionOf), target).toEqual([
        expect.not.stringMatching("close"),
        expect.not.stringMatching("close"),
        "close",
      ]);
      expect(all).toHaveLength(3);
    }
  }
});

async function ask(port: number, bytes: string): Promise<Conversation> {
  return (await Conversation.open(port)).send(bytes);
}
