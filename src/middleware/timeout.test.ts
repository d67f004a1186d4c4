import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Context } from "../context.ts";
import { HTTPException, problemOf } from "../exceptions.ts";
import { JSONResponse, Request, Response, StreamingResponse } from "../message/index.ts";
import { Scope } from "../scope.ts";
import { type Answer, compose, type OnError } from "./compose.ts";
import { timeout } from "./timeout.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

test("an answer in time is passed on, and the clock is stopped", async () => {
  const { answer, context } = ask(() => new Response("hello"));
  expect((await answer).body).toBe("hello");
  expect(vi.getTimerCount()).toBe(0);
  expect(context.request.signal.aborted).toBe(false);
});

test("an error in time is passed on, and the clock is stopped", async () => {
  const { answer } = ask(() => Promise.reject(new HTTPException(404)));
  expect((await answer).status).toBe(404);
  expect(vi.getTimerCount()).toBe(0);
});

test("when the time is up the answer is 503", async () => {
  const { answer } = ask(() => new Promise(() => {}));
  const answered = vi.fn();
  void Promise.resolve(answer).then(answered);
  await vi.advanceTimersByTimeAsync(1999);
  expect(answered).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect((await answer).status).toBe(503);
  expect(await (await answer).json()).toMatchObject({
    status: 503,
    error_code: "TIMEOUT",
    detail: "There was no answer within 2 s",
  });
  expect(vi.getTimerCount()).toBe(0);
});

test("when the time is up the request's signal fires, and what stops by it does not answer", async () => {
  const { answer, context } = ask(
    ({ request: { signal } }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      }),
  );
  await vi.advanceTimersByTimeAsync(2000);
  expect((await answer).status).toBe(503);
  expect(context.request.signal.aborted).toBe(true);
});

test("the signal still fires when the client goes", async () => {
  const client = new AbortController();
  let seen: AbortSignal | undefined;
  const { answer } = ask(({ request }) => {
    seen = request.signal;
    client.abort();
    return new Response();
  }, client.signal);
  await answer;
  expect(seen?.aborted).toBe(true);
});

test("an answer that comes too late is dropped, and its body closed", async () => {
  let closed = false;
  const late = Promise.withResolvers<Response>();
  const { answer } = ask(() => late.promise);
  await vi.advanceTimersByTimeAsync(2000);
  const body = new ReadableStream<Uint8Array>({ cancel: () => void (closed = true) });
  late.resolve(new StreamingResponse(body));
  expect((await answer).status).toBe(503);
  await vi.waitFor(() => expect(closed).toBe(true));
});

test("an error that comes too late harms nobody", async () => {
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  const late = Promise.withResolvers<Response>();
  // Even where the making of the error's answer fails.
  const { answer } = ask(
    () => late.promise,
    undefined,
    (error) => {
      if (error instanceof HTTPException) return new Response(null, { status: error.status });
      throw error;
    },
  );
  await vi.advanceTimersByTimeAsync(2000);
  late.reject(new Error("too late"));
  expect((await answer).status).toBe(503);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

test("a time that no clock can keep is refused at once", () => {
  for (const seconds of [0, -1, NaN, Infinity, 2_147_484]) {
    expect(() => timeout(seconds)).toThrow(expect.objectContaining({ code: "NX_TIMEOUT" }));
  }
});

test("the layer is called timeout", () => {
  expect(timeout(1).name).toBe("timeout");
});

const answerError: OnError = (error) => {
  const problem = problemOf(error);
  return new JSONResponse(problem, { status: problem.status });
};

function ask(work: Answer, client = new AbortController().signal, onError = answerError) {
  const request = new Request({ method: "GET", target: "/", signal: () => client });
  const context = new Context(request, new Scope("app", "app"));
  const answer = context.run(() => compose([timeout(2)], work, onError)(context));
  return { answer, context };
}
