import { createHook } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import http from "node:http";
import type { Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Response } from "nexus-platform/message";
import { createHttpServer } from "../../src/transport/index.ts";
import { cleanUp, defer, open, until } from "../sockets.ts";
import { request } from "./requests.ts";

afterEach(cleanUp);

/** How often each name of a handle that writes was called. */
async function serveAndCount() {
  const writes: string[] = [];
  const sockets: Socket[] = [];
  /** What no socket had let go of behind an answer that may not wait, in characters. */
  const held: number[] = [];
  const listen = (message: unknown): void => {
    const { socket } = message as { socket: Socket & { _handle: Record<string, unknown> } };
    const { _handle: handle } = socket;
    sockets.push(socket);
    for (const name of ["writeBuffer", "writev", "writeLatin1String", "writeUtf8String"]) {
      const write = handle[name] as (...all: unknown[]) => unknown;
      handle[name] = (...all: unknown[]) => {
        writes.push(name);
        return write.apply(handle, all);
      };
    }
  };
  subscribe("net.server.socket", listen);
  defer(() => unsubscribe("net.server.socket", listen));
  /** How many writes there had been as soon as an answer was sent. */
  const sent: [target: string, writes: number][] = [];
  const server = await createHttpServer(
    ({ target }, send) => {
      if (target === "/fail") throw new Error("failed");
      const answer = (): Promise<void> | undefined => {
        const sending = send(new Response(decodeURI(target)), target.startsWith("/wait"));
        sent.push([target, writes.length]);
        if (!target.startsWith("/wait")) held.push(heldIn(sockets));
        return sending;
      };
      if (target === "/soon") return Promise.resolve().then(answer);
      if (target === "/wait-and-go-on") setImmediate(() => sent.push(["later", writes.length]));
      return answer();
    },
    {
      port: 0,
      host: "127.0.0.1",
    },
  );
  defer(() => server.close(0));
  const { port } = server.address;
  return { writes, sent, held, sockets, port, client: await open(port) };
}

const asked = [request("/hello"), request("/%E2%82%AC"), request("/hi", { method: "HEAD" })];

test("a text that is there at once leaves in one write", async () => {
  const { writes, client } = await serveAndCount();
  for (const bytes of [...asked, request("/body", { body: "small" })]) {
    client.write(bytes);
    await new Promise((resolve) => client.once("data", resolve));
    expect([bytes, writes.splice(0)]).toEqual([bytes, [expect.any(String)]]);
  }
});

test("an answer that may wait leaves at the end of the turn of the event loop, another one at once", async () => {
  const { writes, sent, port, client } = await serveAndCount();
  const ask = async (target: string): Promise<void> => {
    client.write(request(target));
    await new Promise((resolve) => client.once("data", resolve));
  };
  // Where two come in one turn, more are waited for.
  const other = await open(port);
  other.write(request("/wait"));
  await ask("/wait");
  await until(() => other.text() !== "");
  for (const target of ["/wait", "/now"]) {
    writes.length = 0;
    await ask(target);
    expect([target, writes.length]).toEqual([target, 1]);
  }
  expect(sent.slice(2)).toEqual([
    ["/wait", 0],
    ["/now", 1],
  ]);
});

test("what may not wait takes along what waits before it, in order", async () => {
  const { client } = await serveAndCount();
  client.write(["/wait", "/wait2", "/now", "/wait3"].map((target) => request(target)).join(""));
  await until(() => client.text().endsWith("/wait3"));
  expect(client.text().match(/\/(?:wait|now)\d?/g)).toEqual(["/wait", "/wait2", "/now", "/wait3"]);
});

test("what waits leaves before what a handler leaves for later", async () => {
  const { sent, client } = await serveAndCount();
  // The second one knows that the first one has waited for nobody.
  for (const count of [1, 2]) {
    client.write(request("/wait-and-go-on"));
    await until(() => sent.length === 2 * count);
    expect(sent.at(-1)).toEqual(["later", count]);
  }
});

test("with what may not wait all leaves that was answered before, behind it and to others", async () => {
  const { held, port, client } = await serveAndCount();
  const others = [await open(port), await open(port)];
  // Where several come in one turn, they are waited for.
  for (let round = 0; round < 3; round++) {
    for (const one of [...others, client]) one.write(request(`/wait${round}`));
    await until(() => [...others, client].every((one) => one.text().endsWith(`/wait${round}`)));
  }
  for (const one of others) one.write(request("/wait-too"));
  client.write(request("/soon") + request("/wait-behind"));
  await until(() => client.text().endsWith("/wait-behind"));
  expect(held).toEqual([0]);
});

test("a connection that cannot be written to costs no other one its answer", async () => {
  const { sockets, port, client } = await serveAndCount();
  client.on("error", () => {});
  const others = [await open(port), await open(port)];
  const [first] = sockets;
  first!.uncork = () => {
    throw new Error("no");
  };
  for (let round = 0; round < 3; round++) {
    for (const one of [client, ...others]) if (one.writable) one.write(request(`/wait${round}`));
    await until(() => others.every((one) => one.text().endsWith(`/wait${round}`)));
  }
  await until(() => client.closed);
});

test.each(["1.1", "1.0"])(
  "what waits leaves before a connection of HTTP/%s is cut behind it",
  async (version) => {
    const { client } = await serveAndCount();
    client.on("error", () => {});
    client.write(request("/wait") + request("/fail", { version }));
    await new Promise((resolve) => client.once("close", resolve));
    expect(client.text()).toMatch(/\r\n\r\n\/wait$/);
  },
);

test("for such a one no promise is made", async () => {
  const { client } = await serveAndCount();
  let promises = 0;
  const hook = createHook({ init: (_, type) => void (type === "PROMISE" && promises++) });
  defer(() => hook.disable());
  const count = (bytes: string): Promise<number> =>
    new Promise((resolve) => {
      client.once("data", () => {
        hook.disable();
        resolve(promises);
      });
      // Behind the promise of this test.
      setImmediate(() => {
        promises = 0;
        hook.enable();
        client.write(bytes);
      });
    });
  for (const bytes of asked) {
    const counts: number[] = [];
    // The first one makes what is made once, and others of this process make their own at any moment.
    for (let round = 0; round < 5; round++) counts.push(await count(bytes));
    expect([bytes, Math.min(...counts)]).toEqual([bytes, 0]);
  }
});

test("where node:http names its parts otherwise, it writes the answers itself", async () => {
  const sent = new WeakSet<object>();
  // As good as false for node:http, but not what it is known to be.
  Object.defineProperty(http.OutgoingMessage.prototype, "_headerSent", {
    configurable: true,
    get(this: object) {
      return sent.has(this) || undefined;
    },
    set(this: object, is: boolean) {
      if (is) sent.add(this);
    },
  });
  defer(() => Reflect.deleteProperty(http.OutgoingMessage.prototype, "_headerSent"));
  const { prototype } = http.ServerResponse;
  const { writeHead } = Object.getOwnPropertyDescriptors(prototype);
  let heads = 0;
  Object.defineProperty(prototype, "writeHead", {
    ...writeHead,
    value(this: object, ...all: unknown[]): unknown {
      heads++;
      return Reflect.apply(writeHead.value!, this, all);
    },
  });
  defer(() => Object.defineProperty(prototype, "writeHead", writeHead));
  const { client } = await serveAndCount();
  for (const bytes of asked) {
    client.write(bytes);
    await new Promise((resolve) => client.once("data", resolve));
  }
  // Direct needs nothing of it.
  expect(heads).toBe(process.env["NEXUS_TRANSPORT"] === "stock" ? asked.length : 0);
  expect(client.text().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
});

function heldIn(sockets: readonly Socket[]): number {
  return sockets.reduce((sum, { writableLength }) => sum + writableLength, 0);
}

test("alone, it ends", async () => {
  const { sockets, client } = await serveAndCount();
  client.on("error", () => {});
  // It waits for nobody once it has waited in vain.
  for (const n of [1, 2, 3]) {
    client.write(request(`/wait${n}`));
    await until(() => client.text().endsWith(`/wait${n}`));
  }
  const [{ _handle: handle }] = sockets as unknown as [{ _handle: Record<string, unknown> }];
  handle["writeLatin1String"] = () => {
    throw new Error("no");
  };
  client.write(request("/wait"));
  await until(() => client.closed);
});
