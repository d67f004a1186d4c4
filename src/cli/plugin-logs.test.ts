import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { cleanUp, makeFolder, nexus, plugin as code, until } from "../../test/nexus-process.ts";

// Each command is a process.
vi.setConfig({ testTimeout: 60_000 });
afterAll(cleanUp);

test("what a plugin logs is followed, from its last lines on", async () => {
  const say = 'say = get("/say/{word}", ({ word }) => { this.log.warn({ n: 1 }, word); });';
  const folder = await makeFolder({ "plugins/talker.ts": code("Talker", say) });
  const server = nexus("start", folder);
  const url = await server.url();
  for (const word of ["one", "two", "three"]) await fetch(`${url}/say/${word}`);
  const readers = [
    follow(folder, "talker", "--lines", "2"),
    follow(folder, "talker", "--json", "--lines", "0"),
  ] as const;
  await until(() => readers[0].stdout().includes("three"));
  expect(readers[0].stdout()).toMatch(
    /^\[\S+\] WARN: two\n {4}request_id: .*\n {4}n: 1\n\[\S+\] WARN: three\n/,
  );
  await until(async () => {
    await fetch(`${url}/say/more`);
    return readers.every((reader) => reader.stdout().includes("more"));
  });
  const [line = ""] = readers[1].stdout().split("\n");
  expect(JSON.parse(line)).toMatchObject({ plugin: "talker", msg: "more", n: 1 });
  expect(await server.stop()).toBe(0);
  expect(await Promise.all(readers.map(({ code }) => code))).toEqual([0, 0]);
});

/** `nexus plugin logs …`, which ends with the server. */
function follow(folder: string, ...args: string[]) {
  const main = join(import.meta.dirname, "main.ts");
  const all = ["--conditions=source", main, "plugin", "logs", ...args];
  const child = spawn(process.execPath, all, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  let stdout = "";
  child.stdout.on("data", (text) => (stdout += text));
  return { stdout: () => stdout, code: once(child, "close").then(([code]) => code as number) };
}
