import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { BackgroundTasks } from "./background.ts";
import { contextKey, findContext, getRequestContext, setRequestContext } from "./context.ts";
import { dependency } from "./dependency.ts";
import { HTTPException } from "./exceptions.ts";
import { JSONResponse, post } from "./http/index.ts";
import { createLog } from "./log.ts";
import { Request } from "./message/index.ts";
import { Plugin } from "./plugin/index.ts";
import { TestClient } from "./testing/index.ts";

const use = { background: BackgroundTasks };
afterEach(() => vi.useRealTimers());

/** A log, and the lines in it. */
async function listening() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) };
  return { log: await createLog({ level: "debug", destination, members: requestId }), lines };
}

const requestId = () => ({ request_id: findContext()?.id });

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("background work runs when the answer has left, one piece after the other (B1)", async () => {
  const seen: string[] = [];
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => {
      background.add(async () => {
        await turn();
        seen.push("first");
      });
      background.add(() => seen.push("second"));
      return "queued";
    });
  }
  await using client = await TestClient.of(Letters);
  await client.app.exchange(new Request({ method: "POST", target: "/" }), async (response) => {
    expect(await response.json()).toBe("queued");
    await turn();
    seen.push("sent");
  });
  expect(seen).toEqual(["sent", "first", "second"]);
});

test("work that fails is logged, and the next still runs (B2)", async () => {
  const lines: string[] = [];
  const log = await createLog({ destination: { write: (line) => lines.push(line) } });
  const seen: string[] = [];
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => {
      background.add(() => Promise.reject(new Error("no post today")));
      background.add(() => {
        throw new HTTPException(404, "nobody there");
      });
      background.add(() => seen.push("last"));
    });
  }
  await using client = await TestClient.of(Letters, { log });
  expect((await client.post("/")).status).toBe(200);
  expect(seen).toEqual(["last"]);
  expect(lines.map((line) => JSON.parse(line).err.message)).toEqual([
    "no post today",
    "nobody there",
  ]);
});

test("the log names the request and the piece, what failed as an error and what was done for debugging", async () => {
  const { log, lines } = await listening();
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => {
      background.add(() => turn());
      background.add("second letter", () => Promise.reject(new Error("no post today")));
      background.add("third letter", () => "sent");
    });
  }
  await using client = await TestClient.of(Letters, { log });
  await client.post("/", { headers: { "x-request-id": "req-1" } });
  const about = { request_id: "req-1", plugin: "letters" };
  const ms = expect.any(Number);
  expect(lines).toMatchObject([
    { ...about, level: 20, piece: 1, ms, msg: "Background work done" },
    { ...about, level: 50, piece: 2, name: "second letter", msg: "Background work failed" },
    { ...about, level: 20, piece: 3, name: "third letter", ms, msg: "Background work done" },
  ]);
  expect(lines[0]).not.toHaveProperty("name");
});

test("the log says that a piece takes long, while it still runs", async () => {
  const { log, lines } = await listening();
  const { promise, resolve } = Promise.withResolvers<void>();
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => background.add("letter", () => promise));
  }
  await using client = await TestClient.of(Letters, { log });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const answer = client.post("/");
  await turn();
  vi.advanceTimersByTime(9_900);
  expect(lines).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(lines).toMatchObject([
    { level: 40, piece: 1, name: "letter", msg: "Background work still runs after 10 s" },
  ]);
  resolve();
  await answer;
});

test("work that is added when all is over is refused: nobody would do it", async () => {
  let late: BackgroundTasks | undefined;
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => void (late = background));
  }
  await using client = await TestClient.of(Letters);
  await client.post("/");
  expect(() => late!.add(() => {})).toThrow(
    expect.objectContaining({ code: "NX_BACKGROUND_OVER" }),
  );
});

test("work that was added before the handler throws is dropped (B3)", async () => {
  const seen: string[] = [];
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => {
      background.add(() => seen.push("sent"));
      throw new HTTPException(409);
    });
  }
  await using client = await TestClient.of(Letters);
  expect((await client.post("/")).status).toBe(409);
  expect(seen).toEqual([]);
});

test("work is done for a response of the handler's own too, whatever its status (B4)", async () => {
  const seen: string[] = [];
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => {
      background.add(() => seen.push("sent"));
      return new JSONResponse({}, { status: 404 });
    });
  }
  await using client = await TestClient.of(Letters);
  await client.post("/");
  expect(seen).toEqual(["sent"]);
});

test("work runs before dependencies are cleaned up; a dependency may add some (B5)", async () => {
  const seen: string[] = [];
  const connection = dependency({ use }, async function* ({ background }) {
    background.add(() => seen.push("of the dependency"));
    yield "connection";
    seen.push("closed");
  });
  class Letters extends Plugin {
    send = post("/", { use: { ...use, connection } }, ({ background, connection }) => {
      background.add(() => {
        seen.push(`with the ${connection}`);
        background.add(() => seen.push("added later"));
      });
    });
  }
  await using client = await TestClient.of(Letters);
  await client.post("/");
  expect(seen).toEqual(["of the dependency", "with the connection", "added later", "closed"]);
});

test("work is done though the client has gone (B6)", async () => {
  const seen: string[] = [];
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => background.add(() => seen.push("sent")));
  }
  await using client = await TestClient.of(Letters);
  const request = new Request({ method: "POST", target: "/" });
  const exchange = client.app.exchange(request, () => Promise.reject(new Error("gone")));
  await expect(exchange).rejects.toThrow("gone");
  expect(seen).toEqual(["sent"]);
});

test("work is done though the connection broke before the answer (B6)", async () => {
  const seen: string[] = [];
  const answered = Promise.withResolvers<void>();
  class Letters extends Plugin {
    send = post("/", { use }, async ({ background, request }) => {
      background.add(() => seen.push("sent"));
      await once(request.signal, "abort");
      answered.resolve();
      return "x".repeat(100_000);
    });
  }
  await using client = await TestClient.of(Letters);
  const { port } = await client.app.listen({ port: 0 });
  const socket = connect(port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  await sleep(50);
  socket.destroy();
  await answered.promise;
  await vi.waitFor(() => expect(seen).toEqual(["sent"]));
});

test("what is not done by the deadline is given up and counted; the rest of the request ends (B7)", async () => {
  const { log, lines } = await listening();
  const seen: string[] = [];
  const connection = dependency(async function* () {
    yield "connection";
    seen.push("closed");
  });
  class Letters extends Plugin {
    send = post("/", { use: { ...use, connection } }, ({ background }) => {
      background.add(() => seen.push("first"));
      background.add("stuck letter", () => new Promise(() => {}));
      background.add("third letter", () => seen.push("third"));
      background.add(() => seen.push("fourth"));
    });
  }
  await using client = await TestClient.of(Letters, { log });
  const url = new globalThis.Request("http://testserver/", { method: "POST" });
  const requests = Array.from({ length: 20 }, (_, n) => {
    const request = new globalThis.Request(url);
    request.headers.set("x-request-id", `req-${n}`);
    return client.app.fetch(request);
  });
  await Promise.all(requests);
  await turn();
  await client.app.close(0.05);
  expect(seen.toSorted()).toEqual([
    ...Array<string>(20).fill("closed"),
    ...Array<string>(20).fill("first"),
  ]);
  const given = lines.filter(({ level }) => level === 50);
  expect(given).toHaveLength(20);
  expect(new Set(given.map((line) => line["request_id"])).size).toBe(20);
  expect(given[7]).toMatchObject({
    pieces: 3,
    begun: 2,
    names: ["stuck letter", "third letter"],
    msg: "Background work was given up: the app has ended",
  });
});

test("closing the app waits for background work (B7)", async () => {
  const seen: string[] = [];
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => {
      background.add(async () => {
        await turn();
        await turn();
        seen.push("done");
      });
    });
  }
  await using client = await TestClient.of(Letters);
  await client.app.fetch(new globalThis.Request("http://testserver/", { method: "POST" }));
  expect(seen).toEqual([]);
  await client.app.close();
  expect(seen).toEqual(["done"]);
});

test("work sees the values of its request (M6)", async () => {
  const name = contextKey<string>("name");
  const seen: unknown[] = [];
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => {
      setRequestContext(name, "Ann");
      background.add(async () => {
        await turn();
        seen.push(getRequestContext(name));
      });
    });
  }
  await using client = await TestClient.of(Letters);
  await client.post("/");
  expect(seen).toEqual(["Ann"]);
});
