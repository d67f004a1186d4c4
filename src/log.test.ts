import { expect, test } from "vitest";
import { createLog, currentLog, logKey, type LogOptions } from "./log.ts";
import { Headers } from "./message/index.ts";
import { Scope } from "./scope.ts";

test("a line is JSON, with level, time and message", async () => {
  const { log, lines } = await start();
  log.info({ user: 7 }, "hello");
  expect(lines()).toEqual([{ level: 30, time: expect.any(Number), user: 7, msg: "hello" }]);
});

test("lines below the level are not written", async () => {
  const { log, lines } = await start({ level: "warn" });
  log.info("no");
  log.warn("yes");
  expect(lines()).toMatchObject([{ msg: "yes" }]);
});

test("every line may have members that are asked for each time", async () => {
  let id = 0;
  const { log, lines } = await start({ members: () => ({ request_id: `r${++id}` }) });
  log.info("a");
  log.info({ request_id: "own" }, "b");
  expect(lines()).toMatchObject([{ request_id: "r1" }, { request_id: "own" }]);
});

test("an error is written with its stack and its cause", async () => {
  const { log, lines } = await start();
  log.error({ err: new Error("outer", { cause: new Error("inner") }) }, "failed");
  expect(lines()).toMatchObject([
    { level: 50, msg: "failed", err: { message: "outer: inner", stack: expect.any(String) } },
  ]);
});

test("secrets do not reach the log, at the top and one level below", async () => {
  const { log, lines } = await start();
  const secrets = {
    password: "hunter2",
    token: "hunter2",
    authorization: "Bearer hunter2",
    cookie: "hunter2",
    "x-api-key": "hunter2",
  };
  log.info({ ...secrets, body: secrets, headers: secrets, name: "ann" });
  expect(JSON.stringify(lines())).not.toContain("hunter2");
  expect(lines()).toMatchObject([{ name: "ann", password: "[secret]" }]);
});

test("secrets are known in any spelling, some levels down, and in errors", async () => {
  const { log, lines } = await start();
  const headers = new Headers({ Authorization: "hunter2", "X-Api-Key": "hunter2", Accept: "any" });
  const told = {
    req: { headers: [{ "Set-Cookie": "hunter2" }] },
    newPassword: "hunter2",
    tokens: 3,
  };
  log.info({ headers, told });
  log.error({ err: Object.assign(new Error("no"), { config: { secret: "hunter2" } }) });
  expect(JSON.stringify(lines())).not.toContain("hunter2");
  expect(lines()).toMatchObject([
    { headers: { accept: "any" }, told: { tokens: 3 } },
    { err: { message: "no", config: { secret: "[secret]" } } },
  ]);
  expect(told.newPassword).toBe("hunter2");
});

test("what points at itself is logged all the same", async () => {
  const { log, lines } = await start();
  const ring: Record<string, unknown> = { name: "ring" };
  ring["self"] = ring;
  log.info({ ring, at: new Date(0), list: [1n] });
  expect(lines()).toMatchObject([{ ring: { name: "ring" }, at: "1970-01-01T00:00:00.000Z" }]);
});

test("whoever writes writes to the log of its plugin, else of its app, else to none", async () => {
  const [ofApp, ofPlugin] = [await start(), await start()];
  const app = new Scope("app", "app");
  const plugin = app.child("plugin", "shop");
  app.run(write);
  app.provide(logKey, ofApp.log);
  plugin.run(write);
  plugin.provide(logKey, ofPlugin.log);
  plugin.run(write);
  write();
  expect([ofApp.lines().length, ofPlugin.lines().length]).toEqual([1, 1]);
});

function write(): void {
  currentLog().info("here");
}

async function start(options: LogOptions = {}) {
  const written: string[] = [];
  const log = createLog({ ...options, destination: { write: (line) => written.push(line) } });
  return { log, lines: (): unknown[] => written.map((line) => JSON.parse(line)) };
}
