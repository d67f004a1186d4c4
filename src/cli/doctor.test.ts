import { appendFile, chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { writePlugin } from "../../test/lifecycle.ts";
import { cleanUp, makeFolder, nexus, plugin, run } from "../../test/nexus-process.ts";
import { newFolder } from "../../test/npm-packages.ts";
import type { Finding } from "./doctor-finding.ts";

// Each command is a process, and each plugin is loaded in one of its own.
vi.setConfig({ testTimeout: 60_000 });
afterAll(cleanUp);

async function doctor(folder: string) {
  const { code, stdout, stderr } = await run(folder, ["doctor", "--json"]);
  const findings = JSON.parse(stdout) as Finding[];
  const about = (name: string) =>
    findings.filter((one) => one.about === name).map(({ kind, what }) => [kind, what]);
  return { code, stderr, about };
}

const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

const members = (...all: string[]) => `static migrations = { ${all.join(", ")} };`;

test("of an app that is well nothing is wrong", async () => {
  const folder = await makeFolder({
    // What ends by itself, and what a plugin starts in its time, is no fault.
    "plugins/hello.ts": plugin(
      "Hello",
      'start() { this.every(1000, () => {}); } hi = get("/hi", () => "hi");',
      `import { readFile } from "node:fs/promises";
       import { z } from "zod";
       import { Database } from "nexus-platform/database";
       await readFile(import.meta.filename);
       setTimeout(() => {}, 0);
       export const schema = z.object({}), database = Database;`,
    ),
  });
  const first = await run(folder, ["doctor"]);
  expect([first.code, first.stdout]).toEqual([
    0,
    matching(/^note {2}node +v\d+.*\nnote {2}data folder +\/.*\nnote {2}server +No server.*\nAll/),
  ]);
  await nexus("start", folder).url();
  const { code, about, stderr } = await doctor(folder);
  expect([code, about("hello"), stderr]).toEqual([0, [], ""]);
  expect(about("server")).toEqual([["note", "A server runs on this data folder"]]);
});

test("what modules start at their top level is named, and where they end their process", async () => {
  const folder = await makeFolder({
    "plugins/timer.ts": plugin("Timer", "", "setInterval(() => {}, 1000);"),
    "plugins/socket.ts": plugin(
      "Socket",
      "",
      'import { createServer } from "node:net"; createServer().listen(0);',
    ),
  });
  const { code, about } = await doctor(folder);
  expect([code, about("timer"), about("socket")]).toEqual([
    1,
    [["fault", matching(/^Its modules start .* at their top level: Timeout\. Start it in start/)]],
    [["fault", matching(/top level: TCPServerWrap\./)]],
  ]);
  const ending = await makeFolder({
    "plugins/ending.ts": plugin(
      "Ending",
      "",
      'if (process.argv.includes("--module")) process.exit(0);',
    ),
  });
  expect((await doctor(ending)).about("ending")).toEqual([
    ["fault", matching(/^Its modules end the process that loads them/)],
  ]);
});

test("plugins that failed or are disabled are told, and a data folder that others may look into", async () => {
  const folder = await makeFolder({
    "plugins/failing.ts": plugin("Failing", 'start() { throw new Error("no disk"); }'),
    "plugins/idle.ts": plugin("Idle", "", "setInterval(() => {}, 1000);"),
  });
  await run(folder, ["plugin", "disable", "idle"]);
  await chmod(join(folder, "data"), 0o755);
  const { code, about } = await doctor(folder);
  expect([code, about("failing"), about("data folder")]).toEqual([
    1,
    [["fault", matching(/^It failed \(start\): no disk \(it is tried again at \d{4}-/)]],
    [["fault", matching(/^Other users of this machine may look into .*data: chmod 700 ends/)]],
  ]);
  // It is not even loaded.
  expect(about("idle")).toEqual([["note", "It is disabled"]]);
});

test("of installed versions it says what was changed, what is not needed, and what can be finished", async () => {
  const folder = await makeFolder();
  const packages = await newFolder();
  const table = `"1": { expand: (db) => db.schema.createTable("notes").addColumn("a", "text")
    .addColumn("b", "text").execute() }`;
  const more = `"2": { expand: (db) => db.schema.alterTable("notes").addColumn("c", "text").execute(),
    contract: (db) => db.schema.alterTable("notes").dropColumn("a").execute() }`;
  const versions = [
    { version: "1.0.0", members: members(table) },
    { version: "1.1.0", members: members(table, more) },
    { version: "1.2.0", members: members(table, more) },
  ];
  await nexus("start", folder).url();
  const upgrade = ["plugin", "upgrade", "notes", "--window", "0"];
  const [first, second, third] = await Promise.all(
    versions.map((version) => writePlugin(packages, version)),
  );
  await run(folder, ["plugin", "install", first!]);
  expect((await run(folder, [...upgrade, second!])).stderr).toBe("");
  expect((await run(folder, ["plugin", "install", third!])).stderr).toBe("");
  const before = await doctor(folder);
  const folderOf = (version: string) => join(folder, "data/plugins/notes", version);
  expect([before.code, before.about("notes")]).toEqual([
    0,
    [
      ["note", `Version 1.2.0 does not run, and takes 1 KiB: ${folderOf("1.2.0")}`],
      ["note", "Version 1.0.0 (1 KiB) is kept for a rollback"],
      ["note", "2 can be finished: nexus plugin finalize notes"],
    ],
  ]);
  await run(folder, ["plugin", "finalize", "notes"]);
  await appendFile(join(folderOf("1.1.0"), "index.ts"), "\n");
  await rm(join(folderOf("1.2.0"), ".nexus-seal.json"));
  const after = await doctor(folder);
  expect([after.code, after.about("notes")]).toEqual([
    1,
    [
      ["fault", matching(/nobody knows what was installed/)],
      ["note", matching(/^Version 1\.2\.0 does not run/)],
      ["fault", matching(/^notes 1\.1\.0 is not what was installed: index\.ts was changed/)],
    ],
  ]);
});
