import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { ErrorItem } from "../exceptions.ts";
import type { UploadFile } from "../message/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient, type TestResponse } from "../testing/index.ts";
import { file, files, post } from "./index.ts";

const large = "x".repeat(200_000);
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

class Files extends Plugin {
  one = post("/one", { form: { file: file({ maxSize: "1MB" }) } }, async ({ file }) => ({
    filename: file.filename,
    type: file.contentType,
    size: file.size,
    text: (await file.text()).slice(0, 20),
  }));
  maybe = post("/maybe", { form: { file: file({ optional: true }) } }, ({ file }) => {
    expectTypeOf(file).toEqualTypeOf<UploadFile | undefined>();
    return file?.filename ?? "none";
  });
  many = post("/many", { form: { files: files({ max: 10 }) } }, ({ files }) => {
    expectTypeOf(files).toEqualTypeOf<readonly UploadFile[]>();
    return files.map(({ filename }) => filename);
  });
  few = post("/few", { form: { files: files({ min: 2 }) } }, ({ files }) => files.length);
  any = post("/any", { form: { files: files({ min: 0 }) } }, ({ files }) => files.length);
  mixed = post(
    "/mixed/{id:int}",
    {
      query: { draft: z.boolean() },
      form: { title: z.string().min(2), file: file(), times: z.int(), tags: z.array(z.string()) },
    },
    ({ id, draft, title, file, times, tags }) => [id, draft, title, file.size, times, tags],
  );
  image = post(
    "/image",
    { form: { image: file({ types: ["image/*", "Application/PDF"] }) } },
    ({ image }) => image.contentType,
  );
  sniffed = post(
    "/sniffed",
    { form: { image: file({ types: ["image/png", "image/jpeg"], sniff: true }) } },
    ({ image }) => image.contentType,
  );
  text = post("/text", { form: { title: z.string() } }, ({ title }) => title);
  whole = post("/whole", { form: z.object({ title: z.string() }) }, ({ title }) => title);
  bounded = post("/bounded", { form: { file: file() }, bodyLimit: 1000 }, ({ file }) => file.size);
}

const files3 = (names: readonly string[], content = "x") =>
  names.map((filename) => ({ filename, content }));

test("a file has its name, type, size and content", async () => {
  await using client = await TestClient.of(Files);
  const sent = new File(["Hello"], "hello.txt", { type: "text/plain" });
  const response = await client.post("/one", { files: { file: sent } });
  expect(await response.json()).toEqual({
    filename: "hello.txt",
    type: "text/plain",
    size: 5,
    text: "Hello",
  });
});

test("a file without a type is application/octet-stream (U5)", async () => {
  await using client = await TestClient.of(Files);
  const file = { filename: "a", content: large };
  expect(await (await client.post("/one", { files: { file } })).json()).toMatchObject({
    type: "application/octet-stream",
    size: 200_000,
  });
});

test.each(["../../etc/passwd", "C:\\dir\\a.txt", "näme 日本.txt", "100%.txt", "a;b=c.txt"])(
  "the name that the client gives stays untouched: %s (U6)",
  async (filename) => {
    await using client = await TestClient.of(Files);
    const response = await client.post("/one", { files: { file: { filename, content: "" } } });
    expect(await response.json()).toMatchObject({ filename, size: 0 });
  },
);

test("what is missing is 422 at its field (U2)", async () => {
  await using client = await TestClient.of(Files);
  const missing = [{ loc: ["body", "file"], type: "missing" }];
  const empty = { filename: "", content: "", type: "application/octet-stream" };
  const other = { filename: "a", content: "a" };
  expect(await errorsOf(await client.post("/one"))).toMatchObject(missing);
  expect(await errorsOf(await client.post("/one", { files: {} }))).toMatchObject(missing);
  expect(await errorsOf(await client.post("/one", { files: { other } }))).toMatchObject(missing);
  expect(await errorsOf(await client.post("/one", { files: { file: empty } }))).toMatchObject(
    missing,
  );
  expect(await errorsOf(await client.post("/one", { form: { file: "" } }))).toMatchObject(missing);
  expect(await errorsOf(await client.post("/many", { files: {} }))).toMatchObject([
    { loc: ["body", "files"], type: "missing" },
  ]);
  expect((await client.post("/one", { json: { file: "a" } })).status).toBe(415);
});

test("a text where a file should be, or a file where a text should be, is 422 (U2)", async () => {
  await using client = await TestClient.of(Files);
  const expected = [
    { loc: ["body", "file"], type: "value_error", msg: "Expected UploadFile, received: text" },
  ];
  expect(await errorsOf(await client.post("/one", { form: { file: "a" } }))).toEqual(expected);
  expect(await errorsOf(await client.post("/one", { form: { file: "a" }, files: {} }))).toEqual(
    expected,
  );
  const title = { filename: "a", content: "a" };
  const stray = [
    { loc: ["body", "title"], type: "value_error", msg: "Expected text, received: a file" },
  ];
  expect(await errorsOf(await client.post("/text", { files: { title } }))).toEqual(stray);
  expect(await errorsOf(await client.post("/whole", { files: { title } }))).toEqual(stray);
});

test("a file may be optional, and several may be none", async () => {
  await using client = await TestClient.of(Files);
  expect(await (await client.post("/maybe", { files: {} })).json()).toBe("none");
  expect(await (await client.post("/maybe")).json()).toBe("none");
  expect(await (await client.post("/any", { files: {} })).json()).toBe(0);
  const [file] = files3(["a"]);
  expect(await (await client.post("/maybe", { files: { file: file! } })).json()).toBe("a");
});

test("of two files for one the last one counts (U7)", async () => {
  await using client = await TestClient.of(Files);
  const response = await client.post("/one", { files: { file: files3(["a", "b"], large) } });
  expect(await response.json()).toMatchObject({ filename: "b" });
});

test("several files keep their order; too many are 400, too few 422 (U8)", async () => {
  await using client = await TestClient.of(Files);
  const names = Array.from({ length: 10 }, (_, at) => `${at}.txt`);
  const all = await client.post("/many", { files: { files: files3(names) } });
  expect(await all.json()).toEqual(names);
  const more = await client.post("/many", { files: { files: files3([...names, "more"]) } });
  expect([more.status, await more.json()]).toMatchObject([
    400,
    { detail: "Too many files (max 10)" },
  ]);
  const few = await client.post("/few", { files: { files: files3(["a"]) } });
  expect(await errorsOf(few)).toMatchObject([{ loc: ["body", "files"], type: "too_short" }]);
});

test("more than a thousand files are 400, whatever they are for (U9)", async () => {
  await using client = await TestClient.of(Files);
  const names = Array.from({ length: 1001 }, String);
  const response = await client.post("/one", { files: { file: files3(["a"]), x: files3(names) } });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { detail: "Too many files. Maximum number of files is 1000." },
  ]);
});

test("texts and files share a form; all faults come at once (U11)", async () => {
  await using client = await TestClient.of(Files);
  const file = { filename: "a", content: "abc" };
  const good = await client.post("/mixed/7?draft=yes", {
    form: { title: "Title", times: 3, tags: ["a", "b"] },
    files: { file },
  });
  expect(await good.json()).toEqual([7, true, "Title", 3, 3, ["a", "b"]]);
  const bad = await client.post("/mixed/7?draft=x", {
    form: { title: "T", times: "x" },
    files: {},
  });
  expect((await errorsOf(bad)).map(({ loc, type, input }) => [loc, type, input])).toEqual([
    [["query", "draft"], "bool_parsing", "x"],
    [["body", "title"], "string_too_short", "T"],
    [["body", "file"], "missing", undefined],
    [["body", "times"], "int_parsing", "x"],
    [["body", "tags"], "missing", undefined],
  ]);
});

test("a form of texts may be multipart, too", async () => {
  await using client = await TestClient.of(Files);
  for (const path of ["/text", "/whole"]) {
    const response = await client.post(path, { form: { title: "Ä ☃" }, files: {} });
    expect(await response.json()).toBe("Ä ☃");
  }
});

test("a file that is too large is 413, its limit and field named; at the limit it is fine (U4)", async () => {
  await using client = await TestClient.of(Files);
  const most = { filename: "a", content: new Uint8Array(1_048_576) };
  expect((await client.post("/one", { files: { file: most } })).status).toBe(200);
  const more = { filename: "a", content: new Uint8Array(1_048_577) };
  const response = await client.post("/one", { files: { file: more } });
  expect([response.status, await response.json()]).toMatchObject([
    413,
    { detail: 'The file in "file" is larger than 1048576 bytes', error_code: "FILE_TOO_LARGE" },
  ]);
});

test("a body that cannot fit is 413 before it is read; bodyLimit bounds the whole of it", async () => {
  await using client = await TestClient.of(Files);
  const files = { file: { filename: "a", content: new Uint8Array(4_000_000) } };
  expect(await (await client.post("/one", { files })).json()).toMatchObject({
    status: 413,
    detail: "The body is larger than 3145728 bytes",
  });
  const small = { file: { filename: "a", content: new Uint8Array(900) } };
  expect((await client.post("/bounded", { files: small })).status).toBe(413);
  expect((await client.post("/bounded", { files: { file: files3(["a"]) } })).status).toBe(200);
});

test("texts are at most 1 MB together, also beside files (U9)", async () => {
  await using client = await TestClient.of(Files);
  const file = { filename: "a", content: "a" };
  const form = { a: "x".repeat(600_000), b: "x".repeat(600_000) };
  const response = await client.post("/one", { files: { file }, form });
  expect([response.status, await response.json()]).toMatchObject([
    413,
    { detail: "The texts of the form are larger than 1048576 bytes" },
  ]);
});

test("a type that is not allowed is 415, and those that are allowed are named", async () => {
  await using client = await TestClient.of(Files);
  const ask = async (type?: string) => {
    const image = { filename: "a", content: "a", ...(type && { type }) };
    return client.post("/image", { files: { image } });
  };
  expect(await (await ask("IMAGE/PNG; a=b")).json()).toBe("IMAGE/PNG; a=b");
  expect((await ask("application/pdf")).status).toBe(200);
  expect(await (await ask("text/html")).json()).toMatchObject({
    status: 415,
    detail: 'The file in "image" must be image/* or application/pdf, not text/html',
  });
  expect((await ask()).status).toBe(415);
  const nameless = { filename: "", content: "a", type: "text/html" };
  expect((await client.post("/image", { files: { image: nameless } })).status).toBe(415);
  const empty = { filename: "", content: "", type: "application/octet-stream" };
  expect((await client.post("/image", { files: { image: empty } })).status).toBe(422);
});

test("where it is asked for, the content has to be what its type says", async () => {
  await using client = await TestClient.of(Files);
  const ask = (content: string | Uint8Array) =>
    client.post("/sniffed", { files: { image: { filename: "a", content, type: "image/jpeg" } } });
  expect(await (await ask(png)).json()).toBe("image/png");
  expect(await (await ask(Buffer.concat([png, Buffer.alloc(300_000)]))).json()).toBe("image/png");
  for (const lie of ["<html>", "%PDF-1.4\n", "", large])
    expect(await (await ask(lie)).json()).toMatchObject({
      status: 415,
      detail: 'The content of the file in "image" must be image/png or image/jpeg',
    });
});

async function errorsOf(response: TestResponse): Promise<ErrorItem[]> {
  expect(response.status).toBe(422);
  return ((await response.json()) as { errors: ErrorItem[] }).errors;
}
