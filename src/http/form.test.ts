import { expect, test } from "vitest";
import { z } from "zod";
import type { ErrorItem } from "../exceptions.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient, type TestResponse } from "../testing/index.ts";
import { alias, post } from "./index.ts";

class Forms extends Plugin {
  sign = post(
    "/sign",
    { form: { name: z.string(), age: z.int().min(1), tag: z.array(z.string()).default([]) } },
    ({ name, age, tag }) => ({ name, age, tag }),
  );
  span = post(
    "/span/{id}",
    { form: z.looseObject({ from: z.int(), to: z.int() }) },
    ({ request: _, signal: __, ...rest }) => rest,
  );
}

test("the fields of a form join the input, read as their schemas say", async () => {
  await using client = await TestClient.of(Forms);
  const response = await client.post("/sign", { form: { name: "Ann", age: 30, tag: ["a", "b"] } });
  expect(await response.json()).toEqual({ name: "Ann", age: 30, tag: ["a", "b"] });
});

test("the faults of a form stand in the body, in the order of declaration", async () => {
  await using client = await TestClient.of(Forms);
  expect(await errorsOf(await client.post("/sign", { form: { age: "x" } }))).toMatchObject([
    { loc: ["body", "name"], type: "missing" },
    { loc: ["body", "age"], type: "int_parsing", input: "x" },
  ]);
  expect(await errorsOf(await client.post("/sign", { form: { name: "", age: 0 } }))).toMatchObject([
    { loc: ["body", "age"], type: "greater_than_equal", input: "0", ctx: { ge: 1 } },
  ]);
});

test("one schema of the whole form reads its members; others hide nothing", async () => {
  await using client = await TestClient.of(Forms);
  const form = { from: 1, to: 2, id: "evil", request: "evil", ["__proto__"]: "evil", extra: "x" };
  const response = await client.post("/span/7", { form });
  expect(await response.json()).toEqual({ id: "7", from: 1, to: 2, extra: "x" });
  expect(await errorsOf(await client.post("/span/7", { form: { from: "x" } }))).toMatchObject([
    { loc: ["body", "from"], type: "int_parsing", input: "x" },
    { loc: ["body", "to"], type: "missing" },
  ]);
});

test("a field may have another name in the form", async () => {
  class Aliased extends Plugin {
    send = post("/", { form: { text: alias("body", z.string()) } }, ({ text }) => text);
  }
  await using client = await TestClient.of(Aliased);
  expect(await (await client.post("/", { form: { body: "hello" } })).json()).toBe("hello");
});

test("no form at all lacks its fields", async () => {
  await using client = await TestClient.of(Forms);
  expect(await errorsOf(await client.post("/sign"))).toMatchObject([
    { loc: ["body", "name"], type: "missing" },
    { loc: ["body", "age"], type: "missing" },
  ]);
});

test("bytes that are not called a form are 415 (decision 17)", async () => {
  await using client = await TestClient.of(Forms);
  const response = await client.post("/sign", { json: { name: "Ann", age: 30 } });
  expect(response.status).toBe(415);
  expect(response.headers.get("accept")).toBe(
    "multipart/form-data, application/x-www-form-urlencoded",
  );
  expect((await client.post("/sign", { body: "name=Ann" })).status).toBe(415);
});

test("more than a thousand fields are 400", async () => {
  await using client = await TestClient.of(Forms);
  const form = { name: "Ann", age: 30, tag: Array.from({ length: 998 }, String) };
  expect((await client.post("/sign", { form })).status).toBe(200);
  const more = { ...form, tag: [...form.tag, "one more"] };
  const response = await client.post("/sign", { form: more });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { detail: "Too many fields. Maximum number of fields is 1000." },
  ]);
});

test("a form that is not UTF-8 is 400, one that is too large 413", async () => {
  class Small extends Plugin {
    send = post("/", { form: { a: z.string() }, bodyLimit: 10 }, ({ a }) => a);
  }
  await using client = await TestClient.of(Small);
  const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  expect((await client.post("/", { body: Uint8Array.of(0x61, 0x3d, 0xff), headers })).status).toBe(
    400,
  );
  expect((await client.post("/", { body: "a=1234567890", headers })).status).toBe(413);
  expect(await (await client.post("/", { body: "a=%ff", headers })).json()).toBe("\ufffd");
});

test("signing in takes either type of a form, too", async () => {
  const admin = { user: "admin", password: "A-long-passphrase-7" };
  await using client = await TestClient.of([], { accounts: true, settings: { admin } });
  const form = { username: admin.user, password: admin.password };
  for (const files of [undefined, {}]) {
    const response = await client.post("/auth/login", { form, ...(files && { files }) });
    expect(await response.json()).toMatchObject({ token_type: "bearer" });
  }
});

async function errorsOf(response: TestResponse): Promise<ErrorItem[]> {
  expect(response.status).toBe(422);
  return ((await response.json()) as { errors: ErrorItem[] }).errors;
}
