import { once } from "node:events";
import { Agent, request as ask } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { z } from "zod";
import { BackgroundTasks } from "../background.ts";
import { getRequestContext, setRequestContext } from "../context.ts";
import { dependency } from "../dependency.ts";
import { emit, event, on } from "../events/index.ts";
import { del, get, post, Response as Answer, StreamingResponse } from "../http/index.ts";
import { createLog } from "../log.ts";
import { middleware } from "../middleware/index.ts";
import { Plugin, type PluginClass } from "../plugin/index.ts";
import { currentScope } from "../scope.ts";
import { inject, Service } from "../services.ts";
import { type App, type AppOptions, createApp } from "./index.ts";

const rejections: unknown[] = [];
const note = (reason: unknown): number => rejections.push(reason);
process.on("unhandledRejection", note);
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});

let app: App;
afterEach(() => app?.close(0));

test("a web request is answered by a web response", async () => {
  class Echo extends Plugin {
    echo = post(
      "/echo/{name}",
      { query: { n: z.int() }, body: z.object({ a: z.string() }) },
      ({ name, n, body, request }) => ({ name, n, body, agent: request.headers.get("x-agent") }),
    );
  }
  await start([Echo]);
  const response = await app.fetch(
    new Request("http://test/echo/ann%20b?n=7", {
      method: "POST",
      body: JSON.stringify({ a: "ü" }),
      headers: { "content-type": "application/json", "X-Agent": "me" },
    }),
  );
  expect([response.status, await response.json()]).toEqual([
    200,
    { name: "ann b", n: 7, body: { a: "ü" }, agent: "me" },
  ]);
  expect(response.headers.get("content-type")).toBe("application/json");
});

test("a streamed request body is read, and answers without a body have none", async () => {
  class Odd extends Plugin {
    upload = post("/upload", async ({ request }) => (await request.text()).length);
    remove = del("/none", { status: 204 }, () => null);
    page = get("/page", () => new Answer("text"));
  }
  await start([Odd]);
  const body = ReadableStream.from([Buffer.from("ab"), Buffer.from("cd")]);
  const upload = new Request("http://test/upload", { method: "POST", body, duplex: "half" });
  expect(await (await app.fetch(upload)).json()).toBe(4);
  const none = await app.fetch(new Request("http://test/none", { method: "DELETE" }));
  expect([none.status, none.body]).toEqual([204, null]);
  const head = await app.fetch(new Request("http://test/page", { method: "HEAD" }));
  expect([head.status, head.body]).toEqual([200, null]);
});

test("a request lasts as long as its stream: read to the end, cancelled, or never begun", async () => {
  const order: string[] = [];
  const connection = dependency(async function* () {
    yield "open";
    order.push("closed");
  });
  class Streams extends Plugin {
    stream = get(
      "/stream",
      { use: { connection, background: BackgroundTasks } },
      ({ background }) => {
        background.add(() => order.push("background"));
        return new StreamingResponse(parts());
      },
    );
  }
  async function* parts() {
    try {
      for (let part = 0; part < 3; part++) yield `${part} `;
    } finally {
      order.push("source ended");
    }
  }
  await start([Streams]);
  const whole = await app.fetch(new Request("http://test/stream"));
  await sleep(5);
  expect(order).toEqual([]);
  expect(await whole.text()).toBe("0 1 2 ");
  await sleep(5);
  expect(order.splice(0)).toEqual(["source ended", "background", "closed"]);

  const reader = (await app.fetch(new Request("http://test/stream"))).body!.getReader();
  await reader.read();
  await reader.cancel();
  await sleep(5);
  expect(order.splice(0)).toEqual(["source ended", "background", "closed"]);

  await (await app.fetch(new Request("http://test/stream"))).body!.cancel();
  await sleep(5);
  expect(order).toEqual(["background", "closed"]);
});

async function* broken() {
  yield "half";
  throw new Error("disk gone");
}

test("a source that fails is the reader's error, and logged", async () => {
  class Streams extends Plugin {
    stream = get("/stream", () => new StreamingResponse(broken()));
  }
  const { lines } = await start([Streams]);
  const { url } = await app.listen({ port: 0 });
  const response = await app.fetch(new Request("http://test/stream"));
  await expect(response.text()).rejects.toThrow("disk gone");
  await expect(fetch(`${url}/stream`).then((answer) => answer.text())).rejects.toThrow();
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 50, msg: "The answer to GET /stream broke off" }),
  );
});

test("run lends the app to code outside of requests", async () => {
  class Users extends Service {
    static readonly key = "app-test/Users";
    names = ["ann"];
  }
  class Accounts extends Plugin {
    static services = [Users];
  }
  await start([Accounts]);
  expect(app.run(() => inject(Users).names)).toEqual(["ann"]);
  expect(await app.run(async () => currentScope("test").kind)).toBe("app");
});

test("emit outside of every app is an error that names the cure", async () => {
  const happened = event("happened", z.object({}));
  await expect(emit(happened, {})).rejects.toThrow(
    "emit() was called outside every app and request. Call it in a handler, a service, a task or a plugin's start(), or inside app.run(() => …).",
  );
});

test("a conflict of routes given in code throws", async () => {
  class First extends Plugin {
    things = get("/things/{id}", () => 1);
  }
  class Second extends Plugin {
    things = get("/things/{name}", () => 2);
  }
  await expect(start([First, Second])).rejects.toMatchObject({ code: "NX_ROUTE_CONFLICT" });
});

test("settings that do not fit throw, all faults at once", async () => {
  await expect(createApp({ env: { PORT: "x", REDIS_URL: "redis://x" } })).rejects.toThrow(
    /PORT is "x"[^]*REDIS_URL is set/,
  );
});

test("health: live always, ready unless a plugin that must be there is unwell", async () => {
  let well = true;
  class Notes extends Plugin {
    health(): void {
      if (!well) throw new Error("no space at /var/secret");
    }
  }
  const bad = {
    type: class extends Plugin {
      start = () => Promise.reject(new Error("secret reason"));
    },
    manifest: { name: "extra", version: "1.0.0", plugins: {}, optional: true },
  };
  await start([Notes, bad as never], { tolerant: true });
  const ready = async () => {
    const response = await app.fetch(new Request("http://test/health/ready"));
    return [response.status, await response.json()];
  };
  const extra = { name: "extra", state: "failed", optional: true, step: "start" };
  const notes = { name: "notes", state: "started", optional: false };
  expect(await ready()).toEqual([200, { status: "ok", plugins: [notes, extra] }]);
  well = false;
  expect(await ready()).toEqual([
    503,
    { status: "unavailable", plugins: [{ ...notes, step: "health" }, extra] },
  ]);
  const live = await app.fetch(new Request("http://test/health/live"));
  expect([live.status, await live.json()]).toEqual([200, { status: "ok" }]);
});

const layer = (name: string) =>
  middleware(async (request, next) => {
    const response = await next(request);
    response.headers.append("X-Layers", name);
    return response;
  });

test("middleware of the app is around every answer, the first one outermost", async () => {
  await start([], { middleware: [layer("outer"), layer("inner")] });
  const response = await app.fetch(new Request("http://test/none"));
  expect([response.status, response.headers.get("x-layers")]).toEqual([404, "inner, outer"]);
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
});

test("a thousand requests at once never see each other's values, in background work neither", async () => {
  const seen = new Map<string, unknown[]>();
  const told = event("told", z.object({ id: z.string() }));
  class Values extends Plugin {
    heard = on(told, ({ data }) => void seen.get(data.id)!.push(getRequestContext()["id"]));
    keep = get(
      "/keep/{id}",
      { use: { background: BackgroundTasks } },
      async ({ id, background }) => {
        setRequestContext("id", id);
        seen.set(id, []);
        await sleep(Math.random() * 20);
        await emit(told, { id });
        background.add(async () => {
          await sleep(Math.random() * 10);
          seen.get(id)!.push(getRequestContext()["id"]);
        });
        return getRequestContext()["id"];
      },
    );
  }
  await start([Values]);
  const { port } = await app.listen({ port: 0 });
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const read = async (id: string): Promise<unknown> => {
    const sent = ask({ port, path: `/keep/${id}`, agent, host: "127.0.0.1" }).end();
    const [response] = await once(sent, "response");
    return JSON.parse((await response.toArray()).join(""));
  };
  const ids = Array.from({ length: 1000 }, (_, at) => `id-${at}`);
  expect(await Promise.all(ids.map(read))).toEqual(ids);
  agent.destroy();
  await app.close();
  expect([...seen].filter(([id, found]) => found.some((one) => one !== id))).toEqual([]);
  expect([...seen.values()].every(({ length }) => length === 2)).toBe(true);
  expect(getRequestContext()).toEqual({});
});

async function start(plugins: PluginClass[], options: AppOptions = {}) {
  const lines: object[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(JSON.parse(line)) } });
  app = await createApp({ plugins, docs: false, env: {}, log, ...options });
  return { lines };
}

test("an option that nobody knows is refused, with the one that was meant", async () => {
  await expect(createApp({ plugin: [] } as never)).rejects.toMatchObject({
    code: "NX_CONFIG",
    message: expect.stringContaining("It was given plugin. Did you mean plugins?"),
  });
});
