import { afterAll, expect, test, vi } from "vitest";
import { cleanUp, makeFolder, nexus, plugin, type Ran, run } from "../../test/nexus-process.ts";
import { openDatabase } from "../database/index.ts";

// Each command is a process that starts an app.
vi.setConfig({ testTimeout: 30_000 });
afterAll(cleanUp);

/** `nexus task …` as an operator runs it. */
const task = (folder: string, args: readonly string[]): Promise<Ran> =>
  run(folder, ["task", ...args]);

const ok = (stdout: unknown) => ({ code: 0, stdout, stderr: "" });
const failed = (stderr: RegExp) => ({
  code: 1,
  stdout: "",
  stderr: expect.stringMatching(stderr),
});
const matching = (pattern: RegExp) => expect.stringMatching(pattern);

const works = plugin(
  "Works",
  `stopped: string[] = [];
   count = task({}, async ({ progress }) => {
     for (const step of [1, 2, 3]) {
       await new Promise((resolve) => setTimeout(resolve, 300));
       progress(step / 4, \`\${step} of 4\`);
     }
     return { rows: 4 };
   });
   fail = task({}, () => { throw new Error("No \\u001b[31mink"); });
   wait = task({}, async ({ id, signal, progress }) => {
     progress(0.5, "Waiting");
     await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
     this.stopped.push(id);
   });
   later = post("/later", () => createTask(this.wait, undefined, { delay: 3600 }));
   make = post("/make/{kind}", async ({ kind }) => createTask(this[kind as "count"], undefined, { owner: "7" }));
   halted = get("/stopped", () => this.stopped);`,
  'import { post } from "nexus-platform";\nimport { createTask, task } from "nexus-platform/tasks";',
);

const make = (url: string, kind: string): Promise<string> => posted(`${url}/make/${kind}`);

async function posted(url: string): Promise<string> {
  return (await (await fetch(url, { method: "POST" })).json()) as string;
}

test("while a server runs, its tasks are listed, watched, cancelled and done again", async () => {
  const folder = await makeFolder({ "plugins/works.ts": works });
  // One that never ends by itself is given up when the time is up.
  const server = nexus("start", folder, { NEXUS_SHUTDOWN_TIMEOUT: "1" });
  const url = await server.url();

  const counting = await make(url, "count");
  const watched = await task(folder, ["watch", counting]);
  expect(watched).toEqual(ok(matching(/^((pending|running) [^]*\n)?completed  100%  3 of 4\n$/)));
  const broken = await make(url, "fail");
  expect(await task(folder, ["watch", broken])).toEqual({
    code: 1,
    stdout: matching(/^failed +0%  No \[31mink\n$/m),
    stderr: "",
  });

  const waiting = await make(url, "wait");
  await expect
    .poll(async () => (await task(folder, ["show", waiting])).stdout)
    .toMatch(/^status +running\nprogress +50%\nmessage +Waiting$/m);
  expect(await task(folder, ["cancel", waiting])).toEqual(ok("Cancelled works.wait.\n"));
  // What another process has cancelled is felt within two seconds.
  await expect
    .poll(async () => (await fetch(`${url}/stopped`)).json(), { timeout: 5000 })
    .toEqual([waiting]);
  expect(await task(folder, ["cancel", waiting])).toEqual(failed(/^The task is cancelled already/));

  const again = await task(folder, ["retry", waiting]);
  const [, made = ""] = /^works\.wait is done again as (\S+)\.\n$/.exec(again.stdout) ?? [];
  await expect
    .poll(async () => (await task(folder, ["list", "--status", "running"])).stdout)
    .toMatch(new RegExp(`^${made}  running +50%  works.wait  \\S+Z  7\n$`));
  expect(await task(folder, ["retry", counting])).toEqual(failed(/^The task is completed/));

  const list = await task(folder, ["list", "--plugin", "works", "--limit", "2", "--json"]);
  expect(list).toEqual({ ...ok(list.stdout), stderr: matching(/^2 more;/) });
  expect(JSON.parse(list.stdout)).toMatchObject([
    { id: made, status: "running", progress: 0.5 },
    { id: waiting, status: "cancelled" },
  ]);
  expect(JSON.parse((await task(folder, ["show", counting, "--json"])).stdout)).toMatchObject({
    id: counting,
    name: "works.count",
    owner: "7",
    result: { rows: 4 },
    completed_at: matching(/Z$/),
  });
  expect(await server.stop()).toBe(0);

  const db = await openDatabase<{ nexus_audit: Record<string, unknown> }>({
    dataDir: `${folder}/data`,
  });
  const rows = await db.selectFrom("nexus_audit").selectAll().orderBy("id").execute();
  await db.destroy();
  expect(rows.map(({ actor, action, target, result }) => [actor, action, target, result])).toEqual([
    ["command line", "task.cancelled", `task:${waiting}`, "success"],
    ["command line", "task.cancelled", `task:${waiting}`, "failure"],
    ["command line", "task.retried", `task:${waiting}`, "success"],
    ["command line", "task.retried", `task:${counting}`, "failure"],
  ]);
  expect(rows[2]!["details"]).toMatchObject({ name: "works.wait", owner: "7", as: made });
});

test("a server with open streams of events ends at once, and so do they", async () => {
  const folder = await makeFolder({ "plugins/works.ts": works });
  const env = { NEXUS_ADMIN_USER: "root", NEXUS_ADMIN_PASSWORD: "Correct horse 7" };
  const server = nexus("start", folder, env);
  const url = await server.url();
  const login = await fetch(`${url}/auth/login`, {
    method: "POST",
    body: new URLSearchParams({ username: "root", password: "Correct horse 7" }),
  });
  const { access_token } = (await login.json()) as { access_token: string };
  const id = await posted(`${url}/later`);
  const events = await fetch(`${url}/api/v1/tasks/${id}/events`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  const text = events.text();
  const from = performance.now();
  expect(await server.stop()).toBe(0);
  expect(await text).toMatch(/^event: progress\nid: \S+\ndata: \{.*"status":"pending"/);
  expect(performance.now() - from).toBeLessThan(10_000);
});

test("what cannot be done is said, and the exit code is 1; also without accounts", async () => {
  const folder = await makeFolder({ "nexus.config.ts": "export default { accounts: false };" });
  const attempts: [string[], RegExp][] = [
    [["show", "nope"], /^There is no task "nope"\. .*nexus task list/],
    [["watch", "nope"], /^There is no task "nope"/],
    [["cancel", "nope"], /^There is no task "nope"/],
    [["retry", "nope"], /^There is no task "nope"/],
    [["list", "--status", "done"], /^No task has the status "done"/],
    [["list", "--limit", "all"], /^--limit all is no number/],
    [["lst"], /unknown command 'lst'/],
  ];
  for (const [args, stderr] of attempts) expect(await task(folder, args)).toEqual(failed(stderr));
  expect(await task(folder, ["list"])).toEqual(ok(""));
  const passing = await makeFolder({
    "nexus.config.ts": 'export default { settings: { databaseUrl: "sqlite::memory:" } };',
  });
  expect(await task(passing, ["list"])).toEqual(failed(/gone when the app stops/));
});
