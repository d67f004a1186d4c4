import { expect, test } from "vitest";
import { createLog, currentLog, logKey, type LogOptions } from "./log.ts";
import { Scope } from "./services.ts";

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
  const log = await createLog({ ...options, destination: { write: (line) => written.push(line) } });
  return { log, lines: (): unknown[] => written.map((line) => JSON.parse(line)) };
}
