import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { cleanUp, makeFolder, nexus, until } from "../../test/nexus-process.ts";
import { packed } from "../../test/plugin-admin.ts";
import { failed, ok, plugin } from "../../test/plugin-command.ts";

// Each command is a process.
vi.setConfig({ testTimeout: 60_000 });
afterAll(cleanUp);

test("tables are dropped only by who says so twice, and exported into a file", async () => {
  const members = `static migrations = { "1": { expand: (db) =>
    db.schema.createTable("notes").addColumn("a", "text").execute() } };`;
  const folder = await makeFolder();
  await nexus("start", folder).url();
  const spec = await packed({ members });
  await plugin(folder, "install", spec);
  expect(await plugin(folder, "remove", "notes", "--data", "drop")).toEqual(
    failed(/^The tables of notes would be lost\. Say --yes, too;/),
  );
  expect(await plugin(folder, "remove", "notes", "--data", "all")).toEqual(
    failed(/Allowed choices are keep, export, drop/),
  );
  const { stdout } = await plugin(folder, "remove", "notes", "--data", "export");
  const [, file = ""] = /^Removed notes; its tables are in (\S+\.ndjson)\.\n$/.exec(stdout) ?? [];
  expect(await readFile(file, "utf8")).toContain('"notes"');
  await plugin(folder, "install", spec);
  expect(await plugin(folder, "remove", "notes", "--data", "drop", "--yes")).toEqual(
    ok("Removed notes; its tables are gone.\n"),
  );
});

const terminal = "/usr/bin/script";

test.skipIf(!existsSync(terminal))("on a terminal the plugin's name has to be typed", async () => {
  const folder = await makeFolder();
  await nexus("start", folder).url();
  await plugin(folder, "install", await packed());
  const remove = async (typed: string) => {
    const main = join(import.meta.dirname, "main.ts");
    const command = `"${process.execPath}" --conditions=source "${main}" plugin remove notes --data drop`;
    const child = spawn(terminal, ["-qec", command, "/dev/null"], { cwd: folder });
    let said = "";
    child.stdout.on("data", (text) => (said += text));
    await until(() => said.includes("Type its name: "));
    child.stdin.write(`${typed}\n`);
    const [code] = (await once(child, "close")) as [number];
    return [code, said] as const;
  };
  expect(await remove("note")).toEqual([
    1,
    expect.stringContaining("That is not its name: nothing was removed."),
  ]);
  expect((await plugin(folder, "info", "notes")).code).toBe(0);
  expect(await remove("notes")).toEqual([
    0,
    expect.stringContaining("Removed notes; its tables are gone."),
  ]);
});
