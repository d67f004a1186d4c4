import { expect, test } from "vitest";
import { z } from "zod";
import { HTTPException } from "../exceptions.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import * as http from "./index.ts";
import { del, get, head, mount, options, patch, post, put, Response, Routes } from "./index.ts";

class Shop extends Plugin {
  readonly greeting = "Hello from my plugin!";
  hello = get("/hello", () => ({ message: this.greeting }));
  status = get("/status", () => ({
    plugin: this.name,
    version: this.version,
    status: "running",
    uptime: this.uptime(),
  }));
  show = get("/items/{id}", ({ id }) => ({ id }));
  replace = put("/items/{id}", ({ id }) => ({ replaced: id }));
  change = patch("/items/{id}", ({ id }) => ({ changed: id }));
  add = post("/items", () => ({ added: true }));
}

test("a plugin's field routes answer, and see the plugin as this (R1, R2)", async () => {
  await using client = await TestClient.of(Shop);
  const response = await client.get("/hello");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual({ message: "Hello from my plugin!" });
});

test("each method has a function of its own (R1)", async () => {
  class Methods extends Plugin {
    get = get("/", ({ request }) => request.method);
    post = post("/", ({ request }) => request.method);
    put = put("/", ({ request }) => request.method);
    patch = patch("/", ({ request }) => request.method);
    del = del("/", ({ request }) => request.method);
    options = options("/", ({ request }) => request.method);
    http = http.delete("/http", ({ request }) => request.method);
  }
  await using client = await TestClient.of(Methods);
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    expect(await (await client.request(method, "/")).json()).toBe(method);
  }
  expect(await (await client.delete("/http")).json()).toBe("DELETE");
});

test("a decorated method is a route, and keeps its this (R1)", async () => {
  const show = get("/items/{id:int}", { query: { loud: z.boolean().default(false) } });
  class Decorated extends Plugin {
    readonly shout = "!";
    @show async show({ id, loud }: typeof show.input) {
      return `${id}${loud ? this.shout : ""}`;
    }
  }
  await using client = await TestClient.of(Decorated);
  expect(await (await client.get("/items/7?loud=yes")).json()).toBe("7!");
});

test("a subclass has its parent's routes, and may answer them itself (R1)", async () => {
  class Parent extends Plugin {
    @get("/who") who(): string {
      return "parent";
    }
    @get("/what") what(): string {
      return "what";
    }
  }
  class Child extends Parent {
    override who(): string {
      return "child";
    }
  }
  await using client = await TestClient.of(Child);
  expect(await (await client.get("/who")).json()).toBe("child");
  expect(await (await client.get("/what")).json()).toBe("what");
});

test("a plugin knows its name, its version and for how long it has run (R3)", async () => {
  await using client = await TestClient.of(Shop);
  const first = await (await client.get("/status")).json(z.looseObject({ uptime: z.number() }));
  expect(first).toMatchObject({ plugin: "shop", version: "0.0.0", status: "running" });
  const second = await (await client.get("/status")).json(z.object({ uptime: z.number() }));
  expect(second.uptime).toBeGreaterThanOrEqual(first.uptime);
});

test("an unknown path is 404 (R4)", async () => {
  await using client = await TestClient.of(Shop);
  const response = await client.get("/nowhere");
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({
    type: "about:blank",
    title: "Not Found",
    status: 404,
    detail: "Not Found",
    instance: "/nowhere",
  });
});

test("another method is 405, and Allow names those that there are, sorted (R5)", async () => {
  await using client = await TestClient.of(Shop);
  const response = await client.delete("/items/7");
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("GET, HEAD, PATCH, PUT");
  expect(await response.json()).toMatchObject({ detail: "Method Not Allowed" });
});

test("OPTIONS that nobody declared is 405 (R5)", async () => {
  await using client = await TestClient.of(Shop);
  const response = await client.options("/items");
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("POST");
});

test("HEAD answers for a GET route, without the body (R6)", async () => {
  await using client = await TestClient.of(Shop);
  const response = await client.head("/hello");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.text()).toBe("");
});

test("a declared HEAD route wins over the GET route (R6)", async () => {
  class Heads extends Plugin {
    get = get("/thing", () => "get");
    head = head("/thing", () => new Response(null, { headers: { "X-From": "head" } }));
  }
  await using client = await TestClient.of(Heads);
  expect((await client.head("/thing")).headers.get("x-from")).toBe("head");
  expect((await client.get("/thing")).headers.get("x-from")).toBeNull();
});

test("{rest:path} takes slashes, and nothing at all (R9)", async () => {
  class Files extends Plugin {
    show = get("/files/{rest:path}", ({ rest }) => ({ rest }));
  }
  await using client = await TestClient.of(Files);
  const show = async (path: string) => (await client.get(path)).json();
  expect(await show("/files/a/b/c.txt")).toEqual({ rest: "a/b/c.txt" });
  expect(await show("/files/")).toEqual({ rest: "" });
  expect(await show("/files/a//b/")).toEqual({ rest: "a//b/" });
  expect(await show("/files")).toEqual({ rest: "" });
});

test("the most specific route answers, whatever the order of declaration (decision 19)", async () => {
  class Orders extends Plugin {
    rest = get("/order/{rest:path}", () => "rest");
    any = get("/order/{x}", () => "any");
    number = get("/order/{id:int}", () => "number");
    me = get("/order/me", () => "me");
  }
  await using client = await TestClient.of(Orders);
  const ask = async (path: string) => (await client.get(path)).json();
  expect(await ask("/order/me")).toBe("me");
  expect(await ask("/order/7")).toBe("number");
  expect(await ask("/order/seven")).toBe("any");
  expect(await ask("/order/a/b")).toBe("rest");
});

test("{id:int} reads -3 and 1.0 as numbers, and refuses abc and 1e2 (R11)", async () => {
  class Numbers extends Plugin {
    show = get("/numbers/{id:int}", ({ id }) => ({ id }));
  }
  await using client = await TestClient.of(Numbers);
  const show = async (id: string) => (await client.get(`/numbers/${id}`)).json();
  expect(await show("-3")).toEqual({ id: -3 });
  expect(await show("1.0")).toEqual({ id: 1 });
  for (const id of ["abc", "1e2"]) {
    const response = await client.get(`/numbers/${id}`);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      detail: "1 validation error",
      errors: [{ loc: ["path", "id"], type: "int_parsing", input: id }],
    });
  }
});

test("{id:float}, {id:uuid} and {id:str} read their values too (R11, Q9)", async () => {
  class Converted extends Plugin {
    float = get("/float/{x:float}", ({ x }) => x);
    uuid = get("/uuid/{x:uuid}", ({ x }) => x);
    text = get("/text/{x:str}", ({ x }) => x);
  }
  await using client = await TestClient.of(Converted);
  expect(await (await client.get("/float/1e3")).json()).toBe(1000);
  expect((await client.get("/float/NaN")).status).toBe(422);
  expect(await (await client.get("/uuid/123E4567E89B12D3A456426614174000")).json()).toBe(
    "123e4567-e89b-12d3-a456-426614174000",
  );
  const refused = await client.get("/uuid/7");
  expect(await refused.json()).toMatchObject({ errors: [{ type: "uuid_parsing" }] });
  expect(await (await client.get("/text/7")).json()).toBe("7");
});

test("a schema of the path reads and checks its parameter (R11)", async () => {
  class Checked extends Plugin {
    one = get("/one/{id}", { path: { id: z.int().min(1) } }, ({ id }) => id + 1);
    whole = get(
      "/span/{from}/{to}",
      { path: z.object({ from: z.int(), to: z.int() }).refine((s) => s.from < s.to, "Backwards") },
      ({ from, to }) => to - from,
    );
  }
  await using client = await TestClient.of(Checked);
  expect(await (await client.get("/one/7")).json()).toBe(8);
  expect(await (await client.get("/one/0")).json()).toMatchObject({
    errors: [{ loc: ["path", "id"], type: "greater_than_equal", ctx: { ge: 1 }, input: "0" }],
  });
  expect(await (await client.get("/span/3/5")).json()).toBe(2);
  expect(await (await client.get("/span/5/x")).json()).toMatchObject({
    errors: [{ loc: ["path", "to"], type: "int_parsing", input: "x" }],
  });
  expect(await (await client.get("/span/5/3")).json()).toMatchObject({
    errors: [{ loc: ["path"], msg: "Backwards" }],
  });
});

test("what a handler throws as 404 says what it says (R12)", async () => {
  class Users extends Plugin {
    readonly names = new Map([["7", "Ann"]]);
    show = get("/users/{id}", ({ id }) => {
      if (!this.names.has(id)) throw new HTTPException(404, "User not found");
      return { name: this.names.get(id) };
    });
    remove = del("/users/{id}", ({ id }) => {
      if (!this.names.delete(id)) throw new HTTPException(404, "User not found");
      return { message: `User ${id} deleted successfully` };
    });
  }
  await using client = await TestClient.of(Users);
  const missing = await client.get("/users/8");
  expect([missing.status, await missing.json()]).toMatchObject([404, { detail: "User not found" }]);
  const removed = await client.delete("/users/7");
  expect(await removed.json()).toEqual({ message: "User 7 deleted successfully" });
  expect((await client.delete("/users/7")).status).toBe(404);
});

test("whatever is returned is the answer: nothing, a text, a number, a list (R13)", async () => {
  class Values extends Plugin {
    nothing = get("/nothing", () => {});
    nul = get("/null", () => null);
    text = get("/text", () => "a\u2028\ud800é");
    number = get("/number", () => 1.5);
    list = get("/list", async () => [1, null, { a: undefined, b: new Date(0), c: 2n ** 60n }]);
  }
  await using client = await TestClient.of(Values);
  const ask = async (path: string) => (await client.get(path)).text();
  expect(await ask("/nothing")).toBe("null");
  expect(await ask("/null")).toBe("null");
  expect(await ask("/text")).toBe('"a\u2028\\ud800é"');
  expect(await ask("/number")).toBe("1.5");
  expect(await ask("/list")).toBe(
    '[1,null,{"b":"1970-01-01T00:00:00.000Z","c":1152921504606846976}]',
  );
});

test("a plugin's prefix and a mount's stand before its routes (Z2)", async () => {
  class UserRoutes extends Routes {
    list = get("/", () => "all users");
    show = get("/{id}", ({ id }) => id);
  }
  class Team extends Plugin {
    static prefix = "/team";
    home = get("/", () => "home");
    users = mount("/users", UserRoutes);
    admin = mount("", AdminRoutes);
  }
  class AdminRoutes extends Routes {
    stats = get("/stats", () => ({ users: 0 }));
    inner = mount("/inner", UserRoutes);
  }
  await using client = await TestClient.of(Team);
  const ask = async (path: string) => (await client.get(path)).json();
  expect(await ask("/team")).toBe("home");
  expect(await ask("/team/users")).toBe("all users");
  expect(await ask("/team/users/7")).toBe("7");
  expect(await ask("/team/stats")).toEqual({ users: 0 });
  expect(await ask("/team/inner/7")).toBe("7");
});

test("an encoded slash at the end is part of a name: no redirect leads to a 404", async () => {
  await using client = await TestClient.of(Slashes);
  expect((await client.get("/bare%2F", { followRedirects: false })).status).toBe(404);
  expect((await client.get("/bare/", { followRedirects: false })).status).toBe(308);
});

class Slashes extends Plugin {
  bare = get("/bare", () => 1);
}
