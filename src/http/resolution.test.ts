import { expect, test, vi } from "vitest";
import { z } from "zod";
import { BackgroundTasks } from "../background.ts";
import { dependency } from "../dependency.ts";
import { HTTPException } from "../exceptions.ts";
import { createLog } from "../log.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { get, post, StreamingResponse } from "./index.ts";

test("clean-up runs newest first, after the answer and the background work (D6)", async () => {
  const seen: string[] = [];
  class Opening extends Plugin {
    show = get(
      "/",
      {
        use: {
          one: noted("one", seen),
          inner: noted("inner", seen, "function"),
          two: noted("two", seen),
          background: BackgroundTasks,
        },
        middleware: [
          async (_, next) => {
            const response = await next();
            seen.push("answered");
            return response;
          },
        ],
      },
      ({ one, two, inner, background }) => {
        background.add(() => seen.push("background"));
        seen.push(`handler with ${one} ${two} ${inner}`);
      },
    );
  }
  await using client = await TestClient.of(Opening);
  await client.get("/");
  expect(seen).toEqual([
    "one opened",
    "two opened",
    "inner opened",
    "handler with one two inner",
    "inner closed",
    "answered",
    "background",
    "two closed",
    "one closed",
  ]);
});

test("what takes time and what does not is made in the order in which it is named, each once", async () => {
  const seen: string[] = [];
  const note = <T>(name: string, value: T): T => {
    seen.push(name);
    return value;
  };
  const first = dependency(() => note("first", Promise.resolve("1")));
  // oxlint-disable-next-line unicorn/no-thenable
  const query = { then: (tell: (row: string) => void) => tell("a row") };
  class Ordered extends Plugin {
    show = get(
      "/",
      {
        use: {
          nothing: dependency(() => note("nothing", undefined)),
          plain: dependency({ use: { first } }, () => note("plain", 2)),
          again: first,
          row: dependency(() => note("row", query)),
          late: dependency({ scope: "function", use: { first } }, ({ first: one }) =>
            note("late", `${one} late`),
          ),
        },
      },
      ({ nothing, plain, again, row, late }) => [nothing === undefined, plain, again, row, late],
    );
  }
  await using client = await TestClient.of(Ordered);
  expect(await (await client.get("/")).json()).toEqual([true, 2, "1", "a row", "1 late"]);
  expect(seen).toEqual(["nothing", "first", "plain", "row", "late"]);
});

test("a stream is sent before what it uses is cleaned up (D6)", async () => {
  const seen: string[] = [];
  class Streaming extends Plugin {
    show = get("/", { use: { one: noted("one", seen) } }, () => {
      return new StreamingResponse(chunks(seen));
    });
  }
  await using client = await TestClient.of(Streaming);
  expect(await (await client.get("/")).text()).toBe("ab");
  expect(seen).toEqual(["one opened", "first chunk", "last chunk", "one closed"]);
});

test("a plain generator cleans up too", async () => {
  const seen: string[] = [];
  const plain = dependency(function* () {
    yield "plain";
    seen.push("closed");
  });
  class Opening extends Plugin {
    show = get("/", { use: { plain } }, ({ plain }) => plain);
  }
  await using client = await TestClient.of(Opening);
  expect(await (await client.get("/")).json()).toBe("plain");
  expect(seen).toEqual(["closed"]);
});

test("the handler's error is thrown at every yield, and the answer stays (D7, D8)", async () => {
  const seen: string[] = [];
  class Failing extends Plugin {
    show = get(
      "/",
      { use: { one: noted("one", seen), two: noted("two", seen, "function") } },
      () => {
        throw new HTTPException(418, "tea");
      },
    );
  }
  await using client = await TestClient.of(Failing);
  expect((await client.get("/")).status).toBe(418);
  expect(seen).toEqual([
    "one opened",
    "two opened",
    "two sees tea",
    "two closed",
    "one sees tea",
    "one closed",
  ]);
});

test("what a function-scoped clean-up throws becomes the answer (decision 26)", async () => {
  const commit = dependency({ scope: "function" }, async function* () {
    try {
      yield;
    } catch {
      throw new HTTPException(409, "Taken after all");
    }
    throw new Error("the disk is full");
  });
  class Committing extends Plugin {
    ok = get("/ok", { use: { commit } }, () => "ok");
    fail = get("/fail", { use: { commit } }, () => {
      throw new Error("failed");
    });
  }
  await using client = await TestClient.of(Committing, { raiseErrors: false });
  expect((await client.get("/ok")).status).toBe(500);
  const fail = await client.get("/fail");
  expect([fail.status, await fail.json()]).toMatchObject([409, { detail: "Taken after all" }]);
});

test("what a request-scoped clean-up throws is logged, and the others still run (decision 26)", async () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  const seen: string[] = [];
  const bad = dependency(async function* () {
    yield "bad";
    throw new Error("cannot close");
  });
  class Closing extends Plugin {
    show = get("/", { use: { one: noted("one", seen), bad } }, () => "fine");
  }
  await using client = await TestClient.of(Closing, { log });
  expect(await (await client.get("/")).json()).toBe("fine");
  expect(seen).toEqual(["one opened", "one closed"]);
  expect(lines.join()).toContain("cannot close");
});

test("a generator yields once: not at all is a 500, twice is told", async () => {
  const none = dependency(async function* (): AsyncGenerator<string> {});
  const twice = dependency({ scope: "function" }, async function* () {
    yield 1;
    yield 2;
  });
  class Wrong extends Plugin {
    none = get("/none", { use: { none } }, () => 1);
    twice = get("/twice", { use: { twice } }, () => 1);
  }
  await using client = await TestClient.of(Wrong);
  await expect(client.get("/none")).rejects.toThrow(/^The dependency "none" ended without a yield/);
  await expect(client.get("/twice")).rejects.toThrow(/^The dependency "twice" yielded twice/);
});

test("a validation error elsewhere still cleans up what was opened (D9)", async () => {
  const seen: string[] = [];
  class Checked extends Plugin {
    add = post(
      "/",
      { body: z.object({ a: z.int() }), use: { one: noted("one", seen) } },
      () => "never",
    );
  }
  await using client = await TestClient.of(Checked);
  expect((await client.post("/", { json: {} })).status).toBe(422);
  expect(seen).toEqual(["one opened", "one sees 1 validation error", "one closed"]);
});

test("when a request's time is up nothing is committed, and what opens late is closed", async () => {
  const seen: string[] = [];
  const late = Promise.withResolvers<void>();
  const slow = dependency({ use: { one: noted("one", seen) } }, async function* () {
    await late.promise;
    try {
      yield "slow";
    } finally {
      seen.push("slow closed");
    }
  });
  const commit = dependency({ scope: "function" }, async function* () {
    yield;
    seen.push("committed");
  });
  class Slow extends Plugin {
    opens = get("/opens", { timeout: 1, use: { slow } }, () => seen.push("handler"));
    works = get("/works", { timeout: 1, use: { commit } }, () => late.promise);
  }
  await using client = await TestClient.of(Slow);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const asked = [client.get("/opens"), client.get("/works")];
  await vi.advanceTimersByTimeAsync(1000);
  vi.useRealTimers();
  for (const response of await Promise.all(asked)) expect(response.status).toBe(503);
  late.resolve();
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual([
    "one opened",
    "one sees There was no answer within 1 s",
    "one closed",
    "slow closed",
  ]);
});

/** A dependency that notes its life. */
function noted(name: string, seen: string[], scope: "request" | "function" = "request") {
  return dependency({ scope }, async function* () {
    seen.push(`${name} opened`);
    try {
      yield name;
    } catch (error) {
      seen.push(`${name} sees ${(error as Error).message}`);
    }
    seen.push(`${name} closed`);
  });
}

async function* chunks(seen: string[]): AsyncGenerator<string> {
  seen.push("first chunk");
  yield "a";
  seen.push("last chunk");
  yield "b";
}

test("a dependency that yields again after an error is ended, and that is said", async () => {
  const ended: string[] = [];
  const stubborn = dependency({ scope: "function" }, async function* () {
    try {
      yield 1;
    } catch {
      yield 2;
    } finally {
      ended.push("stubborn");
    }
  });
  class Stubborn extends Plugin {
    route = get("/", { use: { stubborn } }, () => {
      throw new HTTPException(409);
    });
  }
  await using client = await TestClient.of(Stubborn);
  await expect(client.get("/")).rejects.toThrow("yielded again after an error");
  expect(ended).toEqual(["stubborn"]);
});
