import { inject } from "nexus-platform";
import { Database } from "nexus-platform/database";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import MyPlugin from "./index.ts";
import { picture, storedKeys, type TestFile, upload, uploadMultiple } from "./test-files.ts";
import { createTestUser, type SignedIn, signIn } from "./test-user.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const tenMiB = 10 * 1024 * 1024;

async function start(): Promise<{ client: TestClient; me: SignedIn; userId: string }> {
  const client = await TestClient.of(MyPlugin, { accounts: true, raiseErrors: false });
  const { user_id: userId } = await createTestUser(client, "alice");
  return { client, me: await signIn(client, "alice"), userId };
}

interface Row {
  file_id: string;
  filename: string;
  storage_key: string;
}

const rows = (client: TestClient) =>
  client.app
    .run(() => inject(Database<{ my_plugin_files: Row }>))
    .selectFrom("my_plugin_files")
    .selectAll()
    .execute();

test("an upload is answered with its id, and where it is downloaded", async () => {
  const { client, me, userId } = await start();
  await using _ = client;
  const response = await upload(client, picture, me);
  expect(response.status).toBe(200);
  const answer = (await response.json()) as { file_id: string };
  expect(answer).toEqual({
    file_id: expect.stringMatching(uuid),
    filename: "tea.png",
    content_type: "image/png",
    size: 20_000,
    download_url: `/my-plugin/files/${answer.file_id}/download`,
  });
  expect(await rows(client)).toMatchObject([
    { file_id: answer.file_id, filename: "tea.png", size: 20_000, uploaded_by: userId },
  ]);
});

test("who has not signed in uploads nothing", async () => {
  const { client } = await start();
  await using _ = client;
  const headers = { authorization: "Bearer none" };
  for (const asking of [{}, { headers }]) {
    const one = await client.post("/my-plugin/upload", { files: { file: picture }, ...asking });
    expect(one.status).toBe(401);
    const many = { files: { files: [picture] }, ...asking };
    expect((await client.post("/my-plugin/upload/multiple", many)).status).toBe(401);
  }
  expect(await storedKeys(client)).toEqual([]);
});

test.each(["image/jpeg", "image/png", "image/gif", "application/pdf"])(
  "a file of the type %s is taken",
  async (type) => {
    const { client, me } = await start();
    await using _ = client;
    expect((await upload(client, { ...picture, type }, me)).status).toBe(200);
  },
);

test.each([
  ["text/html", "text/html"],
  ["image/svg+xml", "image/svg+xml"],
  ["", "application/octet-stream"],
])("a file of the type %j is refused, and not kept", async (type, told) => {
  const { client, me } = await start();
  await using _ = client;
  const response = await upload(client, { ...picture, type }, me);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ detail: `File type ${told} not allowed` });
  expect([await storedKeys(client), await rows(client)]).toEqual([[], []]);
});

test("ten MiB are taken, one byte more is too large, and much more is cut off", async () => {
  const { client, me } = await start();
  await using _ = client;
  const sized = (size: number) => upload(client, { ...picture, content: Buffer.alloc(size) }, me);
  const largest = await sized(tenMiB);
  expect(largest.status).toBe(200);
  expect(await largest.json()).toMatchObject({ size: tenMiB });
  const larger = await sized(tenMiB + 1);
  expect(larger.status).toBe(400);
  expect(await larger.json()).toMatchObject({ detail: "File too large" });
  const huge = await sized(12 * 1024 * 1024);
  expect(huge.status).toBe(413);
  expect(await huge.json()).toMatchObject({ detail: expect.stringContaining("file") });
  expect(await storedKeys(client)).toHaveLength(1);
});

test("an empty file is taken, as the page has it", async () => {
  const { client, me } = await start();
  await using _ = client;
  const response = await upload(client, { ...picture, content: "" }, me);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ size: 0 });
});

test("a missing file is said to be missing, a text in its place to be no file", async () => {
  const { client, me } = await start();
  await using _ = client;
  const faults = async (asking: object) => {
    const response = await client.post("/my-plugin/upload", { ...asking, ...me });
    expect(response.status).toBe(422);
    return ((await response.json()) as { errors: unknown[] }).errors;
  };
  const missing = [expect.objectContaining({ type: "missing", loc: ["body", "file"] })];
  expect(await faults({})).toEqual(missing);
  expect(await faults({ files: { other: picture } })).toEqual(missing);
  expect(await faults({ files: { file: { filename: "", content: "" } } })).toEqual(missing);
  expect(await faults({ form: { file: "text" } })).toEqual([
    expect.objectContaining({
      type: "value_error",
      loc: ["body", "file"],
      msg: expect.stringContaining("Expected UploadFile, received: "),
    }),
  ]);
});

test("what is no form is refused before it is looked at", async () => {
  const { client, me } = await start();
  await using _ = client;
  const json = await client.post("/my-plugin/upload", { json: { file: "x" }, ...me });
  expect(json.status).toBe(415);
  const headers = { ...me.headers, "content-type": "multipart/form-data" };
  const bare = await client.post("/my-plugin/upload", { body: "x", headers });
  expect(bare.status).toBe(400);
  expect(await bare.json()).toMatchObject({ detail: expect.stringContaining("boundary") });
});

test.each([
  ["../../etc/passwd", /^my-plugin\/uploads\/[0-9a-f-]{36}$/],
  ["..\\..\\boot.ini", /^my-plugin\/uploads\/[0-9a-f-]{36}\.ini$/],
  ["C:\\a b\\tea.PNG", /^my-plugin\/uploads\/[0-9a-f-]{36}\.png$/],
  ["x.png/../../y", /^my-plugin\/uploads\/[0-9a-f-]{36}$/],
  ["x.p\u202eng", /^my-plugin\/uploads\/[0-9a-f-]{36}$/],
  [`x.${"a".repeat(100)}`, /^my-plugin\/uploads\/[0-9a-f-]{36}$/],
  [".htaccess", /^my-plugin\/uploads\/[0-9a-f-]{36}$/],
  ["日本語 €.gif", /^my-plugin\/uploads\/[0-9a-f-]{36}\.gif$/],
])("the name %j is told as it came, and the file kept under another", async (filename, key) => {
  const { client, me } = await start();
  await using _ = client;
  const response = await upload(client, { ...picture, filename }, me);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ filename });
  expect(await storedKeys(client)).toEqual([expect.stringMatching(key)]);
  expect(await rows(client)).toMatchObject([
    { filename, storage_key: (await storedKeys(client))[0] },
  ]);
});

test("of several files one that is refused does not hold up the others", async () => {
  const { client, me } = await start();
  await using _ = client;
  const files: TestFile[] = [
    picture,
    { filename: "page.html", content: "<p>", type: "text/html" },
    { filename: "large.pdf", content: Buffer.alloc(tenMiB + 1), type: "application/pdf" },
    { filename: "last.gif", content: "GIF", type: "image/gif" },
  ];
  const response = await uploadMultiple(client, files, me);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    results: [
      success("tea.png", "image/png", 20_000),
      { status: "error", filename: "page.html", error: "File type text/html not allowed" },
      { status: "error", filename: "large.pdf", error: "File too large" },
      success("last.gif", "image/gif", 3),
    ],
  });
  expect(await storedKeys(client)).toHaveLength(2);
});

test("one to ten files come at once, and eleven are too many", async () => {
  const { client, me } = await start();
  await using _ = client;
  const many = (count: number) =>
    uploadMultiple(
      client,
      Array.from({ length: count }, () => picture),
      me,
    );
  const none = await client.post("/my-plugin/upload/multiple", { form: { x: "1" }, ...me });
  expect(none.status).toBe(422);
  for (const count of [1, 10]) {
    const response = await many(count);
    const { results } = (await response.json()) as { results: { status: string }[] };
    expect(results.map(({ status }) => status)).toEqual(Array(count).fill("success"));
  }
  const refused = await many(11);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ detail: "Too many files (max 10)" });
  expect(await storedKeys(client)).toHaveLength(11);
});

test("when the row cannot be written, nothing of the file stays", async () => {
  const { client, me } = await start();
  await using _ = client;
  const db = client.app.run(() => inject(Database<{ my_plugin_files: Row }>));
  await db.schema.dropTable("my_plugin_files").execute();
  expect((await upload(client, picture, me)).status).toBe(500);
  const several = await uploadMultiple(client, [picture], me);
  expect(await several.json()).toEqual({
    // Nothing of the database is told.
    results: [{ status: "error", filename: "tea.png", error: "The file could not be stored" }],
  });
  expect(await storedKeys(client)).toEqual([]);
});

function success(filename: string, content_type: string, size: number): object {
  return {
    status: "success",
    file: {
      file_id: expect.stringMatching(uuid),
      filename,
      content_type,
      size,
      download_url: expect.stringMatching(/^\/my-plugin\/files\/[0-9a-f-]{36}\/download$/),
    },
  };
}
