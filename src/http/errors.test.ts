import { expect, test } from "vitest";
import { z } from "zod";
import { HTTPException, NotFound, PermissionDenied, RateLimited } from "../exceptions.ts";
import { createLog } from "../log.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { type ErrorFormat, get, JSONResponse, onError, post } from "./index.ts";

async function codeOf(error: HTTPException): Promise<unknown> {
  await using client = await TestClient.of(throwing(() => error));
  return ((await (await client.get("/fail")).json()) as Record<string, unknown>)["error_code"];
}

/** A plugin whose only route throws. */
function throwing(thrown: () => unknown) {
  return class Throwing extends Plugin {
    fail = get("/fail", () => {
      throw thrown();
    });
  };
}

test("an HTTPException is answered with its status, its detail and its headers (E1)", async () => {
  await using client = await TestClient.of(
    throwing(() => new HTTPException(418, "Short and stout", { headers: { "X-Tea": "green" } })),
  );
  const response = await client.get("/fail?x=1");
  expect(response.status).toBe(418);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("x-tea")).toBe("green");
  expect(await response.json()).toEqual({
    type: "about:blank",
    title: "I'm a Teapot",
    status: 418,
    detail: "Short and stout",
    instance: "/fail",
    request_id: response.headers.get("x-request-id"),
  });
});

test("without a detail it says the status' own phrase (E1)", async () => {
  await using client = await TestClient.of(throwing(() => new HTTPException(409)));
  expect(await (await client.get("/fail")).json()).toMatchObject({ detail: "Conflict" });
});

test("the code that an exception's class has is sent, unless one is thrown with another", async () => {
  class OutOfStock extends HTTPException {
    static override readonly errorCode: string = "OUT_OF_STOCK";
  }
  class SoldOut extends OutOfStock {}
  expect(await codeOf(new OutOfStock(409))).toBe("OUT_OF_STOCK");
  expect(await codeOf(new SoldOut(409))).toBe("OUT_OF_STOCK");
  expect(await codeOf(new SoldOut(409, "", { errorCode: "OTHER" }))).toBe("OTHER");
  expect(await codeOf(new HTTPException(409))).toBeUndefined();
});

test("an error code and more members go along (E1, E2)", async () => {
  class UserNotFoundError extends HTTPException {
    constructor(id: string) {
      const errorCode = "USER_NOT_FOUND";
      super(404, `User ${id} not found`, { errorCode, extra: { user_id: id, status: 200 } });
    }
  }
  await using client = await TestClient.of(throwing(() => new UserNotFoundError("7")));
  expect(await (await client.get("/fail")).json()).toMatchObject({
    status: 404,
    detail: "User 7 not found",
    error_code: "USER_NOT_FOUND",
    user_id: "7",
  });
});

test("each ready-made error has its status", async () => {
  class Ready extends Plugin {
    denied = get("/denied", () => {
      throw new PermissionDenied("You may not");
    });
    limited = get("/limited", () => {
      throw new RateLimited(1.2);
    });
  }
  await using client = await TestClient.of(Ready);
  const denied = await client.get("/denied");
  expect([denied.status, await denied.json()]).toMatchObject([403, { detail: "You may not" }]);
  const limited = await client.get("/limited");
  expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "2"]);
});

test("an unexpected error is a bare 500, and the log has it (E3)", async () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  const Broken = throwing(() => new Error("the database has burnt"));
  await using client = await TestClient.of(Broken, { raiseErrors: false, log });
  const response = await client.get("/fail?token=x");
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    type: "about:blank",
    title: "Internal Server Error",
    status: 500,
    detail: "Internal Server Error",
    instance: "/fail",
    request_id: response.headers.get("x-request-id"),
  });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    msg: "GET /fail failed",
    err: { message: "the database has burnt", stack: expect.any(String) as string },
  });
});

test("a client's error is not logged as a failure", async () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  await using client = await TestClient.of(
    throwing(() => new NotFound()),
    { log },
  );
  expect((await client.get("/fail")).status).toBe(404);
  expect(lines).toEqual([]);
});

test("whatever is thrown is answered: a text, nothing, null, a number, a rejected promise (E3)", async () => {
  for (const thrown of [
    "text",
    undefined,
    null,
    0,
    Symbol("s"),
    { message: 5 },
    Object.create(null),
  ]) {
    class Odd extends Plugin {
      sync = get("/sync", () => {
        throw thrown;
      });
      async = get("/async", () => Promise.reject(thrown));
    }
    await using client = await TestClient.of(Odd, { raiseErrors: false });
    for (const path of ["/sync", "/async"]) {
      const response = await client.get(path);
      expect(response.status).toBe(500);
      expect(await response.json()).toMatchObject({ detail: "Internal Server Error" });
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    }
  }
});

test("an exception with a line break in a header is a 500, never an injection", async () => {
  await using client = await TestClient.of(
    throwing(() => new HTTPException(400, "no", { headers: { "X-A": "a\r\nSet-Cookie: b=c" } })),
    { raiseErrors: false },
  );
  const response = await client.get("/fail");
  expect(response.status).toBe(500);
  expect(response.headers.getSetCookie()).toEqual([]);
});

test("an error handler answers errors of its class and of classes that extend it; the nearest wins (E4)", async () => {
  class StorageError extends Error {}
  class DiskFull extends StorageError {}
  class NetworkDown extends StorageError {}
  class Stores extends Plugin {
    static errorHandlers = [
      onError(StorageError, () => new JSONResponse({ kind: "storage" }, { status: 503 })),
      onError(DiskFull, ({ message }, request) => {
        return new JSONResponse({ kind: "full", message, at: request.path }, { status: 507 });
      }),
    ];
    full = get("/full", () => {
      throw new DiskFull("no room");
    });
    down = get("/down", () => {
      throw new NetworkDown();
    });
    other = get("/other", () => {
      throw new Error("other");
    });
  }
  await using client = await TestClient.of(Stores, { raiseErrors: false });
  const full = await client.get("/full");
  expect([full.status, await full.json()]).toEqual([
    507,
    { kind: "full", message: "no room", at: "/full" },
  ]);
  const down = await client.get("/down");
  expect([down.status, await down.json()]).toEqual([503, { kind: "storage" }]);
  expect((await client.get("/other")).status).toBe(500);
});

test("an error handler of the app answers for all plugins; a plugin's own goes before it (E4)", async () => {
  class Own extends Plugin {
    static errorHandlers = [onError(NotFound, () => new JSONResponse("plugin", { status: 404 }))];
    fail = get("/own", () => {
      throw new NotFound();
    });
  }
  const errorHandlers = [onError(NotFound, () => new JSONResponse("app", { status: 404 }))];
  await using client = await TestClient.of([Own, throwing(() => new NotFound())], {
    errorHandlers,
  });
  expect(await (await client.get("/own")).json()).toBe("plugin");
  expect(await (await client.get("/fail")).json()).toBe("app");
});

test("a plain value from an error handler has the error's status, or 500 (E4)", async () => {
  class Plain extends Plugin {
    static errorHandlers = [
      onError(HTTPException, ({ detail }) => ({ sorry: detail })),
      onError(Error, () => ({ sorry: "us" })),
    ];
    fail = get("/fail", () => {
      throw new NotFound("No such thing");
    });
    break = get("/break", () => {
      throw new Error("broken");
    });
  }
  await using client = await TestClient.of(Plain, { raiseErrors: false });
  const fail = await client.get("/fail");
  expect([fail.status, await fail.json()]).toEqual([404, { sorry: "No such thing" }]);
  const broken = await client.get("/break");
  expect([broken.status, await broken.json()]).toEqual([500, { sorry: "us" }]);
});

test("an error handler that throws is answered for what it throws (E4)", async () => {
  class Throws extends Plugin {
    static errorHandlers = [
      onError(RangeError, () => {
        throw new NotFound("Out of range");
      }),
      onError(TypeError, () => {
        throw new Error("the handler fails too");
      }),
    ];
    range = get("/range", () => {
      throw new RangeError();
    });
    type = get("/type", () => {
      throw new TypeError();
    });
  }
  await using client = await TestClient.of(Throws, { raiseErrors: false });
  expect(await (await client.get("/range")).json()).toMatchObject({ detail: "Out of range" });
  expect((await client.get("/type")).status).toBe(500);
});

const envelope: ErrorFormat = {
  mediaType: "application/json",
  write: ({ status, detail, errors }) => ({ ok: false, status, detail, errors }),
};

test("an app has one form for all errors, and may choose it (decision 1)", async () => {
  class Formatted extends Plugin {
    add = post("/", { body: z.object({ a: z.int() }) }, () => 1);
    fail = get("/fail", () => {
      throw new Error("broken");
    });
  }
  await using client = await TestClient.of(Formatted, {
    errorFormat: envelope,
    raiseErrors: false,
  });
  for (const [path, body] of [
    ["/nowhere", { ok: false, status: 404, detail: "Not Found" }],
    ["/fail", { ok: false, status: 500, detail: "Internal Server Error" }],
  ] as const) {
    const response = await client.get(path);
    expect(await response.json()).toEqual(body);
    expect(response.headers.get("content-type")).toBe("application/json");
  }
  const invalid = await client.post("/", { json: {} });
  expect([invalid.status, await invalid.json()]).toMatchObject([
    422,
    { ok: false, errors: [{ loc: ["body", "a"], type: "missing" }] },
  ]);
});

test("a form that fails itself gives a bare 500", async () => {
  const errorFormat: ErrorFormat = {
    mediaType: "application/json",
    write() {
      throw new Error("the form fails");
    },
  };
  await using client = await TestClient.of(
    throwing(() => new NotFound()),
    {
      errorFormat,
      raiseErrors: false,
    },
  );
  const response = await client.get("/fail");
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ detail: "Internal Server Error" });
});
