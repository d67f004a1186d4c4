import { type } from "arktype";
import { expect, test } from "vitest";
import { z } from "zod";
import { secret } from "../config/index.ts";
import type { ErrorItem } from "../exceptions.ts";
import { createLog } from "../log.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient, type TestResponse } from "../testing/index.ts";
import type { Schema } from "../validation/index.ts";
import { post } from "./index.ts";

const isStrong = (password: string): boolean => /[A-Z]/.test(password) && /[0-9]/.test(password);
const CreateUser = z.object({
  username: z
    .string()
    .min(3)
    .regex(/^[\p{L}\p{N}_-]+$/u, "Username must be alphanumeric"),
  email: z.string().regex(/^[^@]+@[^@]+$/),
  password: secret(z.string().min(8).pipe(z.string().refine(isStrong, "Password is too weak"))),
  full_name: z.string().nullable().default(null),
  tags: z.array(z.string()).default([]),
});
const ann = { username: "ann", email: "ann@example.com", password: "Passw0rd" };

test("a body that fits reaches the handler with its defaults, what is extra is left out (V9, V17)", async () => {
  await using client = await TestClient.of(echo(CreateUser));
  const response = await client.post("/", { json: { ...ann, admin: true } });
  expect(await response.json()).toEqual({ ...ann, full_name: null, tags: [] });
});

test("a default is a fresh one for each request (V17)", async () => {
  class Tags extends Plugin {
    add = post("/", { body: CreateUser }, ({ body }) => body.tags.push("new"));
  }
  await using client = await TestClient.of(Tags);
  for (let i = 0; i < 3; i++) {
    expect(await (await client.post("/", { json: ann })).json()).toBe(1);
  }
});

test("every fault is told, in the order of the fields, with its place (V1, V2)", async () => {
  await using client = await TestClient.of(echo(CreateUser));
  const json = { username: "a!", email: "nobody", tags: ["ok", 5], full_name: 7 };
  const errors = await errorsOf(await client.post("/", { json }));
  expect(errors).toMatchObject([
    { loc: ["body", "username"], type: "string_too_short", input: "a!", ctx: { min_length: 3 } },
    { loc: ["body", "username"], type: "string_pattern_mismatch", input: "a!" },
    { loc: ["body", "email"], type: "string_pattern_mismatch", input: "nobody" },
    { loc: ["body", "password"], type: "missing", msg: "Field required" },
    { loc: ["body", "full_name"], type: "string_type", input: 7 },
    { loc: ["body", "tags", 1], type: "string_type", input: 5 },
  ]);
  expect(Object.keys(errors[3]!)).toEqual(["loc", "type", "msg"]);
});

test("a rule of one's own runs only when the field's own constraints hold (V2, V3)", async () => {
  await using client = await TestClient.of(echo(CreateUser));
  const passwordErrors = async (password: string) =>
    errorsOf(await client.post("/", { json: { ...ann, password } }));
  expect(await passwordErrors("short")).toMatchObject([
    { type: "string_too_short", ctx: { min_length: 8 } },
  ]);
  expect(await passwordErrors("longbutweak")).toEqual([
    { loc: ["body", "password"], type: "value_error", msg: "Password is too weak" },
  ]);
});

test("a wrong email and a weak password are told together (V3)", async () => {
  await using client = await TestClient.of(echo(CreateUser));
  const json = { ...ann, email: "nobody", password: "password123" };
  expect(await errorsOf(await client.post("/", { json }))).toMatchObject([
    { loc: ["body", "email"], type: "string_pattern_mismatch" },
    { loc: ["body", "password"], type: "value_error" },
  ]);
});

test("a password stands in no answer and in no log line, whatever is wrong with it (decision 1)", async () => {
  const lines: string[] = [];
  const log = createLog({
    level: "trace",
    destination: { write: (line) => lines.push(line) },
  });
  class Accounts extends Plugin {
    plain = post("/plain", { body: CreateUser }, () => 1);
    deep = post("/deep", { body: z.object({ users: z.array(CreateUser) }) }, () => 1);
    fails = post("/fails", { body: CreateUser }, () => {
      throw new Error("down");
    });
    bare = post("/bare", { body: secret(z.string().max(3)) }, () => 1);
    ark = post("/ark", { body: type({ password: secret(type("string < 3")) }) }, () => 1);
  }
  await using client = await TestClient.of(Accounts, { log, raiseErrors: false });
  const password = "sesame";
  const answers = [
    await client.post("/plain", { json: { ...ann, password } }),
    await client.post("/plain", { json: { ...ann, password: [password] } }),
    await client.post("/plain", { json: { ...ann, password: { password } } }),
    await client.post("/plain", { body: `{"password": "${password}"`, headers: asJSON }),
    await client.post("/deep", { json: { users: [{ ...ann, password }] } }),
    await client.post("/fails", { json: { ...ann, password: `Sesame-1-${password}` } }),
    await client.post("/bare", { json: password }),
    await client.post("/ark", { json: { password } }),
  ];
  for (const answer of answers) {
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await answer.text()).not.toContain(password);
  }
  expect(lines.join("")).not.toContain(password);
});

test("a length is counted in characters, of which an emoji is one (V4, V5)", async () => {
  await using client = await TestClient.of(echo(z.string().min(3).max(4)));
  expect(await errorsOf(await client.post("/", { json: "😀😀" }))).toMatchObject([
    { type: "string_too_short", ctx: { min_length: 3 }, input: "😀😀" },
  ]);
  expect(await (await client.post("/", { json: "😀😀😀😀" })).json()).toBe("😀😀😀😀");
  expect(await errorsOf(await client.post("/", { json: "😀😀😀😀😀" }))).toMatchObject([
    { type: "string_too_long", ctx: { max_length: 4 } },
  ]);
});

test("letters and digits are those of every script, with \\p{L} and \\p{N} (V6)", async () => {
  await using client = await TestClient.of(echo(CreateUser));
  const response = await client.post("/", { json: { ...ann, username: "日本語" } });
  expect(response.status).toBe(200);
});

test("no body, and null, are a missing body (V7)", async () => {
  await using client = await TestClient.of(echo(CreateUser));
  const missing = [{ loc: ["body"], type: "missing", msg: "Field required" }];
  expect(await errorsOf(await client.post("/"))).toEqual(missing);
  expect(await errorsOf(await client.post("/", { headers: { "content-type": "x/y" } }))).toEqual(
    missing,
  );
  expect(await errorsOf(await send(client, ""))).toEqual(missing);
  expect(await errorsOf(await send(client, "null"))).toEqual(missing);
});

test("a body that may be left out, or be null, is (V12)", async () => {
  await using optional = await TestClient.of(echo(z.object({ a: z.int() }).optional()));
  expect((await optional.post("/")).status).toBe(200);
  await using nullable = await TestClient.of(echo(z.object({ a: z.int() }).nullable()));
  expect(await (await send(nullable, "null")).json()).toBeNull();
});

test("a list is no object (V7)", async () => {
  await using client = await TestClient.of(echo(CreateUser));
  expect(await errorsOf(await client.post("/", { json: [ann] }))).toMatchObject([
    { loc: ["body"], type: "model_attributes_type" },
  ]);
});

test("a strict object refuses what it does not know (V9)", async () => {
  await using client = await TestClient.of(echo(z.strictObject({ a: z.int() })));
  expect(await errorsOf(await send(client, '{"a":1,"b":2,"constructor":3}'))).toEqual([
    { loc: ["body", "b"], type: "extra_forbidden", msg: "Extra inputs are not permitted" },
    {
      loc: ["body", "constructor"],
      type: "extra_forbidden",
      msg: "Extra inputs are not permitted",
    },
  ]);
});

test("JSON is taken as it is: a text is no number, a number no boolean (decision 16)", async () => {
  const Strict = z.object({ n: z.number(), i: z.int(), b: z.boolean(), s: z.string() });
  await using client = await TestClient.of(echo(Strict));
  const types = async (json: object) =>
    (await errorsOf(await client.post("/", { json }))).map(({ type }) => type);
  expect(await types({ n: "5", i: "1", b: "yes", s: 5 })).toEqual([
    "float_type",
    "float_type",
    "bool_type",
    "string_type",
  ]);
  expect(await types({ n: true, i: 1.5, b: 1, s: null })).toEqual([
    "float_type",
    "int_from_float",
    "bool_type",
    "string_type",
  ]);
  const fits = await send(client, '{"n":5,"i":1.0,"b":true,"s":""}');
  expect(await fits.json()).toEqual({ n: 5, i: 1, b: true, s: "" });
});

test("a record is an object and nothing else (V13)", async () => {
  await using client = await TestClient.of(echo(z.record(z.string(), z.int())));
  expect(await (await client.post("/", { json: { a: 1 } })).json()).toEqual({ a: 1 });
  expect(await errorsOf(await client.post("/", { json: [1] }))).toMatchObject([
    { loc: ["body"], type: "dict_type" },
  ]);
  expect(await errorsOf(await client.post("/", { json: { a: "x" } }))).toMatchObject([
    { loc: ["body", "a"], type: "float_type", input: "x" },
  ]);
});

test("two models in one body are an object of two members (V14)", async () => {
  const Item = z.object({ name: z.string() });
  await using client = await TestClient.of(echo(z.object({ item: Item, user: Item })));
  expect(
    await errorsOf(await client.post("/", { json: { item: { name: "a" }, user: {} } })),
  ).toEqual([{ loc: ["body", "user", "name"], type: "missing", msg: "Field required" }]);
});

test("what a partial body leaves out stays out, and null stays null (V15)", async () => {
  await using client = await TestClient.of(
    echo(z.object({ full_name: z.string().nullable(), age: z.int() }).partial()),
  );
  expect(await (await send(client, "{}")).json()).toEqual({});
  expect(await (await send(client, '{"full_name":null}')).json()).toEqual({ full_name: null });
});

test("a date in a body is what the query takes for one (decision 23)", async () => {
  await using client = await TestClient.of(
    echo(z.object({ at: z.date(), all: z.tuple([z.date(), z.int()]).optional() })),
  );
  const at = "2024-01-02T03:04:05Z";
  expect(await (await client.post("/", { json: { at, all: [at, 1] } })).json()).toEqual({
    at: "2024-01-02T03:04:05.000Z",
    all: ["2024-01-02T03:04:05.000Z", 1],
  });
  for (const wrong of [5, "tomorrow", null, {}]) {
    expect(await errorsOf(await client.post("/", { json: { at: wrong } }))).toMatchObject([
      { loc: ["body", "at"], type: "datetime_type" },
    ]);
  }
});

test("a recursive schema reads a body of any sensible depth", async () => {
  interface Tree {
    at?: Date | undefined;
    children: Tree[];
  }
  const Tree: z.ZodType<Tree> = z.object({
    at: z.date().optional(),
    get children() {
      return z.array(Tree);
    },
  });
  await using client = await TestClient.of(echo(Tree));
  const tree = { children: [{ children: [{ children: [] }] }] };
  expect(await (await client.post("/", { json: tree })).json()).toEqual(tree);
});

test("of ever so many faults the first thousand are told", async () => {
  const many = `[${'"",'.repeat(300_000)}""]`;
  await using list = await TestClient.of(echo(z.array(z.int())));
  expect(await errorsOf(await send(list, many))).toHaveLength(1000);
  await using inside = await TestClient.of(echo(z.object({ list: z.array(z.int()) })));
  expect(await errorsOf(await send(inside, `{"list":${many}}`))).toHaveLength(1000);
});

test("a body that is too large is 413", async () => {
  class Small extends Plugin {
    small = post("/small", { body: z.string(), bodyLimit: "1KB" }, ({ body }) => body.length);
    usual = post("/usual", { body: z.string() }, ({ body }) => body.length);
  }
  await using client = await TestClient.of(Small);
  expect(await (await client.post("/small", { json: "x".repeat(1022) })).json()).toBe(1022);
  const response = await client.post("/small", { json: "x".repeat(1023) });
  expect([response.status, await response.json()]).toMatchObject([
    413,
    { error_code: "BODY_TOO_LARGE", detail: "The body is larger than 1024 bytes" },
  ]);
  expect((await client.post("/usual", { json: "x".repeat(1024 * 1024) })).status).toBe(413);
});

test("a check may take time", async () => {
  const Name = z.object({ name: z.string().refine(async (name) => name !== "taken", "Taken") });
  await using client = await TestClient.of(echo(Name));
  expect(await (await client.post("/", { json: { name: "new" } })).json()).toEqual({ name: "new" });
  expect(await errorsOf(await client.post("/", { json: { name: "taken" } }))).toMatchObject([
    { loc: ["body", "name"], type: "value_error", msg: "Taken", input: "taken" },
  ]);
});

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
