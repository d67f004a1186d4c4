import { expect, expectTypeOf, test } from "vitest";
import {
  Context,
  contextKey,
  findContext,
  getRequestContext,
  setRequestContext,
  valueOf,
} from "./context.ts";
import { Request } from "./message/index.ts";
import { Scope } from "./scope.ts";

test("what is set for a request is found at any depth below", async () => {
  const found = await start().run(async () => {
    setRequestContext("user", "ann");
    await new Promise((resolve) => setImmediate(resolve));
    return (async () => getRequestContext())();
  });
  expect(found).toEqual({ user: "ann" });
});

test("what comes back is a copy", () => {
  start().run(() => {
    setRequestContext("user", "ann");
    Object.assign(getRequestContext(), { user: "bob", more: 1 });
    expect(getRequestContext()).toEqual({ user: "ann" });
  });
});

test("a thousand requests at once never see each other's values", async () => {
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, n) =>
      start().run(async () => {
        setRequestContext("n", n);
        await new Promise((resolve) => setTimeout(resolve, n % 7));
        return getRequestContext().n;
      }),
    ),
  );
  expect(answers).toEqual(Array.from({ length: 1000 }, (_, n) => n));
});

test("a typed key sets and gets its own type", () => {
  const tenant = contextKey<string>("tenant");
  start().run(() => {
    expect(getRequestContext(tenant)).toBeUndefined();
    setRequestContext(tenant, "acme");
    const value = getRequestContext(tenant);
    expectTypeOf(value).toEqualTypeOf<string | undefined>();
    expect(value).toBe("acme");
    expect(getRequestContext()).toEqual({ tenant: "acme" });
    // @ts-expect-error a tenant is a text
    setRequestContext(tenant, 7);
  });
});

test("a key may say what its value is at first, made once a request", () => {
  let made = 0;
  const trail = contextKey<string[]>("trail", () => {
    made++;
    return [];
  });
  const context = start();
  context.run(() => {
    getRequestContext(trail)?.push("a");
    getRequestContext(trail)?.push("b");
    expect(getRequestContext(trail)).toEqual(["a", "b"]);
  });
  expect(valueOf(context, trail)).toEqual(["a", "b"]);
  expect(made).toBe(1);
  expect(valueOf(start(), trail)).toEqual([]);
});

test("a value called __proto__ has no effect", () => {
  start().run(() => {
    setRequestContext("__proto__", { admin: true });
    expect((getRequestContext() as { admin?: boolean }).admin).toBeUndefined();
  });
});

test("outside a request there is nothing to get, and nowhere to set", () => {
  const app = new Scope("app", "app");
  expect(getRequestContext()).toEqual({});
  expect(app.run(() => getRequestContext(contextKey("a", () => 1)))).toBeUndefined();
  expect(app.run(findContext)).toBeUndefined();
  expect(() => app.run(() => setRequestContext("a", 1))).toThrow(
    expect.objectContaining({ code: "NX_NO_REQUEST" }),
  );
  expect(() => setRequestContext("a", 1)).toThrow(expect.objectContaining({ code: "NX_NO_SCOPE" }));
});

test("a request is found from the scopes inside of it", () => {
  const context = start();
  const call = context.child("call", "handler");
  expect(call.run(findContext)).toBe(context);
});

test("a request calls itself by method and path, without the query", () => {
  expect(`${start("/users/7?token=hunter2")}`).toBe("the request GET /users/7");
});

test("a request starts without id, error and parameters", () => {
  expect(start()).toMatchObject({ id: undefined, error: undefined, params: {} });
});

function start(target = "/"): Context {
  return new Context(new Request({ method: "GET", target }), new Scope("app", "app"));
}
