import { expect, test } from "vitest";
import { z } from "zod";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { get, post } from "./index.ts";

class Shop extends Plugin {
  show = get("/items/{id}", ({ id }) => ({ id }));
}

test("a slash too many is redirected to the declared spelling (R7)", async () => {
  await using client = await TestClient.of(Shop);
  const response = await client.get("/items/7/?full=yes", { followRedirects: false });
  expect(response.status).toBe(308);
  expect(response.headers.get("location")).toBe("/items/7?full=yes");
});

test("a missing slash is redirected too, and the method is kept (R7)", async () => {
  class Slashed extends Plugin {
    add = post("/items/", { body: z.string() }, ({ body }) => body);
  }
  await using client = await TestClient.of(Slashed);
  const bare = await client.post("/items", { json: "hat", followRedirects: false });
  expect([bare.status, bare.headers.get("location")]).toEqual([308, "/items/"]);
  expect(await (await client.post("/items", { json: "hat" })).json()).toBe("hat");
});

test("a redirect for a slash never leads to another host (R7)", async () => {
  class Slashed extends Plugin {
    any = get("/{name}/", ({ name }) => name);
    deep = get("/{a}/{b}/", ({ a, b }) => a + b);
    rest = get("/all/{rest:path}", ({ rest }) => rest);
  }
  await using client = await TestClient.of(Slashed);
  const paths = ["//evil.com", "/\\evil.com", "/\\/evil.com", "///evil.com", "/%5Cevil.com", "/@x"];
  for (const path of paths) {
    const response = await client.get(path, { followRedirects: false });
    const to = new URL(response.headers.get("location") ?? "/", "http://testserver");
    expect([path, to.host]).toEqual([path, "testserver"]);
  }
});

test("a parameter is decoded, a space and a percent sign too (R8)", async () => {
  await using client = await TestClient.of(Shop);
  const show = async (path: string) => (await client.get(path)).json();
  expect(await show("/items/a%20b")).toEqual({ id: "a b" });
  expect(await show("/items/100%25")).toEqual({ id: "100%" });
  expect(await show("/items/%E6%97%A5%E6%9C%AC")).toEqual({ id: "日本" });
  expect(await show("/items/a+b")).toEqual({ id: "a+b" });
});

test("an encoded slash is a slash (R8)", async () => {
  await using client = await TestClient.of(Shop);
  expect((await client.get("/items/a%2Fb")).status).toBe(404);
});

test("a path that is not well encoded is 400", async () => {
  await using client = await TestClient.of(Shop);
  for (const path of ["/items/%", "/items/%zz", "/items/%ff", "/items/%ED%A0%80", "/%C0%AF"]) {
    const response = await client.get(path);
    expect([path, response.status]).toEqual([path, 400]);
    expect(await response.json()).toMatchObject({ error_code: "MALFORMED_PATH" });
  }
});

test("odd names in a path are values like any other", async () => {
  class Odd extends Plugin {
    show = get("/{constructor}/{toString}", (input) => [input.constructor, input.toString]);
    item = get("/items/{id}", ({ id }) => id);
  }
  await using client = await TestClient.of(Odd);
  expect(await (await client.get("/__proto__/constructor")).json()).toEqual([
    "__proto__",
    "constructor",
  ]);
  for (const name of ["__proto__", "constructor", "hasOwnProperty", "\u0000", "..."]) {
    const response = await client.get(`/items/${encodeURIComponent(name)}`);
    expect(await response.json()).toBe(name);
  }
});
