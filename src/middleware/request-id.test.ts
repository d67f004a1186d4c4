import { expect, test } from "vitest";
import { Context } from "../context.ts";
import { problemOf } from "../exceptions.ts";
import { Headers, JSONResponse, Request, Response } from "../message/index.ts";
import { Scope } from "../scope.ts";
import { type Answer, compose } from "./compose.ts";
import { requestId } from "./request-id.ts";

const made = /^[0-9a-f]{32}$/;

test("a request gets an id, and its answer says it", async () => {
  const { context, response } = await ask({});
  expect(context.id).toMatch(made);
  expect(response.headers.get("X-Request-ID")).toBe(context.id);
  expect((await ask({})).context.id).not.toBe(context.id);
});

test("an id that the request brings is kept", async () => {
  const { context, response } = await ask({ "x-request-id": "trace-7.a_b" });
  expect(context.id).toBe("trace-7.a_b");
  expect(response.headers.get("x-request-id")).toBe("trace-7.a_b");
});

test("an id that is empty, long, twofold or has other characters is replaced", async () => {
  for (const id of ["", "a".repeat(65), "a, b", 'a"b', "a b", "ä", "a/b"]) {
    expect((await ask({ "X-Request-ID": id })).context.id).toMatch(made);
  }
});

test("an error has the id too", async () => {
  const { response } = await ask({ "X-Request-ID": "r1" }, () => {
    throw new Error("broken");
  });
  expect([response.status, response.headers.get("x-request-id")]).toEqual([500, "r1"]);
});

test("what is inside knows the id already, and cannot say another one", async () => {
  let seen: string | undefined;
  const { response } = await ask({ "X-Request-ID": "r1" }, (context) => {
    seen = context.id;
    return new Response(null, { headers: { "X-Request-ID": "other" } });
  });
  expect([seen, response.headers.getAll("x-request-id")]).toEqual(["r1", ["r1"]]);
});

test("the header and the maker of ids can be chosen", async () => {
  const { response } = await ask({}, undefined, { header: "X-Trace", create: () => "made" });
  expect([...response.headers]).toEqual([["x-trace", "made"]]);
});

async function ask(
  headers: Record<string, string>,
  answer: Answer = () => new Response(),
  options?: Parameters<typeof requestId>[0],
) {
  const request = new Request({ method: "GET", target: "/", headers: new Headers(headers) });
  const context = new Context(request, new Scope("app", "app"));
  const run = compose(
    [requestId(options)],
    answer,
    (error) => new JSONResponse({}, { status: problemOf(error).status }),
  );
  return { context, response: await context.run(() => run(context)) };
}
