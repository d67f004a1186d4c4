import { setTimeout as sleep } from "node:timers/promises";
import { once } from "node:events";
import { afterEach, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { cleanUp, defer, open, until } from "../../test/sockets.ts";
import { createApp } from "../app/index.ts";
import { createLog, silent } from "../log.ts";
import { FileResponse, Response, StreamingResponse } from "../message/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { eventsOf, get, media, streamOf } from "./index.ts";

afterEach(cleanUp);

const Item = z.object({ id: z.int(), kind: z.enum(["new", "old"]), at: z.date().optional() });

test("streamOf sends items one a line, each checked, and filtered to its schema", async () => {
  class Items extends Plugin {
    generated = get("/generated", { response: streamOf(Item) }, async function* () {
      const at = new Date("2024-01-02T03:04:05.678Z");
      const secret = { id: 1, kind: "new" as const, at, password: "x" };
      yield secret;
      yield { id: 2, kind: "old" };
    });
    listed = get("/listed", { response: streamOf(Item), status: 202 }, () => [
      { id: 1, kind: "new" },
    ]);
    later = get("/later", { response: streamOf(Item) }, async () => {
      await sleep(1);
      return new Set([{ id: 1, kind: "old" as const }]);
    });
    none = get("/none", { response: streamOf(Item) }, () => []);
    own = get("/own", { response: streamOf(Item) }, () => new Response("own", { status: 203 }));
  }
  await using client = await TestClient.of(Items);
  const generated = await client.get("/generated");
  expect(generated.headers.get("content-type")).toBe("application/x-ndjson");
  expect(await generated.text()).toBe(
    '{"id":1,"kind":"new","at":"2024-01-02T03:04:05.678Z"}\n{"id":2,"kind":"old"}\n',
  );
  const listed = await client.get("/listed");
  expect([listed.status, await listed.text()]).toEqual([202, '{"id":1,"kind":"new"}\n']);
  expect(await (await client.get("/later")).text()).toBe('{"id":1,"kind":"old"}\n');
  expect(await (await client.get("/none")).text()).toBe("");
  expect((await client.get("/own")).status).toBe(203);
});

test("eventsOf sends items as server-sent events of JSON, checked and filtered too", async () => {
  class Items extends Plugin {
    events = get("/", { response: eventsOf(Item) }, async function* () {
      const secret = { id: 1, kind: "new" as const, password: "x" };
      yield secret;
      yield { id: 2, kind: "old" };
    });
    wrong = get("/wrong", { response: eventsOf(Item) }, () => [{ id: "1" } as never]);
  }
  await using client = await TestClient.of(Items);
  await expect(client.get("/wrong")).rejects.toThrow("its response schema refuses: response.id");
  const response = await client.get("/");
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(await response.text()).toBe(
    'data: {"id":1,"kind":"new"}\n\ndata: {"id":2,"kind":"old"}\n\n',
  );
});

test("eventsOf says the id and the name of each event of its item", async () => {
  class Items extends Plugin {
    events = get(
      "/",
      { response: eventsOf(Item, { id: ({ id }) => id, event: ({ kind }) => kind }) },
      () => [{ id: 7, kind: "new" as const }],
    );
  }
  await using client = await TestClient.of(Items);
  const text = await (await client.get("/")).text();
  expect(text.trim().split("\n").toSorted()).toEqual([
    'data: {"id":7,"kind":"new"}',
    "event: new",
    "id: 7",
  ]);
});

test("who gives events may be told when nobody hears them any more", async () => {
  let seen: AbortSignal | undefined;
  class Items extends Plugin {
    events = get(
      "/",
      { response: eventsOf(Item) },
      () =>
        async function* (signal) {
          seen = signal;
          yield { id: 1, kind: "new" };
        },
    );
  }
  await using client = await TestClient.of(Items);
  expect(await (await client.get("/")).text()).toBe('data: {"id":1,"kind":"new"}\n\n');
  expect(seen?.aborted).toBe(true);
});

test("what a handler gives is checked by the compiler", () => {
  class Items extends Plugin {
    // @ts-expect-error "other" is no kind
    wrong = get("/1", { response: streamOf(Item) }, async function* () {
      yield { id: 1, kind: "other" };
    });
    // @ts-expect-error a single item is no stream
    single = get("/2", { response: streamOf(Item) }, () => ({ id: 1, kind: "new" }));
    // @ts-expect-error a text is no Response
    text = get("/3", { response: media("text/plain") }, () => "text");
    file = get("/4", { response: media("text/plain") }, () => new FileResponse("/etc/hosts"));
  }
  expectTypeOf<Items["file"]["kind"]>().toEqualTypeOf<"route">();
});

test("an item that its schema refuses breaks the stream off, and the log says why", async () => {
  const lines: string[] = [];
  let ended = false;
  class Items extends Plugin {
    items = get("/", { response: streamOf(Item) }, async function* () {
      try {
        yield { id: 1, kind: "new" };
        await sleep(20);
        yield { id: "secret", kind: "new" } as never;
        yield { id: 3, kind: "new" };
      } finally {
        ended = true;
      }
    });
  }
  const app = await createApp({
    plugins: [Items],
    env: {},
    log: createLog({ destination: { write: (line) => lines.push(line) } }),
    settings: { databaseUrl: "sqlite::memory:" },
  });
  defer(() => app.close(0));
  const client = await open((await app.listen({ port: 0 })).port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(client, "close");
  expect(client.text()).toContain('{"id":1,"kind":"new"}\n');
  expect(client.text()).not.toMatch(/0\r\n\r\n$|secret|"id":3/);
  await until(() => lines.length > 0);
  expect(lines.join()).toContain("returned what its response schema refuses: response.id");
  expect(ended).toBe(true);
});

test("items wait for a client that reads slowly, and end with it", async () => {
  let made = 0;
  let ended = false;
  class Items extends Plugin {
    items = get("/", { response: streamOf(z.string()) }, async function* () {
      try {
        for (; ; made++) yield "x".repeat(100_000);
      } finally {
        ended = true;
      }
    });
  }
  const app = await createApp({
    plugins: [Items],
    env: {},
    log: silent,
    settings: { databaseUrl: "sqlite::memory:" },
  });
  defer(() => app.close(0));
  const client = await open((await app.listen({ port: 0 })).port);
  client.pause();
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  let before = -1;
  while (before !== made) {
    before = made;
    await sleep(100);
  }
  expect(made).toBeLessThan(1000);
  client.destroy();
  await until(() => ended);
});

test("a handler that breaks such a promise is a 500", async () => {
  class Items extends Plugin {
    one = get("/one", { response: streamOf(Item) }, () => ({ id: 1 }) as never);
    nothing = get("/nothing", { response: eventsOf(Item) }, () => undefined as never);
    text = get("/text", { response: media("text/plain") }, () => "text" as never);
  }
  await using client = await TestClient.of(Items);
  for (const path of ["/one", "/nothing", "/text"])
    await expect(client.get(path)).rejects.toThrow(
      expect.objectContaining({ code: "NX_RESPONSE", message: expect.stringContaining(path) }),
    );
});

test("media lets a handler answer with any Response", async () => {
  class Media extends Plugin {
    ours = get("/ours", { response: media("text/csv", "image/*") }, () => {
      return new StreamingResponse(["a,b"], { mediaType: "text/csv" });
    });
    web = get("/web", { response: media("*/*") }, () => new globalThis.Response("web"));
  }
  await using client = await TestClient.of(Media);
  expect(await (await client.get("/ours")).text()).toBe("a,b");
  expect(await (await client.get("/web")).text()).toBe("web");
});

test("media wants types of media", () => {
  for (const type of ["pdf", "", "a/b/c", "a/b, c/d", "*/png", "image/", "a\n/b"])
    expect(() => media(type)).toThrow(expect.objectContaining({ code: "NX_MEDIA_TYPE" }));
  expect(() => (media as () => unknown)()).toThrow("media() was given undefined");
});
