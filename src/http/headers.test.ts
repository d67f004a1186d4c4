import { expect, test } from "vitest";
import { z } from "zod";
import type { ErrorItem } from "../exceptions.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient, type TestResponse } from "../testing/index.ts";
import { alias, get } from "./index.ts";

test("headers have dashes where names have underscores (Q14)", async () => {
  class Headed extends Plugin {
    show = get(
      "/",
      { headers: { x_token: z.string(), "X-Count": z.int().default(0) } },
      (input) => [input.x_token, input["X-Count"]],
    );
  }
  await using client = await TestClient.of(Headed);
  const response = await client.get("/", { headers: { "X-Token": "a", "x-count": "7" } });
  expect(await response.json()).toEqual(["a", 7]);
  expect(await errorsOf(await client.get("/"))).toEqual([
    { loc: ["header", "x-token"], type: "missing", msg: "Field required" },
  ]);
});

test("a schema of all headers finds them by the same names (Q14)", async () => {
  class Headed extends Plugin {
    show = get("/", { headers: z.object({ x_token: z.string(), "X-Count": z.int() }) }, (input) => [
      input.x_token,
      input["X-Count"],
    ]);
  }
  await using client = await TestClient.of(Headed);
  const response = await client.get("/", { headers: { "X-Token": "a", "x-count": "7" } });
  expect(await response.json()).toEqual(["a", 7]);
  const wrong = await client.get("/", { headers: { "x-count": "many" } });
  expect(await errorsOf(wrong)).toMatchObject([
    { loc: ["header", "x-count"], type: "int_parsing" },
    { loc: ["header", "x-token"], type: "missing" },
  ]);
});

test("a header that is sent twice is a list, or its values in one text (Q14)", async () => {
  class Headed extends Plugin {
    list = get("/list", { headers: { x_tag: z.array(z.string()) } }, ({ x_tag }) => x_tag);
    text = get("/text", { headers: { x_tag: z.string() } }, ({ x_tag }) => x_tag);
  }
  await using client = await TestClient.of(Headed);
  const twice = async (path: string) => {
    const headers = new Headers([
      ["x-tag", "a"],
      ["x-tag", "b"],
    ]);
    return (await client.app.fetch(new Request(`http://testserver${path}`, { headers }))).json();
  };
  expect(await twice("/text")).toBe("a, b");
  expect((await client.get("/list", { headers: { "x-tag": "a" } })).status).toBe(200);
});

test("the values of headers and cookies are never repeated to a client (decision 1)", async () => {
  class Credentials extends Plugin {
    show = get(
      "/",
      { headers: { x_key: z.string().max(3) }, cookies: { session: z.int() } },
      () => 1,
    );
  }
  await using client = await TestClient.of(Credentials);
  const response = await client.get("/", {
    headers: { "x-key": "sesame-open" },
    cookies: { session: "sesame" },
  });
  expect(response.status).toBe(422);
  expect(await response.text()).not.toContain("sesame");
});

test("a cookie is read by its name, and decoded (Q14)", async () => {
  class Cookies extends Plugin {
    show = get("/", { cookies: { session: z.string(), visits: z.int().default(0) } }, (input) => [
      input.session,
      input.visits,
    ]);
  }
  await using client = await TestClient.of(Cookies);
  const response = await client.get("/", { cookies: { session: "é; =", visits: "3" } });
  expect(await response.json()).toEqual(["é; =", 3]);
  expect(await errorsOf(await client.get("/"))).toEqual([
    { loc: ["cookie", "session"], type: "missing", msg: "Field required" },
  ]);
});

test("odd cookies are read as well as they can be", async () => {
  class Cookies extends Plugin {
    show = get("/", { cookies: { a: z.string().optional() } }, ({ a = null }) => a);
  }
  await using client = await TestClient.of(Cookies);
  const ask = async (cookie: string) => (await client.get("/", { headers: { cookie } })).json();
  expect(await ask('a="quoted"')).toBe("quoted");
  expect(await ask("a=1; a=2")).toBe("1");
  expect(await ask("a=%E0%A4%A")).toBe("%E0%A4%A");
  expect(await ask("a=b=c")).toBe("b=c");
  expect(await ask(";;;=;__proto__=1; a")).toBeNull();
});

test("an alias is the name in the request, and in errors (Q14)", async () => {
  class Aliased extends Plugin {
    show = get(
      "/",
      {
        query: { text: alias("body", z.string()), list: alias("item-query", z.array(z.int())) },
        headers: { agent: alias("User-Agent", z.string().optional()) },
      },
      ({ text, list, agent }) => [text, list, agent],
    );
  }
  await using client = await TestClient.of(Aliased);
  const response = await client.get("/?body=a&item-query=1&item-query=2", {
    headers: { "user-agent": "me" },
  });
  expect(await response.json()).toEqual(["a", [1, 2], "me"]);
  expect(await errorsOf(await client.get("/?item-query=x"))).toMatchObject([
    { loc: ["query", "body"], type: "missing" },
    { loc: ["query", "item-query", 0], type: "int_parsing" },
  ]);
});

async function errorsOf(response: TestResponse): Promise<ErrorItem[]> {
  expect(response.status).toBe(422);
  return ((await response.json()) as { errors: ErrorItem[] }).errors;
}
