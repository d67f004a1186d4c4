import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { settingsKey } from "../config/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { file, files, post } from "./index.ts";

const MB = 1024 * 1024;

class Files extends Plugin {
  one = post("/one", { form: { file: file({ maxSize: "1MB" }) } }, ({ file }) => file.size);
  four = post(
    "/four",
    { form: { files: files({ max: 4, maxSize: "1MB" }) } },
    ({ files }) => files.length,
  );
  bounded = post(
    "/bounded",
    { form: { file: file({ optional: true }) }, bodyLimit: "3MB" },
    ({ file }) => file?.size ?? "none",
  );
  small = post(
    "/small",
    { form: { file: file({ optional: true }) }, bodyLimit: 1000 },
    ({ file }) => file?.size ?? "none",
  );
}

const head = "--b\r\nContent-Disposition: form-data; name=";

/** Sends pieces, so that nobody can know how much there will be. */
async function send(
  client: TestClient,
  path: string,
  pieces: Iterable<string>,
): Promise<[status: number, answer: unknown]> {
  const response = await client.app.fetch(
    new Request(`http://localhost${path}`, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=b" },
      body: ReadableStream.from(Array.from(pieces, (piece) => Buffer.from(piece))),
      duplex: "half",
    }),
  );
  return [response.status, await response.json()];
}

test("a body may be as large as all its files together", async () => {
  await using client = await TestClient.of(Files);
  const most = Array.from({ length: 4 }, () => ({ filename: "a", content: new Uint8Array(MB) }));
  expect(await (await client.post("/four", { files: { files: most } })).json()).toBe(4);
});

test("what no field asks for counts, too, where a body does not say how large it is", async () => {
  await using client = await TestClient.of(Files);
  const stray = [
    `${head}x; filename=x\r\n\r\n`,
    ...Array.from({ length: 4 }, () => "x".repeat(MB)),
  ];
  expect(await send(client, "/one", stray)).toMatchObject([
    413,
    { detail: `The body is larger than ${3 * MB} bytes`, error_code: "BODY_TOO_LARGE" },
  ]);
  const behind = [`${head}file; filename=a\r\n\r\nabc\r\n--b--`, "x".repeat(MB)];
  expect(await send(client, "/one", behind)).toEqual([200, 3]);
  expect(await send(client, "/small", behind)).toMatchObject([413, {}]);
});

test("a head without an end is refused when it is too large, not when the body is", async () => {
  await using client = await TestClient.of(Files);
  const endless = ["--b\r\n", ...Array.from({ length: 4 }, () => "x".repeat(MB))];
  expect(await send(client, "/one", endless)).toMatchObject([
    400,
    { detail: "The multipart body is malformed: the head of a part is larger than 16384 bytes" },
  ]);
});

test("a bodyLimit for files is none for texts, in either type of a form", async () => {
  await using client = await TestClient.of(Files);
  const form = { a: "x".repeat(2 * MB) };
  expect((await client.post("/bounded", { form })).status).toBe(413);
  expect((await client.post("/bounded", { form, files: {} })).status).toBe(413);
  const file = { filename: "a", content: new Uint8Array(2 * MB) };
  expect(await (await client.post("/bounded", { files: { file } })).json()).toBe(2 * MB);
  expect((await client.post("/small", { form: { a: "x".repeat(1000) } })).status).toBe(413);
});

test("the files of a request have 1 MB of memory together, tiny ones aside", async () => {
  class Counts extends Plugin {
    count = post("/", { form: { files: files() } }, () => {
      const { dataDir } = client.app.scope.get(settingsKey);
      return readdirSync(join(dataDir, "uploads")).length;
    });
  }
  await using client = await TestClient.of(Counts);
  const sizes = [...Array.from({ length: 20 }, () => 60_000), 20_000, ...Array(10).fill(4000)];
  const sent = sizes.map((size) => ({ filename: "a", content: "x".repeat(size) }));
  // 17 of the large ones fit, and the one after them: what went to the disk has given its room back.
  expect(await (await client.post("/", { files: { files: sent } })).json()).toBe(3);
});
