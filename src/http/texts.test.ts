import * as fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { Request } from "../message/index.ts";
import type { Middleware } from "../middleware/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { get } from "./index.ts";
import { fromQuery } from "./texts.ts";

const plain = ["a", "b", "ab", "", "=", "==", "&", "&&", "?", "#", "/", ";", " ", "\0", "\x7f"];
const others = ["é", "日本", "😀", "\ud800", "\udc00", "%41", "%", "%e3%81", "+", "%26", "%3D"];
const piece = fc.constantFrom(...plain, ...plain, ...others);

test("a query is taken apart as URLSearchParams takes it apart, encoded or not", () => {
  const asking = fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const query = pieces.join("");
    const texts = fromQuery(new Request({ method: "GET", target: `/path?${query}` }));
    const right = new URLSearchParams(query);
    for (const name of ["a", "b", "ab", "", "=", "a=", "&", "é", "+", "%41", ...right.keys()]) {
      const all = right.getAll(name);
      expect(texts.one(name)).toBe(all.at(-1));
      expect(texts.all(name)).toEqual(all.length ? all : undefined);
    }
    expect([...texts.group().keys()]).toEqual([...new Set(right.keys())]);
    for (const [name, values] of texts.group()) expect(values).toEqual(right.getAll(name));
  });
  fc.assert(asking, { numRuns: 500 });
});

test("a request without a question mark has no query, and one with nothing behind it an empty one", () => {
  for (const target of ["/", "/?", "/a&b=c", "/%3Fa=1"]) {
    const texts = fromQuery(new Request({ method: "GET", target }));
    expect([texts.one("a"), texts.one("b"), texts.all(""), texts.group().size]).toEqual([
      undefined,
      undefined,
      undefined,
      0,
    ]);
  }
});

const change: Middleware = ({ searchParams }, next) => {
  searchParams.set("page", "7");
  return next();
};

test("what a middleware changes in searchParams is what the handler gets", async () => {
  class Changed extends Plugin {
    override readonly middleware = [change];
    page = get("/", { query: { page: z.int() } }, ({ page }) => page);
  }
  await using client = await TestClient.of(Changed);
  expect(await (await client.get("/?page=1")).json()).toBe(7);
});
