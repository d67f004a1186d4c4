import { gzipSync } from "node:zlib";
import { type } from "arktype";
import { expect, test } from "vitest";
import { z } from "zod";
import type { ErrorItem } from "../exceptions.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient, type TestResponse } from "../testing/index.ts";
import type { Schema } from "../validation/index.ts";
import { post } from "./index.ts";
import { faultIn, parseJSON } from "./json.ts";

test("JSON has many names, in any case and with parameters (V8)", async () => {
  await using client = await TestClient.of(echo(z.int()));
  for (const type of [
    "application/json",
    "APPLICATION/JSON; charset=utf-8",
    "application/vnd.api+json",
    "application/merge-patch+json;v=1",
  ]) {
    const response = await client.post("/", { body: "7", headers: { "content-type": type } });
    expect([type, response.status]).toEqual([type, 200]);
  }
});

test("bytes that are not called JSON are 415, and the answer says what is wanted (V8)", async () => {
  await using client = await TestClient.of(echo(z.int()));
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "text/json", "json", ""]) {
    const headers: Record<string, string> = type ? { "content-type": type } : {};
    const response = await client.post("/", { body: "7", headers });
    expect([type, response.status]).toEqual([type, 415]);
    expect(response.headers.get("accept")).toBe("application/json");
    expect(await response.json()).toMatchObject({
      detail: expect.stringContaining("must be application/json") as string,
    });
  }
});

test("a body that is compressed is 415, whatever it unpacks to, and the answer says what is taken", async () => {
  await using client = await TestClient.of(echo(z.int()));
  const ask = async (encoding: string) =>
    client.post("/", {
      body: gzipSync("7"),
      headers: { "content-type": "application/json", "content-encoding": encoding },
    });
  for (const encoding of ["gzip", "br", "zstd", "GZIP", "gzip, identity", "x".repeat(500)]) {
    const response = await ask(encoding);
    expect([encoding, response.status]).toEqual([encoding, 415]);
    expect(response.headers.get("accept-encoding")).toBe("identity");
    const { detail } = (await response.json()) as { detail: string };
    expect(detail).toBe(`The body must not be encoded as ${encoding.slice(0, 100)}`);
  }
  const plain = await client.post("/", {
    body: "7",
    headers: { "content-type": "application/json", "content-encoding": "Identity" },
  });
  expect(await plain.json()).toBe(7);
});

test("what is no JSON is 400, with the offset of the fault (V7, decision 17)", async () => {
  await using client = await TestClient.of(echo(z.any()));
  for (const [body, offset] of [
    ['{"a": 1', 7],
    ['{"a": }', 6],
    ["{'a': 1}", 1],
    ["[1,]", 3],
    ["nul", 0],
    ["NaN", 0],
    ["[1, Infinity]", 4],
    ["01", 1],
    ["1 2", 2],
    ['"\u0000"', 0],
    ['"\\x41"', 0],
    [" ", 1],
  ] as const) {
    const response = await send(client, body);
    expect([body, response.status]).toEqual([body, 400]);
    expect(await response.json()).toMatchObject({
      error_code: "MALFORMED_JSON",
      detail: `Malformed JSON at offset ${offset}`,
      offset,
    });
  }
});

test("of a key given twice the last value counts (V10)", async () => {
  await using client = await TestClient.of(echo(z.object({ a: z.int() })));
  expect(await (await send(client, '{"a":1,"a":2}')).json()).toEqual({ a: 2 });
});

test("an integer above 2^53 is exact where the schema wants a bigint (V18, decision 9)", async () => {
  await using client = await TestClient.of(
    echo(z.object({ id: z.bigint(), more: z.array(z.bigint()).default([]) })),
  );
  const response = await send(client, '{"id":9007199254740993,"more":[1,-99999999999999999999]}');
  expect(await response.text()).toBe('{"id":9007199254740993,"more":[1,-99999999999999999999]}');
  expect(await (await send(client, '{"id":7}')).text()).toBe('{"id":7,"more":[]}');
});

test("everywhere else such an integer is refused, never rounded (V18, decision 9)", async () => {
  for (const schema of [z.int(), z.number(), z.any(), z.unknown(), type("number")]) {
    await using client = await TestClient.of(echo(schema));
    for (const body of ["9007199254740993", "-9007199254740993", "12345678901234567890"]) {
      const response = await send(client, body);
      expect([body, response.status]).toEqual([body, 422]);
    }
    expect((await send(client, "9007199254740991")).status).toBe(200);
  }
  await using deep = await TestClient.of(echo(z.record(z.string(), z.unknown())));
  expect(await errorsOf(await send(deep, '{"a":[{"b":9007199254740993}]}'))).toEqual([
    {
      loc: ["body", "a", 0, "b"],
      type: "int_parsing_size",
      msg: "Input should be an integer between -(2^53 - 1) and 2^53 - 1",
    },
  ]);
});

test("such an integer is found wherever it stands, and nothing is taken for one", () => {
  const numbers = ["1", "123456789012345", "1234567890123456", "9007199254740993", "1".repeat(40)];
  for (const number of numbers) {
    for (let before = 0; before < 40; before++) {
      const { value, hasLarge } = parseJSON(`[${" ".repeat(before)}12,"a",${number},3456789]`);
      const isLarge = !Number.isSafeInteger(Number(number));
      const right = isLarge ? BigInt(number) : Number(number);
      expect([value, hasLarge]).toEqual([[12, "a", right, 3456789], isLarge]);
    }
  }
});

test("a text of many digits is a text, and a float keeps its exponent", async () => {
  await using client = await TestClient.of(echo(z.any()));
  const body = '{"text":"12345678901234567890","float":1.7976931348623157e308,"zero":1e-400}';
  expect(await (await send(client, body)).json()).toEqual(JSON.parse(body));
});

test("a number that is too large is refused (decision 7)", async () => {
  for (const schema of [z.any(), z.number(), z.record(z.string(), z.any())]) {
    await using client = await TestClient.of(echo(schema));
    for (const body of ["1e400", "-1e309", "1E+400", '{"a":[1e400]}', `1${"0".repeat(400)}.0`]) {
      const response = await send(client, body);
      expect([body, response.status]).toEqual([body, 400]);
      expect(await response.json()).toMatchObject({ error_code: "MALFORMED_JSON" });
    }
  }
});

test("a key like __proto__ has no effect (decision 7)", async () => {
  class Merging extends Plugin {
    merge = post("/", { body: z.record(z.string(), z.any()) }, ({ body }) => {
      const merged = Object.assign({}, body);
      return { admin: merged["admin"] ?? false, own: Object.keys(body) };
    });
  }
  await using client = await TestClient.of(Merging);
  for (const name of ["__proto__", "\\u005f_proto__", "__prot\\u006f__", "_\\u005Fproto__"]) {
    const response = await send(client, `{"${name}":{"admin":true},"a":1}`);
    expect(await response.json()).toEqual({ admin: false, own: ["a"] });
  }
  const other = await send(client, '{"constructor":{"prototype":{"admin":true}},"toString":1}');
  expect(await other.json()).toEqual({ admin: false, own: ["constructor", "toString"] });
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test("odd texts come back as they came: lone surrogates, NUL, any character", async () => {
  await using client = await TestClient.of(echo(z.any()));
  for (const body of ['"\\ud800"', '"\\u0000"', '["\\udc00\\ud800"]', '{"\\ud800":"\\u2028"}']) {
    const response = await send(client, body);
    expect(await response.json()).toEqual(JSON.parse(body));
  }
});

test("a body nested too deeply is 400 (decision 7)", async () => {
  await using client = await TestClient.of(echo(z.any()));
  for (const body of [
    nested(100_000, "[", "]"),
    nested(100_000, '{"a":', "}"),
    nested(1_000, "[", ",9007199254740993]"),
    nested(501, "[", "]").padEnd(2_000),
    nested(501, '{"a":', "}").padEnd(4_000),
    // It is no JSON either, but that is told of what somebody could have meant.
    nested(1_000, "[", ",]"),
  ]) {
    const response = await send(client, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error_code: "MALFORMED_JSON",
      detail: "The JSON is nested too deeply",
    });
  }
  expect((await send(client, nested(500, "[", "]").padEnd(2_000))).status).toBe(200);
  expect((await send(client, nested(500, '{"a":', "}"))).status).toBe(200);
  expect((await send(client, JSON.stringify(`"${"[".repeat(5000)}`))).status).toBe(200);
  expect((await send(client, `[${"[],".repeat(5000)}[]]`)).status).toBe(200);
});

test("a body that is not UTF-8 is 400; so are a byte order mark and UTF-16", async () => {
  await using client = await TestClient.of(echo(z.any()));
  for (const bytes of [
    Uint8Array.of(0x22, 0xff, 0x22),
    Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22),
    Uint8Array.of(0x22, 0xc0, 0xaf, 0x22),
    Buffer.from("\ufeff{}"),
    Buffer.from("\ufeff{}", "utf16le"),
    Buffer.from("{}", "utf16le"),
  ]) {
    expect((await send(client, bytes)).status).toBe(400);
  }
});

function nested(depth: number, open: string, close: string): string {
  return open.repeat(depth) + "1" + close.repeat(depth);
}

const asJSON = { "content-type": "application/json" };

function send(client: TestClient, body: string | Uint8Array): Promise<TestResponse> {
  return client.post("/", { body, headers: asJSON });
}

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

test("the offset of a fault is found in a text of many megabytes too", () => {
  expect(faultIn(`["${"a".repeat(20_000_000)}`)).toBe(1);
  expect(faultIn(`["${"\\n".repeat(5_000_000)}\\x"]`)).toBe(1);
});
