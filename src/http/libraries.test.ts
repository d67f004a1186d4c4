import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";
import { secret } from "../config/index.ts";
import type { ErrorItem } from "../exceptions.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient, type TestResponse } from "../testing/index.ts";
import type { Schema } from "../validation/index.ts";
import { alias, get, post } from "./index.ts";

test("ArkType's schemas read and check as Zod's do", async () => {
  class Ark extends Plugin {
    one = get(
      "/one/{id}",
      {
        path: { id: type("number.integer > 0") },
        query: { active: type("boolean"), tag: type("string[]") },
      },
      ({ id, active, tag }) => ({ id, active, tag }),
    );
    all = get("/all", { query: type({ page: "number.integer = 1" }) }, ({ page }) => page);
  }
  await using client = await TestClient.of(Ark);
  expect(await (await client.get("/one/7?active=on&tag=a")).json()).toEqual({
    id: 7,
    active: true,
    tag: ["a"],
  });
  expect(await (await client.get("/all?page=3")).json()).toBe(3);
  expect(await (await client.get("/all")).json()).toBe(1);
  expect(await errorsOf(await client.get("/one/0?active=2&tag=a"))).toMatchObject([
    { loc: ["path", "id"], type: "value_error", input: "0" },
    { loc: ["query", "active"], type: "bool_parsing" },
  ]);
});

test("Valibot's schemas do too, with its own converter to JSON Schema", async () => {
  const Page = v.object({ page: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1) });
  class Vali extends Plugin {
    one = get("/one", { query: { n: toStandardJsonSchema(v.number()) } }, ({ n }) => n);
    all = get("/all", { query: toStandardJsonSchema(Page) }, ({ page }) => page);
  }
  await using client = await TestClient.of(Vali);
  expect(await (await client.get("/one?n=7.5")).json()).toBe(7.5);
  expect(await (await client.get("/all?page=3")).json()).toBe(3);
  expect(await (await client.get("/all")).json()).toBe(1);
  expect(await errorsOf(await client.get("/all?page=0"))).toMatchObject([
    { loc: ["query", "page"], type: "value_error" },
  ]);
  expect(await errorsOf(await client.get("/one"))).toMatchObject([{ type: "missing" }]);
});

test("an alias and a secret mark work on every library's schemas", async () => {
  const vali = toStandardJsonSchema(v.pipe(v.number(), v.maxValue(3)));
  class Marked extends Plugin {
    show = get(
      "/",
      {
        query: {
          a: alias("zod-a", secret(z.int().max(3))),
          b: alias("ark-b", secret(type("number <= 3"))),
          c: alias("vali-c", secret(vali)),
        },
      },
      ({ a, b, c }) => [a, b, c],
    );
  }
  await using client = await TestClient.of(Marked);
  expect(await (await client.get("/?zod-a=1&ark-b=2&vali-c=3")).json()).toEqual([1, 2, 3]);
  // The answer has the request's id too, and one by chance may have any digits.
  const headers = { "x-request-id": "request" };
  const refused = await client.get("/?zod-a=77&ark-b=77&vali-c=77", { headers });
  expect(await refused.text()).not.toContain("77");
  expect(await errorsOf(refused)).toMatchObject([
    { loc: ["query", "zod-a"] },
    { loc: ["query", "ark-b"] },
    { loc: ["query", "vali-c"] },
  ]);
});

test("a schema that cannot describe itself gets the text as it is", async () => {
  class Plain extends Plugin {
    one = get("/one", { query: { q: v.string() } }, ({ q }) => q);
    all = get("/all", { query: v.object({ q: v.string() }) }, ({ q }) => q);
    headers = get(
      "/headers",
      { headers: v.object({ "x-h": v.string() }) },
      (input) => input["x-h"],
    );
  }
  await using client = await TestClient.of(Plain);
  expect(await (await client.get("/one?q=7")).json()).toBe("7");
  expect(await (await client.get("/all?q=7")).json()).toBe("7");
  expect(await (await client.get("/headers", { headers: { "X-H": "7" } })).json()).toBe("7");
});

test("ArkType's and Valibot's schemas check bodies too", async () => {
  await using ark = await TestClient.of(
    echo(type({ name: "string > 2", "age?": "number", tags: "string[]" })),
  );
  expect(await (await ark.post("/", { json: { name: "Ann", tags: ["a"] } })).json()).toEqual({
    name: "Ann",
    tags: ["a"],
  });
  expect(await errorsOf(await ark.post("/", { json: { name: "A", age: "x" } }))).toMatchObject([
    { loc: ["body", "name"], type: "value_error" },
    { loc: ["body", "tags"], type: "missing" },
    { loc: ["body", "age"], type: "value_error", input: "x" },
  ]);
  await using vali = await TestClient.of(
    echo(v.object({ name: v.pipe(v.string(), v.minLength(2)), at: v.optional(v.date()) })),
  );
  expect(await (await vali.post("/", { json: { name: "Ann" } })).json()).toEqual({ name: "Ann" });
  expect(await errorsOf(await vali.post("/", { json: { name: "A" } }))).toMatchObject([
    { loc: ["body", "name"], type: "value_error", input: "A" },
  ]);
});

/** A plugin whose only route answers with the body it gets. */
function echo(schema: Schema) {
  return class Echo extends Plugin {
    echo = post("/", { body: schema }, ({ body }) => body);
  };
}

async function errorsOf(response: TestResponse): Promise<ErrorItem[]> {
  expect(response.status).toBe(422);
  return ((await response.json()) as { errors: ErrorItem[] }).errors;
}
