import { getEventListeners } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Ending, endingKey } from "../ending.ts";
import { Scope } from "../scope.ts";
import { EventStream, type EventStreamOptions } from "./event-stream.ts";
import { Request } from "./request.ts";
import { Headers } from "./headers.ts";
import { lastEventId, type ServerEvent } from "./server-event.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const written = (...events: ServerEvent[]): Promise<string> => new EventStream(events).text();

test("an event is its fields and an empty line; data that is no text is JSON", async () => {
  expect(await written({ data: "hello" })).toBe("data: hello\n\n");
  expect(await written({ event: "user", id: 7, retry: 500, data: { a: [1n, null] } })).toBe(
    'event: user\nid: 7\nretry: 500\ndata: {"a":[1,null]}\n\n',
  );
  expect(await written({ data: null }, { data: "" }, { id: "x" })).toBe(
    "data: null\n\ndata: \n\nid: x\n\n",
  );
  expect(await written({ comment: "a\nb" })).toBe(": a\n: b\n\n");
});

test("each line of a text is a line of data, whatever ends it", async () => {
  expect(await written({ data: "a\nb\r\nc\rd\n" })).toBe(
    "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n",
  );
});

test("what would break out of its field, or says nothing, is refused", async () => {
  const broken: unknown[] = [
    { id: "a\nb", data: 1 },
    { id: "a\0", data: 1 },
    { event: "a\rdata: x", data: 1 },
    { retry: 1.5 },
    { retry: -1 },
    {},
    "text",
    null,
  ];
  for (const event of broken)
    await expect(written(event as ServerEvent)).rejects.toThrow(
      expect.objectContaining({ code: "NX_SERVER_EVENT" }),
    );
  for (const options of [
    { keepAlive: 0 },
    { keepAlive: NaN },
    { reconnect: -1 },
    { reconnect: Infinity },
  ])
    expect(() => new EventStream([], options)).toThrow(
      expect.objectContaining({ code: "NX_SERVER_EVENT" }),
    );
});

test("a stream says what it is, and that nobody between may keep or gather it", () => {
  expect(new EventStream([]).headers.toJSON()).toEqual({
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
  });
  const own = new EventStream([], { status: 203, headers: { "Cache-Control": "no-store" } });
  expect([own.status, own.headers.getAll("cache-control")]).toEqual([203, ["no-store"]]);
});

test("it may begin with the time after which clients come back", async () => {
  expect(await new EventStream([{ data: 1 }], { reconnect: 1.5 }).text()).toBe(
    "retry: 1500\n\ndata: 1\n\n",
  );
});

test("a silent source is given a comment every 15 seconds, or as often as is said", async () => {
  const { read, say } = silent();
  let next = read();
  await vi.advanceTimersByTimeAsync(14_999);
  expect(await Promise.race([next, Promise.resolve("waits")])).toBe("waits");
  await vi.advanceTimersByTimeAsync(1);
  expect(await next).toBe(": keep-alive\n\n");
  next = read();
  await vi.advanceTimersByTimeAsync(15_000);
  expect(await next).toBe(": keep-alive\n\n");
  next = read();
  say({ data: 1 });
  expect(await next).toBe("data: 1\n\n");
  expect(vi.getTimerCount()).toBe(0);
  const often = silent({ keepAlive: 2 });
  next = often.read();
  await vi.advanceTimersByTimeAsync(2000);
  expect(await next).toBe(": keep-alive\n\n");
});

test("an event that comes while nobody reads is not lost", async () => {
  const { read, say } = silent({ keepAlive: 1 });
  const first = read();
  await vi.advanceTimersByTimeAsync(1000);
  await first;
  say({ data: 1 });
  await vi.advanceTimersByTimeAsync(5000);
  expect(await read()).toBe("data: 1\n\n");
});

test("a source that is silent for days is listened to once", async () => {
  let listeners = 0;
  class Counted<T> extends Promise<T> {
    // oxlint-disable-next-line unicorn/no-thenable
    override then: Promise<T>["then"] = (...acts) => {
      listeners++;
      return super.then(...acts);
    };
    static get [Symbol.species]() {
      return Promise;
    }
  }
  const source: AsyncIterator<ServerEvent> = { next: () => new Counted(() => {}) };
  const events = iteratorOf(new EventStream({ [Symbol.asyncIterator]: () => source }));
  for (let day = 0; day < 10; day++) {
    const next = events.next();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await next).toEqual({ value: ": keep-alive\n\n" });
  }
  expect(listeners).toBe(1);
});

test("when nobody hears any more the signal fires, and the source's finally runs while it waits", async () => {
  const seen: string[] = [];
  const source = async function* (signal: AbortSignal): AsyncGenerator<ServerEvent> {
    try {
      yield { data: 1 };
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    } finally {
      seen.push("finally");
    }
  };
  const events = iteratorOf(new EventStream(source));
  await events.next();
  const waiting = events.next();
  await Promise.resolve();
  await events.return?.();
  expect([seen, await waiting]).toEqual([["finally"], { done: true, value: undefined }]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a source that does not listen to the signal keeps nobody waiting", async () => {
  const { events, read } = silent();
  const waiting = read();
  await Promise.resolve();
  const ended = events.return!();
  vi.useRealTimers();
  await ended;
  expect(await waiting).toBeUndefined();
});

test("it ends when the app or the plugin around begins to end, after a last word", async () => {
  for (const begins of ["app", "plugin"] as const) {
    const app = new Scope("app", "app");
    const plugin = app.child("plugin", "p");
    const endings = { app: new Ending(), plugin: undefined as unknown as Ending };
    endings.plugin = new Ending(endings.app);
    app.provide(endingKey, endings.app);
    plugin.provide(endingKey, endings.plugin);
    let isOver = false;
    const source = async function* (signal: AbortSignal): AsyncGenerator<ServerEvent> {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      isOver = true;
      yield { data: "goodbye" };
      yield { data: "nobody hears it" };
    };
    const events = iteratorOf(plugin.run(() => new EventStream(source)));
    const waiting = events.next();
    await Promise.resolve();
    endings[begins].begin(30)();
    expect(await waiting).toEqual({ value: "data: goodbye\n\n" });
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(isOver).toBe(true);
    // One that begins later has nothing to say.
    const late = plugin.run(() => new EventStream([{ data: 1 }]));
    expect(await late.text()).toBe("");
  }
});

test("a stream that is over leaves nothing at the app that goes on", async () => {
  const app = new Scope("app", "app");
  const ending = new Ending();
  app.provide(endingKey, ending);
  const events = iteratorOf(app.run(() => new EventStream([{ data: 1 }, { data: 2 }])));
  await events.next();
  expect(getEventListeners(ending.begun, "abort")).toHaveLength(1);
  await events.return?.();
  expect(getEventListeners(ending.begun, "abort")).toHaveLength(0);
});

test("an error of the source is an error of the answer", async () => {
  const events = iteratorOf(new EventStream(failing()));
  await events.next();
  await expect(events.next()).rejects.toThrow("lost");
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test("a client that comes back names the last event it has seen", () => {
  expect(idOf({ "Last-Event-ID": "42" })).toBe("42");
  expect(idOf({ "Last-Event-ID": Buffer.from("nº").toString("latin1") })).toBe("nº");
  expect([idOf({}), idOf({ "Last-Event-ID": "" })]).toEqual([undefined, undefined]);
});

function idOf(headers: Record<string, string>): string | undefined {
  return lastEventId(new Request({ method: "GET", target: "/", headers: new Headers(headers) }));
}

async function* failing(): AsyncGenerator<ServerEvent> {
  yield { data: 1 };
  throw new Error("lost");
}

function iteratorOf({ body }: EventStream): AsyncIterator<string> {
  return (body as AsyncIterable<string>)[Symbol.asyncIterator]();
}

/** A stream of events whose source speaks only when it is told to. */
function silent(options?: EventStreamOptions) {
  let said = Promise.withResolvers<ServerEvent>();
  const source = async function* (): AsyncGenerator<ServerEvent> {
    for (; ; said = Promise.withResolvers()) yield await said.promise;
  };
  const events = iteratorOf(new EventStream(source(), options));
  return {
    events,
    read: async () => (await events.next()).value as string | undefined,
    say: (event: ServerEvent) => said.resolve(event),
  };
}
