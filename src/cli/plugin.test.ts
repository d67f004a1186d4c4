import { appendFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { cleanUp, makeFolder, nexus, until } from "../../test/nexus-process.ts";
import { packed } from "../../test/plugin-admin.ts";
import { auditedIn, failed, ok, plugin } from "../../test/plugin-command.ts";

// Each command is a process.
vi.setConfig({ testTimeout: 60_000 });
afterAll(cleanUp);

test("while a server runs, plugins come, change, and go in it", async () => {
  const folder = await makeFolder();
  const server = nexus("start", folder);
  const url = await server.url();
  const answers = async () => (await fetch(`${url}/notes`)).status;

  const first = await packed({ members: 'old = get("/old", () => 1);', nexus: { title: "Notes" } });
  expect(await plugin(folder, "install", first)).toEqual(
    ok("Installed notes 1.0.0: it is started.\n"),
  );
  expect(await answers()).toBe(200);
  const listed = await plugin(folder, "list");
  expect(listed).toEqual(ok(/^notes {5}1\.0\.0 {2}started {2}installed {2}Notes$/m));
  expect(await plugin(folder, "info", "notes")).toEqual(ok(/^requests +1, faults 0$/m));

  expect(await plugin(folder, "disable", "notes")).toEqual(ok("notes 1.0.0 is disabled.\n"));
  expect(await answers()).toBe(404);
  expect((await plugin(folder, "list")).stdout).toMatch(/^notes +1\.0\.0 +disabled/m);
  expect(await plugin(folder, "enable", "notes")).toEqual(ok("notes 1.0.0 is started.\n"));
  expect(await plugin(folder, "reload", "notes")).toEqual(ok("notes 1.0.0 is started.\n"));
  expect(await answers()).toBe(200);

  const second = await packed({ version: "2.0.0" });
  expect(await plugin(folder, "install", second)).toEqual(
    ok(
      "Installed. Of notes, 1.0.0 is started; 2.0.0 can take its place: nexus plugin upgrade notes --to <version>.\n",
    ),
  );
  expect(await plugin(folder, "plan", "notes", "--to", "2")).toEqual(
    ok("notes 1.0.0 → 2.0.0\n\nBreaks clients\n  GET /old  gone\n\nIt needs --allow-breaking.\n"),
  );
  const upgrade = ["upgrade", "notes", "--to", "2.0.0"];
  expect(await plugin(folder, ...upgrade)).toEqual(
    failed(/^"notes" 2\.0\.0 breaks its clients: GET \/old: gone\. .* \(NX_PLUGIN_BREAKING\)\n$/),
  );
  expect(await plugin(folder, ...upgrade, "--allow-breaking")).toEqual(
    ok(/^notes 2\.0\.0 is started, and watched until \d{4}-\S+Z\.\n$/),
  );
  expect(await plugin(folder, "rollback", "notes")).toEqual(
    ok("notes is back at 1.0.0: it is started.\n"),
  );
  const short = ["--allow-breaking", "--window", "0.2", "--wait"];
  expect(await plugin(folder, ...upgrade, ...short)).toEqual(ok("notes 2.0.0 is started.\n"));
  expect(await plugin(folder, "finalize", "notes")).toEqual(
    ok("notes is finalized: no migration was waiting for that.\n"),
  );
  expect(await plugin(folder, "remove", "notes")).toEqual(
    ok("Removed notes; its tables are kept.\n"),
  );
  expect(await answers()).toBe(404);
  expect(await server.stop()).toBe(0);

  const rows = await auditedIn(folder);
  expect(rows.map(({ actor, action, result }) => [actor, action, result])).toEqual(
    [
      ["plugin.installed", "success"],
      ["plugin.disabled", "success"],
      ["plugin.enabled", "success"],
      ["plugin.reloaded", "success"],
      ["plugin.installed", "success"],
      ["plugin.upgraded", "failure"],
      ["plugin.upgraded", "success"],
      ["plugin.rolled_back", "success"],
      ["plugin.upgraded", "success"],
      ["plugin.finalized", "success"],
      ["plugin.uninstalled", "success"],
    ].map((row) => ["command line", ...row]),
  );
  for (const { details } of rows) expect(details).toMatchObject({ operator: userInfo().username });
});

test("one that is worse than the version before is rolled back, and the exit code is 1", async () => {
  const folder = await makeFolder();
  const url = await nexus("start", folder).url();
  await plugin(folder, "install", await packed());
  const unwell = `health() { throw new Error("no disk"); } begun = performance.now();`;
  // Well at first.
  const members = unwell.replace("throw", "if (performance.now() - this.begun > 300) throw");
  const next = await packed({ version: "1.1.0", members });
  const upgraded = plugin(folder, "upgrade", "notes", next, "--window", "60", "--wait");
  expect(await upgraded).toEqual({
    code: 1,
    stdout: "notes was rolled back from 1.1.0 to 1.0.0: it is unwell: no disk.\n",
    stderr: "",
  });
  expect(await (await fetch(`${url}/notes`)).json()).toBe("1.0.0");
});

test("one that is worse and cannot be rolled back is told so, and the exit code is 1", async () => {
  const folder = await makeFolder();
  await nexus("start", folder).url();
  await plugin(folder, "install", await packed());
  await appendFile(join(folder, "data/plugins/notes/1.0.0/index.ts"), "// changed");
  const members = `begun = performance.now();
    health() { if (performance.now() - this.begun > 300) throw new Error("no disk"); }`;
  const next = await packed({ version: "1.1.0", members });
  expect(await plugin(folder, "upgrade", "notes", next, "--window", "60", "--wait")).toEqual({
    code: 1,
    stdout: expect.stringMatching(
      /^notes 1\.1\.0 is started, and is watched no more: it is worse \(it is unwell: no disk\), and could not be rolled back: .*1\.0\.0 is not what was installed.*[^.]\.\n$/,
    ),
    stderr: "",
  });
  // Nothing was upgraded now.
  expect(await plugin(folder, "upgrade", "notes", "--to", "1.1.0", "--wait")).toEqual(
    ok("notes 1.1.0 is started.\n"),
  );
});

test("who waits for the verdict of a server that ends hears that at once", async () => {
  const folder = await makeFolder();
  const server = nexus("start", folder, { NEXUS_LOG: "info" });
  await server.url();
  await plugin(folder, "install", await packed());
  const next = await packed({ version: "1.1.0" });
  const waiting = plugin(folder, "upgrade", "notes", next, "--window", "60", "--wait");
  await until(() => server.stderr().includes("Upgraded from 1.0.0 to 1.1.0"));
  const begun = performance.now();
  expect(await server.stop()).toBe(0);
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(await waiting).toEqual(
    failed(/^notes 1\.1\.0 is in force, and there is no verdict yet: .*\(NX_PLUGIN_STOPPED\)\n$/),
  );
  expect(await auditedIn(folder)).toMatchObject([
    {},
    { action: "plugin.upgraded", result: "success" },
  ]);
});

test("what is said wrongly is told, and the exit code is 1", async () => {
  const folder = await makeFolder();
  await nexus("start", folder).url();
  const attempts: [string[], RegExp][] = [
    [["install", "./nowhere.tgz"], /^There is no .*nowhere\.tgz\. Give .*\(NX_PACKAGE_SPEC\)\n$/],
    [["plan", "docs"], /^An upgrade leads to one version\. Say --to <version>, or/],
    [["upgrade", "docs", "x", "--to", "1"], /^An upgrade leads to one version/],
    [["upgrade", "docs", "--to", "1", "--window", "long"], /Say seconds, 0 to 86400/],
    [["upgrade", "docs", "--to", "1"], /cannot be upgraded: it is a part of the platform/],
    [["logs", "docs", "--lines", "many"], /^--lines many is no number of lines\. Say 0 to 1000/],
    [["logs", "docs", "--lines", "1001"], /^--lines 1001 is no number/],
    [["logs", "nope"], /^There is no plugin "nope"/],
    [["new", "Not A Name"], /^No plugin can be called "Not A Name"\. /],
    [["lst"], /unknown command 'lst'/],
  ];
  for (const [args, stderr] of attempts)
    expect([args, await plugin(folder, ...args)]).toEqual([args, failed(stderr)]);
});
