import { expect, test } from "vitest";
import { Headers } from "./headers.ts";

test("a header is found in any case, and keeps the case it was written in", () => {
  const headers = new Headers({ "X-Request-ID": "r1" });
  expect(headers.get("x-request-id")).toBe("r1");
  expect(headers.has("X-REQUEST-ID")).toBe(true);
  expect(headers.raw).toEqual(["X-Request-ID", "r1"]);
  expect([headers.get("other"), headers.has("other")]).toEqual([null, false]);
});

test("headers may be given as a record, as pairs, as other headers, as the web's", () => {
  const record = { "X-A": "1", "X-B": "2" };
  for (const init of [
    record,
    Object.entries(record),
    new Headers(record),
    new globalThis.Headers(record),
  ]) {
    expect([...new Headers(init)]).toEqual([
      ["x-a", "1"],
      ["x-b", "2"],
    ]);
  }
});

test("several values of one name are one text, of cookies with a semicolon", () => {
  const headers = new Headers([
    ["Accept", "text/html"],
    ["Cookie", "a=1"],
    ["accept", "*/*"],
    ["cookie", "b=2"],
  ]);
  expect(headers.get("ACCEPT")).toBe("text/html, */*");
  expect(headers.getAll("accept")).toEqual(["text/html", "*/*"]);
  expect(headers.get("cookie")).toBe("a=1; b=2");
});

test("each Set-Cookie stays by itself", () => {
  const headers = new Headers();
  headers.append("Set-Cookie", "a=1, 2");
  headers.append("set-cookie", "b=2");
  expect(headers.getSetCookie()).toEqual(["a=1, 2", "b=2"]);
  expect([...headers]).toEqual([
    ["set-cookie", "a=1, 2"],
    ["set-cookie", "b=2"],
  ]);
  expect([...new Headers(headers)]).toEqual([...headers]);
});

test("append adds a value, set replaces all of a name, delete removes them", () => {
  const headers = new Headers([
    ["Vary", "Accept"],
    ["X-A", "1"],
  ]);
  headers.append("vary", "Origin");
  expect(headers.get("vary")).toBe("Accept, Origin");
  headers.set("VARY", "*");
  expect(headers.getAll("vary")).toEqual(["*"]);
  headers.delete("Vary");
  headers.delete("unknown");
  expect(headers.raw).toEqual(["X-A", "1"]);
});

test("one pass over headers meets each name once, in lower case", () => {
  const headers = new Headers([
    ["Accept", "a"],
    ["X-B", "b"],
    ["ACCEPT", "c"],
  ]);
  const pairs = [
    ["accept", "a, c"],
    ["x-b", "b"],
  ];
  const visited: string[][] = [];
  headers.forEach((value, name) => visited.push([name, value]));
  expect([...headers]).toEqual(pairs);
  expect([...headers.entries()]).toEqual(pairs);
  expect([...headers.keys()]).toEqual(["accept", "x-b"]);
  expect(visited).toEqual(pairs);
});

test("a name or a value that would break out of its line is refused", () => {
  const headers = new Headers();
  for (const name of ["", "a b", "a:b", "a\r\nb", "ä"]) {
    expect(() => headers.set(name, "x")).toThrow(expect.objectContaining({ code: "NX_HEADER" }));
  }
  for (const value of ["a\r\nSet-Cookie: b=1", "a\nb", "a\0b", "\u007f", "日本"]) {
    expect(() => headers.append("X-A", value)).toThrow('The value of the header "X-A"');
    expect(() => new Headers({ "X-A": value })).toThrow();
  }
  expect(headers.raw).toEqual([]);
});

test("what is no text is looked at as the text that it will be", () => {
  const headers = new Headers();
  headers.set("X-Count", 5 as never);
  expect(`${headers.get("x-count")}`).toBe("5");
  for (const value of [{ toString: () => "a\r\nb" }, ["a\r\nb"]])
    expect(() => headers.set("X-Count", value as never)).toThrow(
      expect.objectContaining({ code: "NX_HEADER" }),
    );
  expect(() => headers.set({ toString: () => "X" } as never, "a")).toThrow(
    expect.objectContaining({ code: "NX_HEADER" }),
  );
});

test("a refused value leaves the old one", () => {
  const headers = new Headers({ "X-A": "1" });
  expect(() => headers.set("X-A", "\n")).toThrow();
  expect(headers.get("x-a")).toBe("1");
});

test("a value may have tabs and Latin-1", () => {
  expect(new Headers({ "X-A": "a\tÄ ÿ" }).get("x-a")).toBe("a\tÄ ÿ");
});

test("a list that somebody else has checked is used as it is", () => {
  const raw = ["Host", "localhost"];
  const headers = Headers.of(raw);
  expect(headers).toBeInstanceOf(Headers);
  expect(headers.raw).toBe(raw);
  expect(headers.get("host")).toBe("localhost");
});
