import { type } from "arktype";
import { expect, test } from "vitest";
import { z } from "zod";
import { createLog } from "../log.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import {
  del,
  get,
  JSONResponse,
  post,
  RedirectResponse,
  Response as PlatformResponse,
  StreamingResponse,
} from "./index.ts";

const User = z.object({
  id: z.int(),
  name: z.string(),
  role: z.string().default("user"),
  team: z.object({ name: z.string() }).optional(),
});

test("what leaves is filtered to the response schema, nested objects and lists too (P1)", async () => {
  class Account {
    id = 7;
    name = "Ann";
    password_hash = "secret";
    team = { name: "red", budget: 100 };
  }
  class Users extends Plugin {
    one = get("/one", { response: User }, () => new Account());
    all = get("/all", { response: z.array(User) }, () => [new Account(), { id: 8, name: "Bob" }]);
  }
  await using client = await TestClient.of(Users);
  const ann = { id: 7, name: "Ann", role: "user", team: { name: "red" } };
  expect(await (await client.get("/one")).json()).toEqual(ann);
  expect(await (await client.get("/all")).json()).toEqual([
    ann,
    { id: 8, name: "Bob", role: "user" },
  ]);
});

test("a handler's response of its own is not filtered (P2)", async () => {
  class Own extends Plugin {
    json = get("/json", { response: User }, () => new JSONResponse({ any: "thing" }));
    web = get("/web", { response: User }, () => Response.json({ any: "thing" }, { status: 202 }));
    text = get("/text", () => new PlatformResponse("hello"));
    bytes = get("/bytes", () => new PlatformResponse(Uint8Array.of(0, 255)));
  }
  await using client = await TestClient.of(Own);
  expect(await (await client.get("/json")).json()).toEqual({ any: "thing" });
  const web = await client.get("/web");
  expect([web.status, await web.json()]).toEqual([202, { any: "thing" }]);
  const text = await client.get("/text");
  expect([await text.text(), text.headers.get("content-type")]).toEqual([
    "hello",
    "text/plain; charset=utf-8",
  ]);
  expect((await client.get("/bytes")).bytes()).toEqual(Uint8Array.of(0, 255));
});

test("an answer that its schema refuses is a bare 500, and the log names route and fault (P3)", async () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  class Broken extends Plugin {
    show = get("/users/{id}", { response: User }, () => ({ id: "hidden", name: 5 }) as never);
  }
  await using client = await TestClient.of(Broken, { raiseErrors: false, log });
  const response = await client.get("/users/7");
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({
    title: "Internal Server Error",
    status: 500,
    detail: "Internal Server Error",
  });
  expect(await response.text()).not.toContain("hidden");
  expect(lines.join()).toMatch(
    /GET \/users\/\{id\} \(.*response\.test\.ts:\d+\) returned what its response schema refuses: response\.id: .*; response\.name: /,
  );
});

test("a Date leaves as RFC 3339 with milliseconds, a bigint as a number (P4, decision 23)", async () => {
  const at = new Date("2024-01-02T03:04:05.678Z");
  class Values extends Plugin {
    bare = get("/bare", () => ({ at, id: 2n ** 63n }));
    checked = get("/checked", { response: z.object({ at: z.date(), id: z.bigint() }) }, () => ({
      at,
      id: 2n ** 63n,
    }));
  }
  await using client = await TestClient.of(Values);
  for (const path of ["/bare", "/checked"]) {
    expect(await (await client.get(path)).text()).toBe(
      '{"at":"2024-01-02T03:04:05.678Z","id":9223372036854775808}',
    );
  }
});

test("a route says its status; 204 has no body (P5)", async () => {
  class Statuses extends Plugin {
    add = post("/", { status: 201, response: User }, () => ({ id: 1, name: "Ann" }));
    remove = del("/", { status: 204 }, () => ({ ignored: true }));
  }
  await using client = await TestClient.of(Statuses);
  const added = await client.post("/");
  expect([added.status, await added.json()]).toEqual([201, { id: 1, name: "Ann", role: "user" }]);
  const removed = await client.delete("/");
  expect([removed.status, await removed.text()]).toEqual([204, ""]);
  expect(removed.headers.get("content-type")).toBeNull();
});

test("a response sets status, headers and cookies (P6)", async () => {
  class Sets extends Plugin {
    set = get("/", () => {
      const response = new JSONResponse({ ok: true }, { status: 202, headers: { "X-Kind": "a" } });
      response.setCookie("session", "a b;c");
      response.setCookie("seen", "1", { maxAge: 60, httpOnly: true, sameSite: "strict" });
      return response;
    });
  }
  await using client = await TestClient.of(Sets);
  const response = await client.get("/");
  expect([response.status, response.headers.get("x-kind")]).toEqual([202, "a"]);
  expect(response.headers.getSetCookie()).toEqual([
    "session=a%20b%3Bc; Path=/; SameSite=lax",
    "seen=1; Path=/; Max-Age=60; HttpOnly; SameSite=strict",
  ]);
});

test("JSON is compact UTF-8 (P7)", async () => {
  class Compact extends Plugin {
    show = get("/", () => new JSONResponse({ a: [1, 2], b: "日本" }, { mediaType: "x/y+json" }));
  }
  await using client = await TestClient.of(Compact);
  const response = await client.get("/");
  expect(Buffer.from(response.bytes()).toString()).toBe('{"a":[1,2],"b":"日本"}');
  expect(response.headers.get("content-type")).toBe("x/y+json");
});

test("what JSON cannot say is a 500: NaN, Infinity, rings (P7)", async () => {
  const ring: { self?: unknown } = {};
  ring.self = ring;
  class Unsayable extends Plugin {
    nan = get("/nan", () => ({ a: [NaN] }));
    infinity = get("/infinity", () => new JSONResponse(-Infinity));
    ring = get("/ring", () => ring);
    checked = get("/checked", { response: z.object({ n: z.number() }) }, () => ({ n: NaN }));
  }
  await using client = await TestClient.of(Unsayable, { raiseErrors: false });
  for (const path of ["/nan", "/infinity", "/ring", "/checked"]) {
    const response = await client.get(path);
    expect([path, response.status]).toEqual([path, 500]);
    expect(await response.json()).toMatchObject({ detail: "Internal Server Error" });
  }
});

test("a line break in a header is a 500, and never reaches the wire", async () => {
  class Injecting extends Plugin {
    header = get("/header", { query: { v: z.string() } }, ({ v }) => {
      return new JSONResponse(1, { headers: { "X-V": v } });
    });
    later = get("/later", { query: { v: z.string() } }, ({ v }) => {
      const response = new JSONResponse(1);
      response.headers.set("X-V", v);
      return response;
    });
    cookie = get("/cookie", { query: { v: z.string() } }, ({ v }) => {
      const response = new JSONResponse(1);
      response.setCookie("v", v);
      return response;
    });
  }
  await using client = await TestClient.of(Injecting, { raiseErrors: false });
  for (const v of ["a\r\nSet-Cookie: b=c", "a\nb", "a\u0000b", "日本"]) {
    for (const path of ["/header", "/later"]) {
      const response = await client.get(path, { query: { v } });
      expect([v, response.status]).toEqual([v, 500]);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    const cookie = await client.get("/cookie", { query: { v } });
    expect(cookie.headers.getSetCookie()).toEqual([
      `v=${encodeURIComponent(v)}; Path=/; SameSite=lax`,
    ]);
  }
});

test("a redirect's address is encoded, so that nothing can be injected", async () => {
  class Redirecting extends Plugin {
    go = get("/go", { query: { to: z.string() } }, ({ to }) => new RedirectResponse(to));
    created = post("/", () => new RedirectResponse("/there", { status: 303 }));
  }
  await using client = await TestClient.of(Redirecting);
  const go = async (to: string) =>
    (await client.get("/go", { query: { to }, followRedirects: false })).headers.get("location");
  expect(await go("/a b?q=é&r=%20")).toBe("/a%20b?q=%C3%A9&r=%20");
  expect(await go("/a\r\nSet-Cookie: b=c")).toBe("/a%0D%0ASet-Cookie:%20b=c");
  const created = await client.post("/", { followRedirects: false });
  expect([created.status, created.headers.get("location")]).toEqual([303, "/there"]);
});

test("a stream is sent as it comes; its media type is what it says", async () => {
  class Streams extends Plugin {
    show = get("/", () => new StreamingResponse(count(), { mediaType: "text/csv" }));
  }
  await using client = await TestClient.of(Streams);
  const response = await client.get("/");
  expect(await response.text()).toBe("0\n1\n2\n");
  expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(response.headers.get("content-length")).toBeNull();
});

test("a response schema may take time, and be of any library", async () => {
  const Checked = z.object({ name: z.string().transform(async (name) => name.toUpperCase()) });
  class Any extends Plugin {
    slow = get("/slow", { response: Checked }, () => ({ name: "ann" }));
    ark = get("/ark", { response: type({ "+": "delete", name: "string" }) }, () => {
      const ann = { name: "Ann", password: "x" };
      return ann;
    });
  }
  await using client = await TestClient.of(Any);
  expect(await (await client.get("/slow")).json()).toEqual({ name: "ANN" });
  expect(await (await client.get("/ark")).json()).toEqual({ name: "Ann" });
});

async function* count(): AsyncGenerator<string> {
  for (let i = 0; i < 3; i++) yield `${i}\n`;
}
