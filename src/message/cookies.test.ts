import { expect, test } from "vitest";
import { parseCookies, serializeCookie } from "./cookies.ts";

test("a request's cookies are read by name", () => {
  expect([...parseCookies("session=abc; theme=dark")]).toEqual([
    ["session", "abc"],
    ["theme", "dark"],
  ]);
  expect(parseCookies(null).size).toBe(0);
  expect(parseCookies("").size).toBe(0);
});

test("of two cookies with one name the first counts", () => {
  expect(parseCookies("a=1; a=2").get("a")).toBe("1");
});

test("a value may be quoted, encoded, empty, or have an equals sign", () => {
  const cookies = parseCookies('a="x y"; b=%C3%A4%3B; c=; d=x=y; e="');
  expect(Object.fromEntries(cookies)).toEqual({ a: "x y", b: "ä;", c: "", d: "x=y", e: '"' });
});

test("what is no pair, or badly encoded, harms nothing", () => {
  const cookies = parseCookies("nonsense; a=%zz;; __proto__=1 ;b=2");
  expect([...cookies]).toEqual([
    ["a", "%zz"],
    ["__proto__", "1"],
    ["b", "2"],
  ]);
});

test("a cookie is set for the whole site, and kept from other sites' forms", () => {
  expect(serializeCookie("k", "v")).toBe("k=v; Path=/; SameSite=lax");
});

test("a cookie says everything that it is told to", () => {
  const options = {
    path: "/shop",
    domain: "example.org",
    maxAge: 60.5,
    expires: new Date(0),
    httpOnly: true,
    secure: true,
    sameSite: "strict",
  } as const;
  expect(serializeCookie("k", "v", options)).toBe(
    "k=v; Path=/shop; Domain=example.org; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=strict",
  );
  expect(serializeCookie("k", "", { maxAge: 0 })).toContain("Max-Age=0");
});

test("any text may be a cookie's value: it comes back as it was", () => {
  for (const value of ["a b", "ä;,=", '"quoted"', "100%", "\r\n", "日本"]) {
    const [pair] = serializeCookie("k", value).split("; ");
    expect(pair).toMatch(/^k=[\x21-\x7e]*$/);
    expect(parseCookies(pair!).get("k")).toBe(value);
  }
});

test("a name, path or domain that would add attributes is refused", () => {
  for (const name of ["", "a b", "a;b", "a=b", "ä"]) {
    expect(() => serializeCookie(name, "v")).toThrow(
      expect.objectContaining({ code: "NX_COOKIE" }),
    );
  }
  for (const path of ["/; Domain=evil.example", "/\r\n", "/,"]) {
    expect(() => serializeCookie("k", "v", { path })).toThrow("cannot stand in a cookie");
    expect(() => serializeCookie("k", "v", { domain: path })).toThrow("cannot stand in a cookie");
  }
});
