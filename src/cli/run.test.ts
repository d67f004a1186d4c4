import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { cleanUp, makeFolder, plugin } from "../../test/nexus-process.ts";

afterAll(cleanUp);

test("a command whose reader has had enough ends without a word", async () => {
  const routes = `long = get("/long", { description: "much to say ".repeat(50_000) }, () => "");`;
  const folder = await makeFolder({ "plugins/long.ts": plugin("Long", routes) });
  const main = join(import.meta.dirname, "main.ts");
  const command = `"$0" --conditions=source "$1" openapi | head -c 1`;
  const ran = promisify(execFile)("sh", ["-c", command, process.execPath, main], { cwd: folder });
  expect(await ran).toEqual({ stdout: "{", stderr: "" });
});
