import { expect, test } from "vitest";
import { z } from "zod";
import { BackgroundTasks } from "../background.ts";
import { dependency } from "../dependency.ts";
import { HTTPException, NotAuthenticated } from "../exceptions.ts";
import { middleware, type Middleware } from "../middleware/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { post } from "./index.ts";

/** A plugin that notes what happens, in its order. */
function noting() {
  const seen: string[] = [];
  const layer = (name: string): Middleware =>
    middleware(async (_, next) => {
      seen.push(`${name} in`);
      const response = await next();
      seen.push(`${name} out ${response.status}`);
      return response;
    });
  const connection = dependency(async function* () {
    seen.push("connection open");
    try {
      yield "connection";
    } catch (error) {
      seen.push(`connection sees ${(error as Error).message}`);
      throw error;
    } finally {
      seen.push("connection closed");
    }
  });
  const user = dependency({ headers: { who: z.string().optional() } }, ({ who }) => {
    seen.push("user");
    if (who === undefined) throw new NotAuthenticated();
    return who;
  });
  const transaction = dependency({ scope: "function", use: { connection } }, async function* () {
    seen.push("begin");
    try {
      yield "transaction";
    } catch (error) {
      seen.push(`rollback for ${(error as Error).message}`);
      throw error;
    }
    seen.push("commit");
  });
  const Body = z
    .object({ fail: z.string().optional(), answer: z.unknown().optional() })
    .refine(() => {
      seen.push("body checked");
      return true;
    });
  class Orders extends Plugin {
    override middleware = [layer("plugin")];
    place = post(
      "/orders/{id:int}",
      {
        query: { page: z.int().default(1) },
        body: Body,
        bodyLimit: 200,
        use: { user, connection, transaction, background: BackgroundTasks },
        middleware: [layer("route")],
        response: z.object({ ok: z.boolean() }),
      },
      ({ body, background }) => {
        seen.push("handler");
        background.add(() => seen.push("background"));
        if (body.fail !== undefined) throw new HTTPException(409, body.fail);
        return { ok: body.answer ?? true } as { ok: boolean };
      },
    );
  }
  const options = { middleware: [layer("app")], raiseErrors: false };
  return { seen, Orders, options };
}
const who = { headers: { who: "ann" } };

test("a request goes through app, plugin and route, and back up once (decision 20)", async () => {
  const { seen, Orders, options } = noting();
  await using client = await TestClient.of(Orders, options);
  expect((await client.post("/orders/7", { json: {}, ...who })).status).toBe(200);
  expect(seen).toEqual([
    "app in",
    "plugin in",
    "route in",
    "user",
    "connection open",
    "body checked",
    "begin",
    "handler",
    "commit",
    "route out 200",
    "plugin out 200",
    "app out 200",
    "background",
    "connection closed",
  ]);
});

test("a path or method that nobody has passes the app's layers only", async () => {
  const { seen, Orders, options } = noting();
  await using client = await TestClient.of(Orders, options);
  expect((await client.post("/nowhere")).status).toBe(404);
  expect((await client.get("/orders/7")).status).toBe(405);
  expect((await client.post("/orders/x")).status).toBe(422);
  expect(seen.filter((step) => !step.startsWith("app"))).toEqual([]);
});

test("who is nobody gets 401 before anything of the input is told, or read (D11)", async () => {
  const { seen, Orders, options } = noting();
  await using client = await TestClient.of(Orders, options);
  const response = await client.post("/orders/7?page=x", { body: "x", headers: {} });
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
  expect(seen).toContain("user");
  expect(seen).not.toContain("connection open");
});

test("a body that cannot be read is told before inputs that are wrong", async () => {
  const { seen, Orders, options } = noting();
  await using client = await TestClient.of(Orders, options);
  const ask = async (body: string, type = "application/json") =>
    (await client.post("/orders/7?page=x", { body, headers: { who: "ann", "content-type": type } }))
      .status;
  expect(await ask("x", "text/plain")).toBe(415);
  expect(await ask(`"${"x".repeat(200)}"`)).toBe(413);
  expect(await ask("{")).toBe(400);
  expect(seen).not.toContain("begin");
  expect(seen.filter((step) => step.startsWith("connection")).slice(0, 3)).toEqual([
    "connection open",
    'connection sees The body must be application/json, not "text/plain"',
    "connection closed",
  ]);
});

test("one 422 tells of all inputs, and what was opened is closed (D9)", async () => {
  const { seen, Orders, options } = noting();
  await using client = await TestClient.of(Orders, options);
  const response = await client.post("/orders/7?page=x", { json: { fail: 5 }, ...who });
  expect(await response.json()).toMatchObject({
    detail: "2 validation errors",
    errors: [{ loc: ["query", "page"] }, { loc: ["body", "fail"] }],
  });
  expect(seen).not.toContain("begin");
  expect(seen.slice(-2)).toEqual(["connection sees 2 validation errors", "connection closed"]);
});

test("a handler's error rolls back, drops background work, and closes after the answer", async () => {
  const { seen, Orders, options } = noting();
  await using client = await TestClient.of(Orders, options);
  const response = await client.post("/orders/7", { json: { fail: "Sold out" }, ...who });
  expect(response.status).toBe(409);
  expect(seen.slice(seen.indexOf("begin"))).toEqual([
    "begin",
    "handler",
    "rollback for Sold out",
    "route out 409",
    "plugin out 409",
    "app out 409",
    "connection sees Sold out",
    "connection closed",
  ]);
});

test("an answer that its schema refuses rolls back too", async () => {
  const { seen, Orders, options } = noting();
  await using client = await TestClient.of(Orders, options);
  const response = await client.post("/orders/7", { json: { answer: "yes" }, ...who });
  expect(response.status).toBe(500);
  expect(seen).not.toContain("commit");
  expect(seen).not.toContain("background");
  expect(seen.join()).toContain("rollback for POST /orders/{id:int}");
});
