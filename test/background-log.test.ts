import { afterEach, expect, test, vi } from "vitest";
import { BackgroundTasks } from "../src/background.ts";
import { findContext } from "../src/context.ts";
import { dependency } from "../src/dependency.ts";
import { post } from "../src/http/index.ts";
import { createLog } from "../src/log.ts";
import { Plugin } from "../src/plugin/index.ts";
import { TestClient } from "../src/testing/index.ts";

const use = { background: BackgroundTasks };
afterEach(() => vi.useRealTimers());

/** A log, and the lines in it. */
async function listening() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) };
  return { log: createLog({ level: "debug", destination, members: requestId }), lines };
}

const requestId = () => ({ request_id: findContext()?.id });

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("the log names the request and the piece, what was done and what failed", async () => {
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
    { ...about, level: 30, piece: 1, ms, msg: "Background work done" },
    { ...about, level: 50, piece: 2, name: "second letter", msg: "Background work failed" },
    { ...about, level: 30, piece: 3, name: "third letter", ms, msg: "Background work done" },
  ]);
  expect(lines[0]).not.toHaveProperty("name");
});

test("the log says that a piece takes long, while it still runs", async () => {
  const { log, lines } = await listening();
  const { promise, resolve } = Promise.withResolvers<void>();
  class Letters extends Plugin {
    send = post("/", { use }, ({ background }) => {
      background.add(() => {});
      background.add("letter", () => promise);
    });
  }
  await using client = await TestClient.of(Letters, { log });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const answer = client.post("/");
  await turn();
  const warnings = () => lines.filter(({ level }) => level === 40);
  vi.advanceTimersByTime(9_900);
  expect(warnings()).toEqual([]);
  vi.advanceTimersByTime(200);
  // Nothing of the piece before, which is done.
  expect(warnings()).toMatchObject([
    { piece: 2, name: "letter", msg: "Background work still runs after 10 s" },
  ]);
  resolve();
  await answer;
  vi.advanceTimersByTime(60_000);
  expect(warnings()).toHaveLength(1);
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
