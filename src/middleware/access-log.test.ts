import { expect, test } from "vitest";
import { Context } from "../context.ts";
import { HTTPException, problemOf } from "../exceptions.ts";
import { createLog, logKey } from "../log.ts";
import { JSONResponse, Request, Response } from "../message/index.ts";
import { Scope } from "../scope.ts";
import { accessLog, type AccessLogOptions } from "./access-log.ts";
import { type Answer, compose } from "./compose.ts";
import { requestId } from "./request-id.ts";

test("a request is one line: method, path, status, milliseconds, id", async () => {
  const [line, ...more] = await linesOf("/users/7", () => new Response(null, { status: 201 }));
  expect(more).toEqual([]);
  expect(line).toMatchObject({
    level: 30,
    method: "GET",
    path: "/users/7",
    status: 201,
    ms: expect.any(Number),
    request_id: "r1",
    msg: "GET /users/7 201",
  });
});

test("the query is not logged: it may hold secrets", async () => {
  const [line] = await linesOf("/login?token=hunter2", () => new Response());
  expect(line.path).toBe("/login");
  expect(JSON.stringify(line)).not.toContain("hunter2");
});

test("the mistakes of clients are information, ours are errors", async () => {
  const [mistake] = await linesOf("/", () => Promise.reject(new HTTPException(404)));
  expect([mistake.level, mistake.status]).toEqual([30, 404]);
  const [fault] = await linesOf("/", () => Promise.reject(new Error("broken")));
  expect([fault.level, fault.status]).toEqual([50, 500]);
});

test("the level of ordinary lines can be chosen", async () => {
  expect(await linesOf("/", () => new Response(), { level: "debug" })).toEqual([]);
  const [fault] = await linesOf("/", () => Promise.reject(new Error("broken")), { level: "debug" });
  expect(fault.level).toBe(50);
});

test("another log can be given", async () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  expect(await linesOf("/", () => new Response(), { log })).toEqual([]);
  expect(lines).toHaveLength(1);
});

test("without a log nothing is written, and the answer is the same", async () => {
  const context = new Context(new Request({ method: "GET", target: "/" }), new Scope("app", "app"));
  const run = compose(
    [accessLog()],
    () => new Response("hello"),
    () => new Response(),
  );
  expect((await context.run(() => run(context))).body).toBe("hello");
});

async function linesOf(target: string, answer: Answer, options?: AccessLogOptions): Promise<any[]> {
  const lines: string[] = [];
  const app = new Scope("app", "app");
  app.provide(logKey, createLog({ destination: { write: (line) => lines.push(line) } }));
  const context = new Context(new Request({ method: "GET", target }), app);
  const run = compose(
    [requestId({ create: () => "r1" }), accessLog(options)],
    answer,
    (error) => new JSONResponse({}, { status: problemOf(error).status }),
  );
  await context.run(() => run(context));
  return lines.map((line) => JSON.parse(line));
}
