import { expect, test } from "vitest";
import { z } from "zod";
import { Plugin } from "../plugin/index.ts";
import { TestClient, type TestResponse } from "../testing/index.ts";
import { alias, files, post } from "./index.ts";

class Forms extends Plugin {
  text = post("/text", { form: { a: z.string() } }, ({ a }) => a);
  texts = post("/texts", { form: { a: z.array(z.string()) } }, ({ a }) => a);
  names = post("/names", { form: { files: alias("f", files()) } }, ({ files }) =>
    files.map(({ filename, contentType }) => [filename, contentType]),
  );
  content = post("/content", { form: { files: alias("f", files({ min: 0 })) } }, ({ files }) =>
    Promise.all(files.map((file) => file.text())),
  );
}

const field = 'Content-Disposition: form-data; name="a"';
const named = (parameters: string): string =>
  `Content-Disposition: form-data; name=f; ${parameters}`;
const part = (head: string, content = "x"): string => `--b\r\n${head}\r\n\r\n${content}\r\n`;

async function send(
  client: TestClient,
  path: string,
  body: string | Uint8Array,
  type = "multipart/form-data; boundary=b",
): Promise<TestResponse> {
  return client.post(path, { body, headers: { "content-type": type } });
}

test.each([
  ["a quoted one", 'filename="a b.txt"', "a b.txt"],
  ["a bare one", "filename=a.txt", "a.txt"],
  ["quotes in it", String.raw`filename="a\"b\\c.txt"`, String.raw`a"b\c.txt`],
  ["a path of Windows", String.raw`filename="C:\dir\a.txt"`, String.raw`C:\dir\a.txt`],
  ["UTF-8 as it is", 'filename="näme ☃.txt"', "näme ☃.txt"],
  ["percent signs stay", 'filename="100%20.txt"', "100%20.txt"],
  ["an encoded one goes before", "filename=a.txt; filename*=utf-8'de'n%C3%A4me.txt", "näme.txt"],
  ["an encoded one that cannot be read", "filename=a.txt; filename*=utf-8''%ff", "a.txt"],
  ["semicolons and equal signs", 'FileName="a;name=b.txt"', "a;name=b.txt"],
])("the name of a file may be written as %s", async (_, parameters, expected) => {
  await using client = await TestClient.of(Forms);
  const response = await send(client, "/names", `${part(named(parameters))}--b--`);
  expect(await response.json()).toEqual([[expected, "application/octet-stream"]]);
});

test("the type of a file stays as it was sent, unless it is none", async () => {
  await using client = await TestClient.of(Forms);
  const strange = ["text/plain;", "text/plain; a", "text/plain; a=b c", "text/plain; a=1; a=2"];
  const types = ["text/plain; charset=utf-8", "nonsense", "text/\u00e4", "", ...strange];
  const parts = types.map((type) => part(`${named("filename=a")}\r\nContent-Type: ${type}`));
  const response = await send(client, "/names", `${parts.join("")}--b--`);
  const unknown = "application/octet-stream";
  expect(((await response.json()) as string[][]).map(([, type]) => type)).toEqual([
    "text/plain; charset=utf-8",
    unknown,
    unknown,
    unknown,
    ...strange,
  ]);
});

test.each([
  ["no boundary at all", "--"],
  ["another boundary", `${part(field).replace("--b", "--c")}--c--`],
  ["something before the first one", `hello\r\n${part(field)}--b--`],
  ["no last one", part(field)],
  ["an end within a head", `--b\r\n${field}`],
  ["an end within the content", `--b\r\n${field}\r\n\r\nx`],
  ["line feeds alone", `${part(field)}--b--`.replaceAll("\r\n", "\n")],
  ["no name", `${part("Content-Disposition: form-data")}--b--`],
  ["an empty name", `${part('Content-Disposition: form-data; name=""')}--b--`],
  ["two names", `${part(`${field}; name=b`)}--b--`],
  ["no disposition", `${part("Content-Type: text/plain")}--b--`],
  ["a boundary far from the end of its line", `--b${" ".repeat(101)}${part(field).slice(3)}--b--`],
  ["no head", "--b\r\n\r\nx\r\n--b--"],
  ["another disposition", `${part("Content-Disposition: attachment; name=a")}--b--`],
  ["two dispositions", `${part(`${field}\r\n${field}`)}--b--`],
  [
    "a name of a file that is only encoded, and unreadable",
    `${part(named("filename*=utf-8''%ff"))}--b--`,
  ],
  ["a name of a file in another charset", `${part(named("filename*=latin1''a"))}--b--`],
  ["an open quote", `${part('Content-Disposition: form-data; name="a')}--b--`],
  ["a line that is no field", `${part(`${field}\r\nhello`)}--b--`],
  ["a control character", `${part(`${field}\r\nX-A: \0`)}--b--`],
  ["an encoding", `${part(`${field}\r\nContent-Transfer-Encoding: base64`)}--b--`],
  ["a large head", `${part(`${field}\r\nX-A: ${"a".repeat(17_000)}`)}--b--`],
  ["a large head without end", `--b\r\n${"a".repeat(17_000)}`],
  ["many fields in a head", `${part(`${field}\r\n${"A: b\r\n".repeat(100)}C: d`)}--b--`],
])("a body with %s is 400", async (_, body) => {
  await using client = await TestClient.of(Forms);
  const response = await send(client, "/text", body);
  expect(await response.json()).toMatchObject({
    status: 400,
    error_code: "MALFORMED_MULTIPART",
    detail: expect.stringMatching(/^The multipart body is malformed: /),
  });
});

test.each([
  "multipart/form-data",
  "multipart/form-data; boundary=",
  'multipart/form-data; boundary=""',
])("a form without a boundary is 400: %s (U9)", async (type) => {
  await using client = await TestClient.of(Forms);
  expect(await (await send(client, "/text", "x", type)).json()).toMatchObject({
    status: 400,
    detail: "Missing boundary in multipart.",
  });
});

test("a boundary may be quoted, its type in any case, spaces after it and text after the last one", async () => {
  await using client = await TestClient.of(Forms);
  const body = `\r\n--a b\t \r\n${field}\r\n\r\nhello\r\n--a b--\r\nand that was it`;
  const response = await send(client, "/text", body, 'Multipart/Form-Data; Boundary="a b"');
  expect(await response.json()).toBe("hello");
});

test("a boundary has at most 70 characters: to look for long ones takes long", async () => {
  await using client = await TestClient.of(Forms);
  const statuses = [1, 70, 71].map(async (length) => {
    const boundary = "-".repeat(length);
    const body = `--${boundary}\r\n${field}\r\n\r\n--\r\n--${boundary}--`;
    return (await send(client, "/text", body, `multipart/form-data; boundary=${boundary}`)).status;
  });
  expect(await Promise.all(statuses)).toEqual([200, 200, 400]);
});

test("a compressed form is 415", async () => {
  await using client = await TestClient.of(Forms);
  const headers = { "content-type": "multipart/form-data; boundary=b", "content-encoding": "gzip" };
  const response = await client.post("/text", { body: `${part(field)}--b--`, headers });
  expect(response.status).toBe(415);
});

test("a text is read in the charset that its part, or _charset_, says", async () => {
  await using client = await TestClient.of(Forms);
  const latin = (type: string, before = ""): Buffer =>
    Buffer.from(`${before}${part(`${field}${type}`, "\u00e4")}--b--`, "latin1");
  const typed = latin("\r\nContent-Type: text/plain; charset=iso-8859-1");
  expect(await (await send(client, "/text", typed)).json()).toBe("ä");
  const said = part("Content-Disposition: form-data; name=_charset_", "iso-8859-1");
  expect(await (await send(client, "/text", latin("", said))).json()).toBe("ä");
  const wrong = await send(client, "/text", latin(""));
  expect(await wrong.json()).toMatchObject({ status: 400, detail: 'The text in "a" is not utf-8' });
  const unknown = await send(client, "/text", latin("\r\nContent-Type: text/plain; charset=x"));
  expect(await unknown.json()).toMatchObject({ status: 400, detail: 'The text in "a" is not x' });
});

test("a text stays whole, whatever it begins with", async () => {
  await using client = await TestClient.of(Forms);
  const head = `X-A: b\r\n${field}\r\nX-A: c`;
  const response = await send(client, "/text", `${part(head, "\ufeff\0x")}--b--`);
  expect(await response.json()).toBe("\ufeff\0x");
});

test("a part with a type but without a name of a file is a text", async () => {
  await using client = await TestClient.of(Forms);
  const body = `${part(`${field}\r\nContent-Type: application/octet-stream`, "hello")}--b--`;
  expect(await (await send(client, "/text", body)).json()).toBe("hello");
});

test("more than a thousand texts are 400, of each part as of a urlencoded form", async () => {
  await using client = await TestClient.of(Forms);
  const thousand = part(field).repeat(1000);
  expect((await send(client, "/texts", `${thousand}--b--`)).status).toBe(200);
  expect(
    await (await send(client, "/texts", `${thousand}${part(field)}--b--`)).json(),
  ).toMatchObject({
    status: 400,
    detail: "Too many fields. Maximum number of fields is 1000.",
  });
});

test("a form of texts is as large as bodyLimit says, whatever its type", async () => {
  class Small extends Plugin {
    normal = post("/", { form: { a: z.string() } }, ({ a }) => a.length);
    large = post("/large", { form: { a: z.string() }, bodyLimit: "3MB" }, ({ a }) => a.length);
  }
  await using client = await TestClient.of(Small);
  const body = `${part(field, "x".repeat(2_000_000))}--b--`;
  expect((await send(client, "/", body)).status).toBe(413);
  expect(await (await send(client, "/large", body)).json()).toBe(2_000_000);
});

test("a body that was read before the route is there again for its form", async () => {
  const seen: number[] = [];
  class Signed extends Plugin {
    signed = post(
      "/",
      {
        form: { a: z.string() },
        middleware: [
          async (request, next) => {
            seen.push((await request.bytes()).byteLength);
            return next();
          },
        ],
      },
      ({ a }) => a,
    );
  }
  await using client = await TestClient.of(Signed);
  const body = `${part(field, "hello")}--b--`;
  expect(await (await send(client, "/", body)).json()).toBe("hello");
  expect(seen).toEqual([body.length]);
});

test("wherever a body is cut apart on its way, its files are the same", async () => {
  await using client = await TestClient.of(Forms);
  const random = createRandom(7);
  const letters = ["\r", "\n", "-", "b", "c", "\r\n--b", "\r\n--", "\t"];
  for (let turn = 0; turn < 200; turn++) {
    const contents = Array.from({ length: random(4) }, () =>
      Array.from({ length: random(30) }, () => letters[random(letters.length)]).join(""),
    ).filter((content) => !/\r\n--b(?:--|[ \t]*\r\n)/.test(`\r\n${content}\r\n`));
    const body = Buffer.from(
      `${contents.map((content) => part(named("filename=a"), content)).join("")}--b--`,
    );
    const response = await client.app.fetch(
      new Request("http://localhost/content", {
        method: "POST",
        headers: { "content-type": "multipart/form-data; boundary=b" },
        body: ReadableStream.from(cut(body, random)),
        duplex: "half",
      }),
    );
    expect(await response.json()).toEqual(contents);
  }
});

function* cut(body: Buffer, random: (below: number) => number): Generator<Buffer> {
  for (let at = 0; at < body.length;) {
    const size = 1 + random(9);
    yield body.subarray(at, at + size);
    at += size;
  }
}

/** The same numbers every time. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}
