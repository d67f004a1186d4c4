import { expect, test } from "vitest";
import {
  Conflict,
  HTTPException,
  isHTTPException,
  messageOf,
  NexusError,
  NotAuthenticated,
  NotFound,
  notFound,
  PermissionDenied,
  phrase,
  problemOf,
  RateLimited,
  ValidationError,
} from "./exceptions.ts";

test("an exception says status and detail; without one it is the status' own phrase", () => {
  expect(problemOf(new HTTPException(404, "User not found"))).toEqual({
    type: "about:blank",
    title: "Not Found",
    status: 404,
    detail: "User not found",
  });
  expect(new HTTPException(409).detail).toBe("Conflict");
  expect(new HTTPException(418).message).toBe("I'm a Teapot");
});

test("an exception may carry a code for programs, headers, and further members", () => {
  const error = new HTTPException(409, "Taken", {
    errorCode: "NAME_TAKEN",
    headers: { "X-A": "1" },
    extra: { name: "ann", status: 200, detail: "not this" },
    cause: "the database",
  });
  expect(problemOf(error)).toEqual({
    type: "about:blank",
    title: "Conflict",
    status: 409,
    detail: "Taken",
    error_code: "NAME_TAKEN",
    name: "ann",
  });
  expect([error.headers, error.cause]).toEqual([{ "X-A": "1" }, "the database"]);
});

test("of an unexpected error a client learns nothing", () => {
  const problem = { type: "about:blank", title: "Internal Server Error", status: 500 };
  for (const thrown of [
    new Error("password=hunter2"),
    Object.assign(new Error("x"), { status: 404, detail: "hunter2", errors: ["hunter2"] }),
    "hunter2",
    undefined,
    null,
    new NexusError("NX_X", "hunter2"),
  ]) {
    expect(problemOf(thrown)).toEqual({ ...problem, detail: "Internal Server Error" });
  }
});

test("each class says its status", () => {
  for (const [error, status, detail] of [
    [new NotAuthenticated(), 401, "Not authenticated"],
    [new PermissionDenied(), 403, "Forbidden"],
    [new PermissionDenied("Permission 'x' required"), 403, "Permission 'x' required"],
    [new NotFound(), 404, "Not Found"],
    [new Conflict("Taken"), 409, "Taken"],
    [new RateLimited(1), 429, "Too Many Requests"],
  ] as const) {
    expect(error).toMatchObject({ status, detail, name: error.constructor.name });
    expect((error.constructor as typeof HTTPException).status).toBe(status);
    expect(isHTTPException(error)).toBe(true);
  }
});

test("a 401 says how to authenticate, and may say it otherwise", () => {
  expect(new NotAuthenticated().headers).toEqual({ "WWW-Authenticate": "Bearer" });
  const headers = { "WWW-Authenticate": "APIKey" };
  expect(new NotAuthenticated("No key", { headers }).headers).toEqual(headers);
});

test("a 429 says when to come back, in whole seconds", () => {
  expect(new RateLimited(1.2).headers).toEqual({ "Retry-After": "2" });
});

test("invalid input is 422 with all faults", () => {
  const item = { loc: ["query", "page"], type: "missing", msg: "Field required" };
  expect(problemOf(new ValidationError([item, item]))).toEqual({
    type: "about:blank",
    title: "Unprocessable Content",
    status: 422,
    detail: "2 validation errors",
    errors: [item, item],
  });
  expect(new ValidationError([item]).detail).toBe("1 validation error");
});

test("notFound stands at the end of an expression", () => {
  const users = new Map([[7, "ann"]]);
  const name: string = users.get(7) ?? notFound();
  expect(name).toBe("ann");
  expect(() => users.get(8) ?? notFound("User not found")).toThrow(
    expect.objectContaining({ status: 404, detail: "User not found" }),
  );
});

test("an exception of one's own is a subclass", () => {
  class UserNotFound extends HTTPException {
    static status = 404;
    static errorCode = "USER_NOT_FOUND";
    constructor(id: string) {
      super(404, `User ${id} not found`, { errorCode: "USER_NOT_FOUND" });
    }
  }
  const error = new UserNotFound("7");
  expect(error.name).toBe("UserNotFound");
  expect(problemOf(error)).toMatchObject({ status: 404, error_code: "USER_NOT_FOUND" });
});

test("exceptions of another copy of this package are understood", () => {
  const stranger = Object.assign(new Error("Gone"), {
    [Symbol.for("nexus.HTTPException")]: true,
    status: 410,
    detail: "Gone away",
    headers: {},
    extra: {},
  });
  expect(problemOf(stranger)).toMatchObject({ status: 410, detail: "Gone away" });
});

test("only errors are thrown as exceptions", () => {
  for (const status of [200, 302, 399, 600, 404.5, NaN]) {
    expect(() => new HTTPException(status)).toThrow(
      expect.objectContaining({ code: "NX_ERROR_STATUS" }),
    );
  }
});

test("a developer's error has a stable code, and ends with the cure", () => {
  const error = new NexusError("NX_X", "It broke.", { cure: "Mend it.", cause: "age" });
  expect(error).toMatchObject({ code: "NX_X", message: "It broke. Mend it.", cause: "age" });
  expect(new NexusError("NX_X", "It broke.").message).toBe("It broke.");
  expect(isHTTPException(error)).toBe(false);
});

test("anything thrown has a text, and every status a phrase", () => {
  expect([messageOf(new Error("a")), messageOf("b"), messageOf(undefined)]).toEqual([
    "a",
    "b",
    "undefined",
  ]);
  expect([phrase(422), phrase(599)]).toEqual(["Unprocessable Content", "Error"]);
});
