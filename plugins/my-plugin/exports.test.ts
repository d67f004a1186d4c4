import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "nexus-platform";
import { Roles } from "nexus-platform/accounts";
import { settingsKey } from "nexus-platform/config";
import { createLog } from "nexus-platform/log";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { csvLine } from "./csv.ts";
import { DataService } from "./data-service.ts";
import MyPlugin from "./index.ts";
import { createTestUser, type SignedIn, signIn, withRoot } from "./test-user.ts";

const start = () => TestClient.of(MyPlugin, withRoot);
const nobody = "00000000-0000-4000-8000-000000000000";

const Started = z.object({ task_id: z.string(), status: z.string(), status_url: z.string() });
const Status = z.object({
  task_id: z.string(),
  status: z.string(),
  progress: z.number(),
  result: z
    .object({ url: z.string(), filename: z.string(), rows: z.int(), size: z.int() })
    .nullable(),
  error: z.string().nullable(),
  created_at: z.date(),
  completed_at: z.date().nullable(),
});

async function exportUsers(client: TestClient, me: SignedIn, json: object = {}) {
  const response = await client.post("/my-plugin/data/export", { json, ...me });
  expect(response.status).toBe(202);
  return response.json(Started);
}

/** Waits until a task has come to its end. */
async function ended(client: TestClient, me: SignedIn, statusUrl: string) {
  for (;;) {
    const status = await (await client.get(statusUrl, me)).json(Status);
    if (status.completed_at) return status;
    await sleep(10);
  }
}

/** Waits for an export, and takes it away. */
async function exported(client: TestClient, me: SignedIn, json: object = {}) {
  const { status_url } = await exportUsers(client, me, json);
  const status = await ended(client, me, status_url);
  expect(status).toMatchObject({ status: "completed", error: null, progress: 1 });
  const { result } = status;
  const file = await client.get(result!.url, me);
  expect(file.status).toBe(200);
  expect(file.bytes()).toHaveLength(result!.size);
  return { result: result!, file, text: await file.text() };
}

/** In order. */
const namesIn = (csv: string): string[] =>
  csv
    .trimEnd()
    .split("\r\n")
    .slice(1)
    .map((line) => line.split(",")[1]!)
    .toSorted();

test("an export is started at once, and its result is downloaded", async () => {
  await using client = await start();
  await createTestUser(client, "alice", { full_name: "Alice", tags: ["a", "b"] });
  const bob = await createTestUser(client, "bob", { full_name: 'Bob "the" B, Esq.' });
  const me = await signIn(client, "bob");
  const started = await exportUsers(client, me);
  expect(started).toEqual({
    task_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    status: "started",
    status_url: `/my-plugin/tasks/${started.task_id}/status`,
  });
  const { result, file, text } = await exported(client, me);
  expect(result).toMatchObject({ rows: 2, filename: "users.csv" });
  expect(file.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(file.headers.get("content-disposition")).toBe('attachment; filename="users.csv"');
  expect(file.headers.get("cache-control")).toBe("no-store");
  const [head, first, second, ...more] = text.split("\r\n");
  expect(head).toBe("user_id,username,email,full_name,active,tags,created_at,updated_at");
  const times = `${bob.created_at.toISOString()},${bob.updated_at.toISOString()}`;
  expect(second).toBe(`${bob.user_id},bob,bob@example.com,"Bob ""the"" B, Esq.",true,,${times}`);
  expect(first).toMatch(/,alice,alice@example\.com,Alice,true,a; b,/);
  expect(more).toEqual([""]);
});

test("an export as JSON is a list of users", async () => {
  await using client = await start();
  const alice = await createTestUser(client, "alice", { tags: ["=1+1"] });
  const me = await signIn(client, "alice");
  const { file } = await exported(client, me, { format: "json" });
  expect(file.headers.get("content-type")).toBe("application/json");
  expect(file.headers.get("content-disposition")).toBe('attachment; filename="users.json"');
  expect(await file.json()).toEqual(JSON.parse(JSON.stringify([alice])));
  const none = await exported(client, me, { format: "json", filters: { search: "nobody" } });
  expect([none.result.rows, await none.file.json()]).toEqual([0, []]);
});

test("an export has whom the filters let through", async () => {
  await using client = await start();
  for (const name of ["alice", "bob", "carol"]) await createTestUser(client, name);
  const { user_id } = await createTestUser(client, "alina");
  await client.put(`/my-plugin/users/${user_id}`, { json: { active: false } });
  const me = await signIn(client, "bob");
  const names = async (filters: object) => namesIn((await exported(client, me, { filters })).text);
  expect(await names({ search: "AL" })).toEqual(["alice", "alina"]);
  expect(await names({ search: "al", active: true })).toEqual(["alice"]);
  expect(await names({ active: false })).toEqual(["alina"]);
});

test("an order that cannot be carried out is refused, with all its faults", async () => {
  await using client = await start();
  const me = client.as({ id: "1", username: "ann" });
  for (const [json, loc] of [
    [{ format: "xml" }, ["body", "format"]],
    [{ filters: { active: "yes" } }, ["body", "filters", "active"]],
    // It would export everybody, where somebody wanted few.
    [{ filters: { serach: "al" } }, ["body", "filters", "serach"]],
    [{ filters: [] }, ["body", "filters"]],
  ] as const) {
    const response = await me.post("/my-plugin/data/export", { json });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ loc }] });
  }
});

test("whoever may see all users exports all, and others those whom strangers see", async () => {
  await using client = await start();
  await createTestUser(client, "alice");
  const bob = await createTestUser(client, "bob");
  const victor = await createTestUser(client, "victor");
  await client.app.run(async () => {
    await inject(Roles).grantRole(victor.user_id, "administrator");
    await inject(Roles).grantPermission(bob.user_id, "admin:users");
  });
  const names = async (by: string) =>
    namesIn((await exported(client, await signIn(client, by))).text);
  expect(await names("alice")).toEqual(["alice"]);
  expect(await names("bob")).toEqual(["alice", "bob", "root", "victor"]);
});

test("a cell of an export is never run as a formula", () => {
  for (const evil of ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "＝1+1", "\rcmd"])
    expect(csvLine([evil])).toMatch(/^"?'/);
  expect(csvLine(["a=b", "", "1", "x,y", 'say "hi"', "two\nlines", "Zoë"])).toBe(
    'a=b,,1,"x,y","say ""hi""","two\nlines",Zoë\r\n',
  );
});

test("the status of a task has seven members, and is its owner's alone", async () => {
  await using client = await start();
  for (const name of ["alice", "bob"]) await createTestUser(client, name);
  const carol = await createTestUser(client, "carol");
  await client.app.run(() => inject(Roles).grantPermission(carol.user_id, "admin:tasks"));
  const alice = await signIn(client, "alice");
  const { task_id, status_url } = await exportUsers(client, alice);
  const ask = async (asking: object) => client.get(status_url, asking);
  const status = (await (await ask(alice)).json()) as object;
  expect(Object.keys(status)).toEqual(
    "task_id status progress result error created_at completed_at".split(" "),
  );
  expect(status).toMatchObject({ task_id, created_at: expect.stringMatching(/Z$/) });
  expect((await ask(await signIn(client, "carol"))).status).toBe(200);
  for (const asking of [
    {},
    await signIn(client, "bob"),
    { headers: { authorization: "Bearer x" } },
  ]) {
    const response = await ask(asking);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ detail: "Task not found" });
  }
});

test("a task that is not there is not found", async () => {
  await using client = await start();
  const me = client.as({ id: "1", username: "ann", permissions: ["admin:tasks"] });
  for (const path of [`tasks/${nobody}/status`, "tasks/x'--/status", `data/exports/${nobody}`]) {
    const response = await me.get(`/my-plugin/${path}`);
    expect([path, response.status]).toEqual([path, 404]);
    expect(await response.json()).toMatchObject({ detail: "Task not found" });
  }
});

test("what was exported is its owner's alone, too", async () => {
  await using client = await start();
  await createTestUser(client, "alice");
  await createTestUser(client, "bob");
  const { result } = await exported(client, await signIn(client, "alice"));
  expect((await client.get(result.url)).status).toBe(401);
  expect((await client.get(result.url, await signIn(client, "bob"))).status).toBe(404);
});

test("who has not signed in exports nothing", async () => {
  await using client = await start();
  for (const json of [{}, { format: "xml" }])
    expect((await client.post("/my-plugin/data/export", { json })).status).toBe(401);
});

test("old exports are removed, and those who ask for one are told", async () => {
  await using client = await start();
  await createTestUser(client, "alice");
  const me = await signIn(client, "alice");
  const { result } = await exported(client, me);
  const remove = (oldest: Date) => client.app.run(() => inject(DataService).removeBefore(oldest));
  const modified = new Date((await client.get(result.url, me)).headers.get("last-modified")!);
  expect(await remove(modified)).toBe(0);
  expect((await client.get(result.url, me)).status).toBe(200);
  expect(await remove(new Date(modified.getTime() + 1000))).toBe(1);
  const response = await client.get(result.url, me);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ detail: "File not found on disk" });
});

test("an export that fails says so, and nothing of what went wrong inside", async () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  await using client = await TestClient.of(MyPlugin, { ...withRoot, log });
  await createTestUser(client, "alice");
  const me = await signIn(client, "alice");
  // Where the storage wants a folder.
  await writeFile(join(client.app.scope.get(settingsKey).dataDir, "files"), "");
  const { status_url, task_id } = await exportUsers(client, me);
  const status = await ended(client, me, status_url);
  expect(status).toMatchObject({
    status: "failed",
    result: null,
    error: "Something went wrong",
  });
  expect(lines.some((line) => line.includes(task_id) && line.includes("could not be stored"))).toBe(
    true,
  );
  const response = await client.get(`/my-plugin/data/exports/${task_id}`, me);
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ detail: "The export is failed" });
});
