import { inject } from "nexus-platform";
import { Storage } from "nexus-platform/storage";
import { TestClient } from "nexus-platform/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { inChunks } from "./file-service.ts";
import MyPlugin from "./index.ts";
import { picture, type TestFile, upload } from "./test-files.ts";
import { createTestUser, type SignedIn, signIn } from "./test-user.ts";

let client: TestClient;
let me: SignedIn;
beforeAll(async () => {
  client = await TestClient.of(MyPlugin, { accounts: true });
  await createTestUser(client, "alice");
  me = await signIn(client, "alice");
});
afterAll(() => client[Symbol.asyncDispose]());

/** Uploads a file. @returns its path, before /download and /stream */
async function keep(file: TestFile = picture): Promise<string> {
  const response = await upload(client, file, me);
  const { file_id } = await response.json(z.object({ file_id: z.string() }));
  return `/my-plugin/files/${file_id}`;
}

test("a file is downloaded as it was uploaded, under the name that it had", async () => {
  const path = await keep();
  // Whoever knows the id: nobody need sign in.
  const response = await client.get(`${path}/download`);
  expect(response.status).toBe(200);
  expect(Buffer.from(response.bytes()).equals(picture.content as Uint8Array)).toBe(true);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "image/png",
    "content-length": "20000",
    "accept-ranges": "bytes",
    "content-disposition": 'attachment; filename="tea.png"',
    "x-content-type-options": "nosniff",
  });
  expect(response.headers.get("etag")).toMatch(/^"[^"]+"$/);
  expect(new Date(response.headers.get("last-modified")!).getTime()).toBeGreaterThan(0);
});

test("a part of a file is sent when it is asked for, and nothing to who has it already", async () => {
  const path = await keep({ ...picture, content: "0123456789" });
  const ask = (headers: Record<string, string>) => client.get(`${path}/download`, { headers });
  const part = await ask({ range: "bytes=2-4" });
  expect([part.status, await part.text()]).toEqual([206, "234"]);
  expect(part.headers.get("content-range")).toBe("bytes 2-4/10");
  const beyond = await ask({ range: "bytes=10-" });
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */10"]);
  const etag = (await ask({})).headers.get("etag")!;
  expect((await ask({ "if-none-match": etag })).status).toBe(304);
  expect((await ask({ "if-none-match": '"another"' })).status).toBe(200);
});

test("a file is streamed in chunks of 8 KB", async () => {
  const path = await keep();
  const response = await client.get(`${path}/stream`);
  expect(response.status).toBe(200);
  expect(Buffer.from(response.bytes()).equals(picture.content as Uint8Array)).toBe(true);
  expect(response.headers.get("content-type")).toBe("image/png");
  expect(response.headers.get("content-length")).toBeNull();
  expect(response.headers.get("content-disposition")).toBe('attachment; filename="tea.png"');
  // A stream has no ranges.
  const part = await client.get(`${path}/stream`, { headers: { range: "bytes=2-4" } });
  expect([part.status, part.bytes().length]).toEqual([200, 20_000]);

  const lengths: number[] = [];
  for await (const { length } of inChunks(pieces([1, 8191, 0, 20_000, 5]), 8192))
    lengths.push(length);
  expect(lengths).toEqual([8192, 8192, 8192, 3621]);
});

test.each([
  ["../../etc/passwd", /^attachment; filename="passwd"$/],
  ['a"; b="c.png', /^attachment; filename="a\\"; b=\\"c\.png"$/],
  ["x; filename=evil.exe", /^attachment; filename="x; filename=evil\.exe"$/],
  ["a\r\nSet-Cookie: x=1", /^attachment; filename="aSet-Cookie: x=1"$/],
  ["日本語 €.gif", /filename\*=UTF-8''%E6%97%A5%E6%9C%AC%E8%AA%9E%20%E2%82%AC\.gif$/i],
])("a file called %j writes no header of its own", async (filename, disposition) => {
  // Written so that every character arrives.
  const body =
    `--b\r\nContent-Disposition: form-data; name="file"; filename*=UTF-8''${encodeURIComponent(filename)}\r\n` +
    "Content-Type: image/png\r\n\r\npicture\r\n--b--\r\n";
  const headers = { ...me.headers, "content-type": "multipart/form-data; boundary=b" };
  const uploaded = await client.post("/my-plugin/upload", { body, headers });
  const { file_id, ...told } = await uploaded.json(
    z.object({ file_id: z.string(), filename: z.string() }),
  );
  expect(told.filename).toBe(filename);
  for (const way of ["download", "stream"]) {
    const response = await client.get(`/my-plugin/files/${file_id}/${way}`);
    expect([way, response.status]).toEqual([way, 200]);
    expect(response.headers.get("content-disposition")).toMatch(disposition);
    expect(response.headers.get("set-cookie")).toBeNull();
  }
});

test("a file that nobody uploaded is not found", async () => {
  for (const id of ["00000000-0000-4000-8000-000000000000", "..%5C..%5Cetc", "1'--"])
    for (const way of ["download", "stream"]) {
      const response = await client.get(`/my-plugin/files/${id}/${way}`);
      expect([id, way, response.status]).toEqual([id, way, 404]);
      expect(await response.json()).toMatchObject({ detail: "File not found" });
    }
});

test("a file whose content is gone is said to be gone", async () => {
  const path = await keep();
  await client.app.run(async () => {
    const storage = inject(Storage);
    const id = path.split("/").at(-1)!;
    await storage.delete(`my-plugin/uploads/${id}.png`);
  });
  for (const way of ["download", "stream"]) {
    const response = await client.get(`${path}/${way}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ detail: "File not found on disk" });
  }
});

test("a file's head is answered without the file", async () => {
  const response = await client.head(`${await keep()}/download`);
  expect([response.status, response.bytes().length]).toEqual([200, 0]);
  expect(response.headers.get("content-length")).toBe("20000");
});

async function* pieces(lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const length of lengths) yield new Uint8Array(length);
}
