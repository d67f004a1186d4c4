import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { cleanUp, makeFolder, until } from "./nexus-process.ts";

afterAll(cleanUp);

const root = resolve(import.meta.dirname, "..");

test("npm start passes SIGTERM on: what runs is finished, nothing is left, and the end is a clean one", async () => {
  const dataDir = join(await makeFolder(), "data");
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"] };
  const child = spawn("npm", ["start"], {
    cwd: root,
    env: { ...env, PORT: "0", NEXUS_DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, which a test that fails can end as a whole.
    detached: true,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  // When nobody holds its output any more: npm itself might go before the server.
  const ended = once(child, "close");
  try {
    await until(
      () => said.includes("ready at"),
      () => said,
    );
    const [url] = /http:\S+/.exec(said)!;
    expect((await fetch(`${url}/my-plugin/hello`)).status).toBe(200);
    child.kill("SIGTERM");
    const [code] = await ended;
    expect([code, said]).toEqual([0, expect.not.stringMatching(/"level":[456]0/)]);
    await expect(fetch(url)).rejects.toThrow();
  } finally {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // All gone, as it should be.
    }
  }
});
