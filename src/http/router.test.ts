import { array, assert, boolean, constantFrom, nat, oneof, property, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { type Entry, Router } from "./router.ts";

describe("a path", () => {
  test("is found with its parameters", () => {
    const router = routes("GET /users", "GET /users/{id}", "GET /users/{id}/posts/{post}");
    expect(ask(router, "GET /users")).toEqual(["GET /users", {}]);
    expect(ask(router, "GET /users/7")).toEqual(["GET /users/{id}", { id: "7" }]);
    expect(ask(router, "GET /users/7/posts/8")).toEqual([
      "GET /users/{id}/posts/{post}",
      { id: "7", post: "8" },
    ]);
  });

  test("that nobody has declared is not found", () => {
    const router = routes("GET /users/{id}", "GET /");
    for (const path of ["/user/7", "/users", "/users/", "/users/7/", "/users/7/8", "//", ""]) {
      expect(router.match("GET", path), path).toBeUndefined();
    }
  });

  test("with a slash in a parameter is not found: an encoded one is decoded before", () => {
    expect(routes("GET /files/{name}").match("GET", "/files/a/b")).toBeUndefined();
    expect(ask(routes("GET /files/{name}"), "GET /files/a b")).toEqual([
      "GET /files/{name}",
      { name: "a b" },
    ]);
  });

  test("may end in all the rest, which may be empty", () => {
    const router = routes("GET /files/{rest:path}");
    expect(ask(router, "GET /files/a/b/c.txt")[1]).toEqual({ rest: "a/b/c.txt" });
    expect(ask(router, "GET /files/")[1]).toEqual({ rest: "" });
    expect(ask(router, "GET /files/a/")[1]).toEqual({ rest: "a/" });
    expect(router.match("GET", "/files")).toBeUndefined();
    expect(ask(routes("GET /{all:path}"), "GET /")[1]).toEqual({ all: "" });
  });

  test("may have parameters called like what every object has", () => {
    const router = routes("GET /{constructor}/{__proto__}");
    const [, params] = ask(router, "GET /a/b");
    expect(Object.entries(params)).toEqual([
      ["constructor", "a"],
      ["__proto__", "b"],
    ]);
  });
});

describe("the most specific path wins, in whatever order they were declared:", () => {
  const templates = [
    "GET /items/new",
    "GET /items/new-{id}.json",
    "GET /items/{id}.json",
    "GET /items/{id:int}",
    "GET /items/{name}",
    "GET /items/{rest:path}",
  ];

  test.each([
    ["/items/new", "GET /items/new"],
    ["/items/new-7.json", "GET /items/new-{id}.json"],
    ["/items/7.json", "GET /items/{id}.json"],
    ["/items/7", "GET /items/{id:int}"],
    ["/items/-3", "GET /items/{id:int}"],
    ["/items/1.0", "GET /items/{id:int}"],
    ["/items/seven", "GET /items/{name}"],
    ["/items/7/more", "GET /items/{rest:path}"],
    ["/items/", "GET /items/{rest:path}"],
  ])("%s is %s", (path, expected) => {
    for (const order of [templates, templates.toReversed()]) {
      expect(ask(routes(...order), `GET ${path}`)[0]).toBe(expected);
    }
  });

  test("segment by segment, from the left", () => {
    const router = routes("GET /{a}/new", "GET /users/{b}");
    expect(ask(router, "GET /users/new")).toEqual(["GET /users/{b}", { b: "new" }]);
    expect(ask(router, "GET /posts/new")).toEqual(["GET /{a}/new", { a: "posts" }]);
  });

  test("where that leads nowhere the next one is tried", () => {
    const router = routes("GET /users/me/posts", "GET /users/{id}/{what}", "GET /{all:path}");
    expect(ask(router, "GET /users/me/photos")).toEqual([
      "GET /users/{id}/{what}",
      { id: "me", what: "photos" },
    ]);
    expect(ask(router, "GET /users/me/photos/1")).toEqual([
      "GET /{all:path}",
      { all: "users/me/photos/1" },
    ]);
  });

  test("a more specific path with other methods hides nothing", () => {
    const router = routes("GET /users/me", "DELETE /users/{id}");
    expect(ask(router, "DELETE /users/me")).toEqual(["DELETE /users/{id}", { id: "me" }]);
  });
});

describe("a parameter with a type", () => {
  test("that refuses its value, where nothing else fits, says what was wrong", () => {
    const router = routes("GET /items/{id:int}");
    for (const value of ["abc", "1e2", "1.5"]) {
      expect(router.match("GET", `/items/${value}`)).toEqual({
        refused: {
          name: "id",
          type: "int_parsing",
          msg: "Input should be a valid integer, unable to parse string as an integer",
          input: value,
        },
      });
    }
  });

  test("is not to blame where more is wrong with the path", () => {
    expect(routes("GET /items/{id:int}").match("GET", "/items/abc/def")).toBeUndefined();
  });

  test("is blamed for the first wrong value of several", () => {
    const router = routes("GET /{a:int}/{b:float}");
    expect(router.match("GET", "/x/y")).toMatchObject({ refused: { name: "a", input: "x" } });
    expect(router.match("GET", "/1/y")).toMatchObject({ refused: { name: "b", input: "y" } });
  });

  test("lets another method's path be known", () => {
    const router = routes("GET /items/{id:int}", "POST /items/{name}");
    expect(router.match("GET", "/items/abc")).toEqual({ allow: ["POST"] });
  });
});

describe("a method", () => {
  test("that a path does not have is told all that it has, in order", () => {
    const router = routes("PUT /a", "GET /a", "DELETE /{any}");
    expect(router.match("POST", "/a")).toEqual({ allow: ["DELETE", "GET", "HEAD", "PUT"] });
    expect(routes("POST /a").match("GET", "/a")).toEqual({ allow: ["POST"] });
  });

  test("HEAD is answered by every GET, until somebody declares it", () => {
    expect(ask(routes("GET /a/{id}"), "HEAD /a/7")).toEqual(["GET /a/{id}", { id: "7" }]);
    for (const order of [
      ["GET /a", "HEAD /a"],
      ["HEAD /a", "GET /a"],
    ]) {
      expect(ask(routes(...order), "HEAD /a")[0]).toBe("HEAD /a");
      expect(ask(routes(...order), "GET /a")[0]).toBe("GET /a");
    }
  });

  test("OPTIONS is answered only where it is declared", () => {
    expect(routes("GET /a").match("OPTIONS", "/a")).toEqual({ allow: ["GET", "HEAD"] });
    expect(ask(routes("GET /a", "OPTIONS /a"), "OPTIONS /a")[0]).toBe("OPTIONS /a");
  });

  test("may name the parameters of a path otherwise than another one", () => {
    const router = routes("GET /users/{id}", "PUT /users/{user_id}");
    expect(ask(router, "PUT /users/7")[1]).toEqual({ user_id: "7" });
    expect(ask(router, "GET /users/7")[1]).toEqual({ id: "7" });
  });
});

describe("two routes that would answer the same requests are refused, with both places:", () => {
  test.each([
    ["GET /users", "GET /users"],
    ["GET /users/{id}", "GET /users/{user_id}"],
    ["GET /{a}/posts/{b:int}", "GET /{x}/posts/{y:int}"],
    ["GET /{all:path}", "GET /{rest:path}"],
    ["HEAD /a", "HEAD /a"],
  ])("%s and %s", (one, other) => {
    expect(() => routes(one, other)).toThrow(
      expect.objectContaining({
        code: "NX_ROUTE_CONFLICT",
        message: `${one} (place 0) and ${other} (place 1) answer the same requests. Change one of the two paths.`,
      }),
    );
  });

  test.each([
    ["GET /{a:int}", "GET /{b:float}"],
    ["GET /{a:int}/x", "POST /{b:uuid}/y"],
    ["GET /{a}.json", "GET /x{b}json"],
  ])("%s and %s are equally specific", (one, other) => {
    expect(() => routes(one, other)).toThrow("have equally specific parameters on one segment");
  });

  test.each([
    ["GET /users", "POST /users"],
    ["GET /users", "GET /users/"],
    ["GET /{a:int}", "GET /{b}"],
    ["GET /{a}.json", "GET /{a}.html"],
    ["GET /v1-{a}", "GET /v2-{a}"],
  ])("but not %s and %s", (one, other) => {
    expect(() => routes(one, other)).not.toThrow();
  });
});

describe("a table", () => {
  test("never changes: adding and removing make another one", () => {
    const [users, posts] = [entry("GET /users", 0), entry("GET /posts", 1)];
    const before = new Router([users]);
    const after = before.with([posts]);
    expect(before.match("GET", "/posts")).toBeUndefined();
    expect(ask(after, "GET /posts")[0]).toBe("GET /posts");
    const without = after.without(new Set([users]));
    expect(without.match("GET", "/users")).toBeUndefined();
    expect(ask(after, "GET /users")[0]).toBe("GET /users");
    expect(without.entries).toEqual([posts]);
  });

  test("that would have a conflict is not made, and the old one is as it was", () => {
    const router = routes("GET /users");
    expect(() => router.with([entry("GET /users", 1)])).toThrow();
    expect(ask(router, "GET /users")[0]).toBe("GET /users");
  });
});

describe("a table that was changed again and again", () => {
  const segment = constantFrom("a", "b", "{x}", "{n:int}", "v{x}", "{x}.json");
  const path = oneof(
    array(segment, { maxLength: 3 }).map((parts) => `/${parts.join("/")}`),
    array(segment, { maxLength: 2 }).map((parts) => `/${[...parts, "{rest:path}"].join("/")}`),
  );
  const line = tuple(constantFrom("GET", "HEAD", "POST"), path).map((parts) => parts.join(" "));
  const asked = [
    "/",
    "/a",
    "/b",
    "/a/7",
    "/7/a",
    "/v1",
    "/b.json/x",
    "/a/b/v2",
    "/7/7/7",
    "/a/b/a/b",
  ];

  test("answers as one that was made anew, and those before it as they did", () => {
    const changes = array(tuple(boolean(), line, nat(9)), { maxLength: 30 });
    assert(
      property(changes, (all) => {
        let router = new Router<Entry>();
        const before: [Router<Entry>, unknown][] = [];
        for (const [add, text, at] of all) {
          before.push([router, told(router)]);
          const gone = router.entries[at % (router.entries.length || 1)];
          try {
            router = router.replace(new Set(gone && !add ? [gone] : []), [entry(text, 0)]);
          } catch {
            // A conflict changes nothing.
          }
          expect(told(router)).toEqual(told(new Router(router.entries)));
        }
        for (const [one, answers] of before) expect(told(one)).toEqual(answers);
        expect(told(router.without(new Set(router.entries)))).toEqual(told(new Router()));
      }),
    );
  });

  function told(router: Router<Entry>): unknown[] {
    return ["GET", "HEAD", "POST"].flatMap((method) =>
      asked.map((path) => JSON.stringify(router.match(method, path))),
    );
  }
});

function entry(line: string, at: number): Entry {
  const [method = "", path = ""] = line.split(" ");
  return { method, path, place: `place ${at}` };
}

function routes(...lines: string[]): Router<Entry> {
  return new Router(lines.map(entry));
}

function ask(router: Router<Entry>, line: string): [string, Readonly<Record<string, string>>] {
  const [method = "", path = ""] = line.split(/ (.*)/s);
  const match = router.match(method, path);
  if (!match?.entry) throw new Error(`${line} was not found`);
  return [`${match.entry.method} ${match.entry.path}`, { ...match.params }];
}
