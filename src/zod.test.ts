import { expect, test } from "vitest";
import { z } from "zod";
import { post } from "./http/index.ts";
import { Plugin } from "./plugin/index.ts";
import type { Schema } from "./validation/index.ts";
import { TestClient } from "./testing/index.ts";

test("lengths count characters, whether compiled or not: an emoji is one (V5)", () => {
  const name = z.string().min(2).max(3);
  for (const schema of [name, z.compile(name)]) {
    for (const [value, fits] of [
      ["😀", false],
      ["😀😀😀", true],
      ["😀😀😀😀", false],
    ] as const) {
      expect([value, schema.safeParse(value).success]).toEqual([value, fits]);
    }
  }
});

test("schemas that can be compiled and schemas that cannot check the same", async () => {
  interface Tree {
    children: Tree[];
  }
  const Tree: z.ZodType<Tree> = z.object({
    get children() {
      return z.array(Tree);
    },
  });
  for (const [schema, fits, not] of [
    [z.object({ a: z.int() }), { a: 1 }, { a: "1" }],
    [Tree, { children: [{ children: [] }] }, { children: [{}] }],
    [z.lazy(() => z.string()), "a", 1],
    [z.preprocess((value) => Number(value), z.int()), "7", "x"],
    [z.string().refine(async (word) => word !== "taken"), "new", "taken"],
    [z.custom<string>((value) => value === "me"), "me", "you"],
    [z.codec(z.string(), z.int(), { decode: Number, encode: String }), "7", "x"],
    [z.json(), { a: [1, null] }, undefined],
    [z.record(z.enum(["a", "b"]), z.int()), { a: 1, b: 2 }, { a: 1 }],
    [z.strictObject({ a: z.int().catch(5) }), { a: "x" }, { b: 1 }],
  ] as [Schema, unknown, unknown][]) {
    class Checking extends Plugin {
      check = post("/", { body: schema }, () => "fits");
    }
    await using client = await TestClient.of(Checking);
    expect(await (await client.post("/", { json: fits })).json()).toBe("fits");
    expect((await client.post("/", { json: not })).status).toBe(422);
  }
});
