import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { BackgroundTasks } from "./background.ts";
import { contextKey, getRequestContext, setRequestContext } from "./context.ts";
import { dependency } from "./dependency.ts";
import { endingKey } from "./ending.ts";
import { HTTPException } from "./exceptions.ts";
import { JSONResponse, post } from "./http/index.ts";
import { createLog } from "./log.ts";
import { Request } from "./message/index.ts";
import { Plugin } from "./plugin/index.ts";
import { findScope } from "./scope.ts";
import { TestClient } from "./testing/index.ts";

const use = { background: BackgroundTasks };

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
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
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
  expect(lines.map((line) => JSON.parse(line).err?.message)).toEqual([
    "no post today",
    "nobody there",
    undefined,
  ]);
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

test("what ends when the time is up is not followed by the next piece (B7)", async () => {
  const seen: string[] = [];
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => {
      const { over } = findScope()!.find(endingKey)!;
      background.add(() => once(over, "abort"));
      background.add(() => seen.push("second"));
    });
  }
  await using client = await TestClient.of(Letters);
  await client.app.fetch(new globalThis.Request("http://testserver/", { method: "POST" }));
  await client.app.close(0.05);
  expect(seen).toEqual([]);
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

test("what is no function is refused at once: the work of it would have begun, or never be done", async () => {
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => {
      background.add(Promise.resolve() as never);
    });
  }
  await using client = await TestClient.of(Letters);
  await expect(client.post("/")).rejects.toMatchObject({ code: "NX_BACKGROUND_WORK" });
});
