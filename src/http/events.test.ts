import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { cleanUp, defer, open, until } from "../../test/sockets.ts";
import { createApp } from "../app/index.ts";
import { silent } from "../log.ts";
import { EventStream, lastEventId, type ServerEvent } from "../message/index.ts";
import { Plugin, type PluginClass } from "../plugin/index.ts";
import { eventsOf, get, media } from "./index.ts";

afterEach(cleanUp);

async function serveApp(plugin: PluginClass) {
  const app = await createApp({
    plugins: [plugin],
    env: {},
    log: silent,
    settings: { databaseUrl: "sqlite::memory:" },
  });
  defer(() => app.close(0));
  const { url, port } = await app.listen({ port: 0 });
  return { app, url, port };
}

test("a client that loses us goes on where it was: nothing is missed, nothing comes twice", async () => {
  let isCut = 0;
  class Ticker extends Plugin {
    ticks = get("/ticks", { response: media("text/event-stream") }, ({ request }) => {
      const seen = Number(lastEventId(request) ?? 0);
      return new EventStream(
        async function* (signal): AsyncGenerator<ServerEvent> {
          for (let id = seen + 1; id <= 30 && !signal.aborted; id++) {
            yield { id, event: "tick", data: { number: id } };
            await sleep(1);
            if (id % 10 === 0 && id < 30) {
              isCut++;
              return;
            }
          }
        },
        { reconnect: 0.005 },
      );
    });
  }
  const { url } = await serveApp(Ticker);
  const got: number[] = [];
  const client = new Listener(`${url}/ticks`, ({ data }) => got.push(JSON.parse(data).number));
  await until(() => got.length === 30);
  client.close();
  expect(got).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  expect([isCut, client.connections, client.retry]).toEqual([2, 3, 5]);
});

test("an app with open streams of events ends at once, and their sources with it", async () => {
  let ended = 0;
  class Silent extends Plugin {
    wait = get("/wait", () => {
      return new EventStream(async function* (signal): AsyncGenerator<ServerEvent> {
        try {
          yield { data: "ready" };
          await sleep(60_000, undefined, { signal });
        } finally {
          ended++;
        }
      });
    });
    deaf = get("/deaf", { response: eventsOf(z.string()) }, async function* () {
      yield "ready";
      await new Promise(() => {});
    });
  }
  const { app, port } = await serveApp(Silent);
  const clients = await Promise.all([0, 1, 2, 3].map(() => open(port)));
  for (const [i, client] of clients.entries()) {
    client.write(`GET /${i ? "wait" : "deaf"} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await until(() => client.text().includes("ready"));
  }
  const gone = Promise.all(clients.map((client) => once(client, "end")));
  const begun = performance.now();
  await app.close(30);
  await gone;
  expect(performance.now() - begun).toBeLessThan(3000);
  expect(ended).toBe(3);
  // A clean end: the client knows that it has heard everything.
  for (const client of clients) expect(client.text()).toMatch(/\r\n0\r\n\r\n$/);
});

test("a client that goes ends the source while it waits", async () => {
  let ended = false;
  class Silent extends Plugin {
    wait = get("/wait", () => {
      return new EventStream(async function* (signal): AsyncGenerator<ServerEvent> {
        try {
          await sleep(60_000, undefined, { signal });
        } finally {
          ended = true;
        }
        yield {};
      });
    });
  }
  const { port } = await serveApp(Silent);
  const client = await open(port);
  client.write("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => client.text().includes("\r\n\r\n"));
  client.destroy();
  await until(() => ended);
});

/** What browsers have as EventSource, as far as it is needed here. */
class Listener {
  connections = 0;
  retry = 1000;
  readonly #stop = new AbortController();
  #lastId = "";

  constructor(url: string, hear: (event: { readonly data: string }) => void) {
    void this.#listen(url, hear).catch(() => {});
  }

  close(): void {
    this.#stop.abort();
  }

  async #listen(url: string, hear: (event: { readonly data: string }) => void): Promise<void> {
    for (const { signal } = this.#stop; !signal.aborted; await sleep(this.retry)) {
      this.connections++;
      const headers = { ...(this.#lastId && { "Last-Event-ID": this.#lastId }) };
      const { body } = await fetch(url, { signal, headers });
      let text = "";
      for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
        const events = (text + chunk).split("\n\n");
        text = events.pop()!;
        for (const event of events) this.#hear(event, hear);
      }
    }
  }

  #hear(event: string, hear: (event: { readonly data: string }) => void): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(event)?.[1];
    this.retry = Number(field("retry") ?? this.retry);
    this.#lastId = field("id") ?? this.#lastId;
    const data = field("data");
    if (data !== undefined) hear({ data });
  }
}
