import { expect, test } from "vitest";
import { z } from "zod";
import type { ErrorItem } from "../exceptions.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient, type TestResponse } from "../testing/index.ts";
import { get } from "./index.ts";

test("one schema of the whole query may compare its members", async () => {
  const Span = z
    .object({ from: z.int(), to: z.int(), tag: z.array(z.string()).default([]) })
    .refine(({ from, to }) => from <= to, { error: "from is after to", path: ["to"] });
  class Spans extends Plugin {
    show = get("/", { query: Span }, ({ from, to, tag }) => ({ from, to, tag }));
  }
  await using client = await TestClient.of(Spans);
  expect(await (await client.get("/?from=1&to=2&tag=a&tag=b")).json()).toEqual({
    from: 1,
    to: 2,
    tag: ["a", "b"],
  });
  expect(await errorsOf(await client.get("/?from=2&to=1"))).toMatchObject([
    { loc: ["query", "to"], msg: "from is after to" },
  ]);
  expect(await errorsOf(await client.get("/?from=x"))).toMatchObject([
    { loc: ["query", "from"], type: "int_parsing" },
    { loc: ["query", "to"], type: "missing" },
  ]);
});

test("a schema made of two reads the members of both", async () => {
  const Page = z.object({ page: z.int().default(1) });
  class Joined extends Plugin {
    both = get("/both", { query: Page.and(z.object({ active: z.boolean() })) }, (input) => [
      input.page,
      input.active,
    ]);
    either = get(
      "/either",
      {
        query: z.discriminatedUnion("by", [
          z.object({ by: z.literal("id"), id: z.int() }),
          z.object({ by: z.literal("name"), name: z.string() }),
        ]),
      },
      (input) => input,
    );
  }
  await using client = await TestClient.of(Joined);
  expect(await (await client.get("/both?page=2&active=yes")).json()).toEqual([2, true]);
  expect(await (await client.get("/either?by=id&id=7")).json()).toEqual({ by: "id", id: 7 });
  expect(await (await client.get("/either?by=name&name=7")).json()).toEqual({
    by: "name",
    name: "7",
  });
});

test("a strict schema of the query refuses what it does not know", async () => {
  class Strict extends Plugin {
    show = get("/", { query: z.strictObject({ a: z.int() }) }, ({ a }) => a);
  }
  await using client = await TestClient.of(Strict);
  expect(await errorsOf(await client.get("/?a=1&b=2&__proto__=3&constructor=4"))).toMatchObject([
    { loc: ["query", "b"], type: "extra_forbidden" },
    { loc: ["query", "__proto__"], type: "extra_forbidden" },
    { loc: ["query", "constructor"], type: "extra_forbidden" },
  ]);
});

test("a loose schema lets any name through, but none that hides what is ours", async () => {
  class Loose extends Plugin {
    show = get(
      "/{id}",
      { query: z.looseObject({ a: z.int() }), headers: { "x-h": z.string().default("h") } },
      (input) => {
        const { request, signal, ...rest } = input;
        expect(request.path).toBe("/7");
        expect(signal).toBeInstanceOf(AbortSignal);
        return rest;
      },
    );
  }
  await using client = await TestClient.of(Loose);
  const names = ["request", "signal", "body", "__proto__", "id", "x-h", "b", "constructor"];
  const query = names.map((name) => `${name}=evil`).join("&");
  expect(await (await client.get(`/7?a=1&${query}`)).json()).toEqual({
    a: 1,
    id: "7",
    "x-h": "h",
    b: "evil",
    constructor: "evil",
  });
});

test("ten thousand query parameters are read in no time", async () => {
  class Loose extends Plugin {
    loose = get("/loose", { query: z.looseObject({}) }, (input) => Object.keys(input).length);
    list = get("/list", { query: { q: z.array(z.int()) } }, ({ q }) => q.length);
  }
  await using client = await TestClient.of(Loose);
  const numbers = Array.from({ length: 10_000 }, (_, i) => i);
  const started = performance.now();
  const loose = await client.get(`/loose?${numbers.map((i) => `n${i}=${i}`).join("&")}`);
  expect(await loose.json()).toBe(10_000);
  const list = await client.get(`/list?${numbers.map((i) => `q=${i}`).join("&")}`);
  expect(await list.json()).toBe(10_000);
  expect(performance.now() - started).toBeLessThan(10_000);
});

async function errorsOf(response: TestResponse): Promise<ErrorItem[]> {
  expect(response.status).toBe(422);
  return ((await response.json()) as { errors: ErrorItem[] }).errors;
}
