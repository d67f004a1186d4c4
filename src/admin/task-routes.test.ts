import { expect, test } from "vitest";
import { accountsClient } from "../../test/accounts-client.ts";
import { audited, type Somebody, somebody, told } from "../../test/admin-client.ts";
import { comes, make, Works } from "../../test/works.ts";

const tasks = "/api/v1/tasks";
const may = { permissions: ["admin:tasks"] };

interface Page {
  readonly tasks: readonly { readonly id: string }[];
  readonly pagination: object;
}

async function idsOf({ ask }: Somebody, query: string): Promise<string[]> {
  const [status, page] = await told(ask("GET", `${tasks}?${query}`));
  expect(status).toBe(200);
  return (page as Page).tasks.map(({ id }) => id);
}

test("tasks are listed in pages, the newest first, and by what one looks for", async () => {
  await using client = await accountsClient({}, [Works]);
  const root = await somebody(client, "root", may);
  const done = await make(client, "count", { owner: root.id });
  const broken = await make(client, "fail");
  await comes(client, done, "completed");
  await comes(client, broken, "failed");
  const later = await make(client, "count", { delay: 3600 });

  const [status, page] = await told(root.ask("GET", `${tasks}?per_page=2`));
  expect([status, (page as Page).pagination]).toEqual([
    200,
    { page: 1, per_page: 2, total: 3, pages: 2, has_next: true, has_prev: false },
  ]);
  expect((page as Page).tasks.map(({ id }) => id)).toEqual([later, broken]);
  expect(await idsOf(root, "per_page=2&page=2")).toEqual([done]);
  expect(await idsOf(root, "page=9007199254740991&per_page=100")).toEqual([]);
  expect(await idsOf(root, "status=failed")).toEqual([broken]);
  expect(await idsOf(root, "name=works.count")).toEqual([later, done]);
  expect(await idsOf(root, "name=works.count&status=pending")).toEqual([later]);
  expect(await idsOf(root, "plugin=works")).toEqual([later, broken, done]);
  expect(await idsOf(root, "plugin=work")).toEqual([]);
  expect(await idsOf(root, `owner=${root.id}`)).toEqual([done]);
  const [, { created_at }] = (await told(root.ask("GET", `${tasks}/${later}`))) as [
    number,
    { created_at: string },
  ];
  expect(await idsOf(root, `since=${created_at}`)).toEqual([later]);
  expect(await idsOf(root, `until=${created_at}`)).toEqual([broken, done]);
  for (const query of ["status=done", "owner=%00", "page=0", "per_page=101", "since=yesterday"])
    expect([query, (await root.ask("GET", `${tasks}?${query}`)).status]).toEqual([query, 422]);
});

test("a task is told as it stands", async () => {
  await using client = await accountsClient({}, [Works]);
  const root = await somebody(client, "root", may);
  const id = await make(client, "count", { owner: root.id });
  await comes(client, id, "completed");
  const answer = await root.ask("GET", `${tasks}/${id}`);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const time = expect.stringMatching(/^\d{4}-.*Z$/);
  expect(await answer.json()).toEqual({
    id,
    name: "works.count",
    status: "completed",
    progress: 1,
    message: "3 of 4",
    result: { hello: "Ann" },
    error: null,
    attempts: 1,
    run_at: time,
    created_at: time,
    started_at: time,
    completed_at: time,
    owner: root.id,
  });
  const broken = await make(client, "fail");
  await comes(client, broken, "failed");
  expect(await told(root.ask("GET", `${tasks}/${broken}`))).toEqual([
    200,
    expect.objectContaining({ result: null, error: "The printer\u0000 is on fire" }),
  ]);
});

test("a task that runs or waits is cancelled, once, and the audit log says by whom", async () => {
  await using client = await accountsClient({}, [Works]);
  const root = await somebody(client, "root", may);
  const [running, waiting] = [
    await make(client, "wait", { owner: "7" }),
    await make(client, "wait", { delay: 60 }),
  ];
  await comes(client, running, "running");
  for (const id of [running, waiting]) {
    expect(await told(root.ask("DELETE", `${tasks}/${id}`))).toEqual([
      200,
      expect.objectContaining({ id, status: "cancelled", completed_at: expect.any(String) }),
    ]);
  }
  await expect.poll(async () => (await client.post("/stopped")).json()).toEqual([running]);
  const [again, problem] = await told(root.ask("DELETE", `${tasks}/${running}`));
  expect([again, problem]).toEqual([409, expect.objectContaining({ title: "Conflict" })]);
  const [gone, nothing] = await told(root.ask("DELETE", `${tasks}/nope`));
  expect([gone, nothing]).toEqual([404, expect.objectContaining({ detail: "Task not found" })]);

  const rows = await audited(client);
  expect(rows.map(({ action, target, result }) => [action, target, result])).toEqual([
    ["task.cancelled", `task:${running}`, "success"],
    ["task.cancelled", `task:${waiting}`, "success"],
    ["task.cancelled", `task:${running}`, "failure"],
    ["task.cancelled", "task:nope", "failure"],
  ]);
  expect(rows[0]).toMatchObject({
    actor: "root",
    details: { name: "works.wait", owner: "7" },
  });
});

test("what failed is done again as a new task, which its answer names", async () => {
  await using client = await accountsClient({}, [Works]);
  const root = await somebody(client, "root", may);
  const broken = await make(client, "fail", { owner: "7" });
  const before = await comes(client, broken, "failed");
  const answer = await root.ask("POST", `${tasks}/${broken}/retry`);
  const made = (await answer.json()) as { id: string };
  expect([answer.status, made]).toEqual([
    201,
    expect.objectContaining({ name: "works.fail", owner: "7", attempts: expect.any(Number) }),
  ]);
  expect(made.id).not.toBe(broken);
  expect(answer.headers.get("location")).toBe(`${tasks}/${made.id}`);
  expect(await comes(client, made.id, "failed")).toMatchObject({ error: before.error });
  expect(await comes(client, broken, "failed")).toEqual(before);

  const done = await make(client, "count");
  await comes(client, done, "completed");
  expect((await root.ask("POST", `${tasks}/${done}/retry`)).status).toBe(409);
  expect((await root.ask("POST", `${tasks}/nope/retry`)).status).toBe(404);
  const rows = await audited(client);
  expect(rows.map(({ action, target, result }) => [action, target, result])).toEqual([
    ["task.retried", `task:${broken}`, "success"],
    ["task.retried", `task:${done}`, "failure"],
    ["task.retried", "task:nope", "failure"],
  ]);
  expect(rows[0]!["details"]).toEqual({ name: "works.fail", owner: "7", as: made.id });
});

test("only who may admin:tasks asks for tasks, even for their own", async () => {
  await using client = await accountsClient({}, [Works]);
  const bob = await somebody(client, "bob", { permissions: ["admin:users"] });
  const id = await make(client, "wait", { owner: bob.id, delay: 3600 });
  const routes = [
    ["GET", tasks],
    ["GET", `${tasks}/${id}`],
    ["DELETE", `${tasks}/${id}`],
    ["POST", `${tasks}/${id}/retry`],
    ["GET", `${tasks}/${id}/events`],
  ] as const;
  for (const [method, path] of routes) {
    expect((await client.request(method, path)).status).toBe(401);
    expect(await told(bob.ask(method, path))).toEqual([
      403,
      expect.objectContaining({ detail: "Permission 'admin:tasks' required" }),
    ]);
  }
  expect((await comes(client, id, "pending")).completed_at).toBe(null);
});

test("an app without accounts has no such routes", async () => {
  await using client = await accountsClient({ accounts: false }, [Works]);
  expect((await client.get(tasks)).status).toBe(404);
});

test("the routes are documented, with who may ask", async () => {
  await using client = await accountsClient({}, [Works]);
  const document = (await (await client.get("/openapi.json")).json()) as {
    paths: Record<string, Record<string, { tags: string[]; operationId: string }>>;
  };
  const told = Object.entries(document.paths).flatMap(([path, methods]) =>
    path.startsWith(tasks)
      ? Object.entries(methods).map(([method, { operationId, tags }]) => [
          `${method} ${path.slice(tasks.length)}`,
          operationId,
          tags,
        ])
      : [],
  );
  expect(told).toEqual(
    expect.arrayContaining([
      ["get ", "admin_tasks_list", ["Tasks"]],
      ["get /{task_id}", "admin_tasks_one", ["Tasks"]],
      ["delete /{task_id}", "admin_tasks_cancel", ["Tasks"]],
      ["post /{task_id}/retry", "admin_tasks_retry", ["Tasks"]],
      ["get /{task_id}/events", "admin_tasks_events", ["Tasks"]],
    ]),
  );
  expect(document.paths[`${tasks}/{task_id}`]!["delete"]).toMatchObject({
    summary: "Cancel a task.",
    responses: { 200: {}, 401: {}, 403: {}, 404: {}, 409: {} },
  });
});
