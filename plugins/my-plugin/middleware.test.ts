import { get, Plugin } from "nexus-platform";
import { createLog } from "nexus-platform/log";
import { TestClient } from "nexus-platform/testing";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import config from "../../nexus.config.ts";

afterEach(() => {
  vi.useRealTimers();
});

class Slow extends Plugin {
  static prefix = "/slow";
  quick = get("/quick", () => "quick");
  slow = get("/slow", () => {
    vi.advanceTimersByTime(1234);
    return "slow";
  });
  typed = get("/typed", { query: { n: z.int() } }, ({ n }) => n);
  broken = get("/broken", (): string => {
    throw new Error("broken");
  });
}

async function start() {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  const middleware = config.middleware ?? [];
  const client = await TestClient.of(Slow, { log, middleware, raiseErrors: false });
  const messages = (level: number) =>
    lines
      .map((line) => JSON.parse(line) as { level: number; msg: string })
      .filter((line) => line.level === level)
      .map(({ msg }) => msg);
  return { client, messages };
}

test.each([
  ["GET", "/slow/quick", 200],
  ["GET", "/nowhere", 404],
  ["POST", "/slow/quick", 405],
  ["GET", "/slow/typed?n=x", 422],
  ["GET", "/slow/broken", 500],
  ["GET", "/slow/%ff", 400],
  ["GET", "/slow/quick/", 308],
])("%s %s says how long it took", async (method, path, status) => {
  const { client } = await start();
  await using _ = client;
  const response = await client.request(method, path, { followRedirects: false });
  expect(response.status).toBe(status);
  expect(response.headers.get("x-process-time")).toMatch(/^\d+\.\d{6}$/);
});

test("each request leaves two lines in the log, without its query", async () => {
  const { client, messages } = await start();
  await using _ = client;
  await client.get("/slow/quick?token=secret");
  await client.get("/nowhere");
  expect(messages(30)).toEqual([
    "GET /slow/quick",
    "Response: 200",
    "GET /nowhere",
    "Response: 404",
  ]);
  expect(messages(40)).toEqual([]);
});

test("what takes more than a second is warned of", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const { client, messages } = await start();
  await using _ = client;
  const response = await client.get("/slow/slow?token=secret");
  expect(response.headers.get("x-process-time")).toBe("1.234000");
  expect(messages(40)).toEqual(["Slow request: /slow/slow took 1.23s"]);
});
