import { expect, test } from "vitest";
import { Context } from "../context.ts";
import { HTTPException, problemOf } from "../exceptions.ts";
import { JSONResponse, Request, Response } from "../message/index.ts";
import { Scope } from "../scope.ts";
import {
  type Answer,
  compose,
  type Frame,
  type Middleware,
  type Next,
  type OnError,
} from "./compose.ts";

test("the first layer listed is the outermost", async () => {
  const seen: string[] = [];
  const layer =
    (name: string): Middleware =>
    async (_, next) => {
      seen.push(`${name}-in`);
      const response = await next();
      seen.push(`${name}-out`);
      return response;
    };
  await ask([layer("first"), layer("second")], () => {
    seen.push("handler");
    return new Response();
  });
  expect(seen).toEqual(["first-in", "second-in", "handler", "second-out", "first-out"]);
});

test("without layers the answer is the handler's, or its error's", async () => {
  expect((await ask([], () => new Response("hello"))).response.body).toBe("hello");
  const { response } = await ask([], () => {
    throw new HTTPException(404);
  });
  expect(response.status).toBe(404);
});

test("a layer may change the headers of an error as of any answer", async () => {
  for (const [error, status] of [
    [new HTTPException(404), 404],
    [new HTTPException(401), 401],
    [new Error("broken"), 500],
  ] as const) {
    const timing: Middleware = async (_, next) => {
      const response = await next();
      response.headers.set("X-Process-Time", "0.001000");
      expect(response.status).toBe(status);
      return response;
    };
    const { response } = await ask([timing], () => {
      throw error;
    });
    expect(response.headers.get("X-Process-Time")).toBe("0.001000");
  }
});

test("what a layer throws is an answer for the layers outside of it", async () => {
  const statuses: number[] = [];
  const outer: Middleware = async (_, next) => {
    const response = await next();
    statuses.push(response.status);
    return response;
  };
  const { response } = await ask(
    [outer, () => Promise.reject(new HTTPException(429))],
    () => new Response(),
  );
  expect(statuses).toEqual([429]);
  expect(response.status).toBe(429);
});

test("an error is answered once, and the context remembers it", async () => {
  const caught: unknown[] = [];
  const error = new Error("broken");
  const { context } = await ask(
    [through, through, through],
    () => Promise.reject(error),
    (error) => {
      caught.push(error);
      return new Response(null, { status: 500 });
    },
  );
  expect(caught).toEqual([error]);
  expect(context.error).toBe(error);
});

test("a layer that returns an answer of its own stops what is inside", async () => {
  let asked = false;
  const { response } = await ask([through, () => new Response("closed", { status: 503 })], () => {
    asked = true;
    return new Response();
  });
  expect([asked, response.status]).toEqual([false, 503]);
});

test("a layer may pass on another request", async () => {
  const seen: string[] = [];
  const inner: Middleware = (request, next) => {
    seen.push(request.path);
    return next();
  };
  await ask(
    [(_, next) => next(new Request({ method: "GET", target: "/new" })), inner],
    ({ request }) => {
      seen.push(request.path);
      return new Response();
    },
  );
  expect(seen).toEqual(["/new", "/new"]);
});

test("a layer may return a standard Response", async () => {
  const statuses: unknown[] = [];
  const outer: Middleware = async (_, next) => {
    const response = await next();
    statuses.push(response instanceof Response, response.headers.get("x-from"));
    return response;
  };
  const { response } = await ask(
    [outer, () => new globalThis.Response("hello", { status: 202, headers: { "X-From": "web" } })],
    () => new Response(),
  );
  expect(statuses).toEqual([true, "web"]);
  expect([response.status, await response.text()]).toEqual([202, "hello"]);
});

test("a frame gets what it knew before, and sees errors as any answer", async () => {
  const seen: unknown[] = [];
  const frame: Frame<string> = {
    before: ({ path }) => `began ${path}`,
    after(response, before, request) {
      seen.push([response.status, before, request.path]);
      response.headers.set("X-Framed", "yes");
    },
  };
  for (const answer of [
    () => new Response(),
    () => Promise.resolve(new Response()),
    () => Promise.reject(new HTTPException(404)),
  ]) {
    const { response } = await ask([through, frame, frame], answer);
    expect(response.headers.getAll("x-framed")).toEqual(["yes"]);
  }
  const statuses = [200, 200, 200, 200, 404, 404];
  expect(seen).toEqual(statuses.map((status) => [status, "began /", "/"]));
});

test("a frame without promises around an answer without promises makes none", () => {
  const run = compose([{ after: () => {} }], () => new Response("at once"), answerError);
  expect(run(contextOf("/"))).toMatchObject({ body: "at once" });
});

test("what a frame throws is an answer for the layers outside of it", async () => {
  for (const frame of [{ before: fail, after: () => {} }, { after: fail }]) {
    const statuses: number[] = [];
    const outer: Frame = { after: ({ status }) => void statuses.push(status) };
    for (const answer of [() => new Response(), () => Promise.resolve(new Response())]) {
      const { response, context } = await ask([outer, frame], answer);
      expect([response.status, context.error]).toEqual([429, expect.any(HTTPException)]);
    }
    expect(statuses).toEqual([429, 429]);
  }
});

test("calling next() twice is an error that names the layer", async () => {
  let answers = 0;
  const { response, context } = await ask([retry], () => {
    answers++;
    return new Response();
  });
  expect(response.status).toBe(500);
  expect(answers).toBe(1);
  expect(context.error).toMatchObject({
    code: "NX_NEXT_TWICE",
    message: expect.stringContaining('"retry"'),
  });
});

test("a layer that returns no response is an error that names it", async () => {
  const { response, context } = await ask([forgetful as never], () => new Response());
  expect(response.status).toBe(500);
  expect(context.error).toMatchObject({
    code: "NX_NO_RESPONSE",
    message: expect.stringMatching(/"forgetful" returned undefined/),
  });
});

test("one chain of layers answers many requests at once without mixing them up", async () => {
  const run = compose(
    [
      async (request, next) => {
        await new Promise((resolve) => setImmediate(resolve));
        const response = await next();
        response.headers.set("X-Path", request.path);
        return response;
      },
    ],
    ({ request }) => new Response(request.path),
    answerError,
  );
  const responses = await Promise.all(
    Array.from({ length: 100 }, (_, n) => Promise.resolve(run(contextOf(`/${n}`)))),
  );
  for (const [n, response] of responses.entries()) {
    expect([response.body, response.headers.get("x-path")]).toEqual([`/${n}`, `/${n}`]);
  }
});

function fail(): never {
  throw new HTTPException(429);
}

const through: Middleware = (_, next) => next();

async function retry(_: Request, next: Next): Promise<Response> {
  await next();
  return next();
}

async function forgetful(_: Request, next: Next): Promise<void> {
  await next();
}

const answerError: OnError = (error) => {
  const problem = problemOf(error);
  return new JSONResponse(problem, { status: problem.status });
};

function contextOf(target: string): Context {
  return new Context(new Request({ method: "GET", target }), new Scope("app", "app"));
}

async function ask(layers: readonly Middleware[], answer: Answer, onError = answerError) {
  const context = contextOf("/");
  const response = await context.run(() => compose(layers, answer, onError)(context));
  return { context, response };
}
