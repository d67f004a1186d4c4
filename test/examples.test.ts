import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

test.each(globSync("examples/*.ts", { cwd: root }))("%s runs, and answers", async (file) => {
  const child = spawn(process.execPath, ["--conditions=source", file], {
    cwd: root,
    env: { ...process.env, PORT: "0", NEXUS_LOG: "silent" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const url = /http:\/\/\S+?(?=\/|\s|$)(:\d+)?/.exec(line.toString())?.[0];
    const answer = await fetch(`${url}/openapi.json`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toHaveProperty("openapi", "3.1.0");
  } finally {
    child.kill();
    await once(child, "exit");
  }
});
