import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { renaming } from "../../test/lifecycle.ts";
import {
  cleanUp,
  makeFolder,
  nexus,
  plugin as code,
  until,
  writeFiles,
} from "../../test/nexus-process.ts";
import { packed } from "../../test/plugin-admin.ts";
import { ok, plugin } from "../../test/plugin-command.ts";
import { claim, claimUnlessServed, isClaimed } from "./data-claim.ts";

// Each server, and each command, is a process.
vi.setConfig({ testTimeout: 60_000 });
afterAll(cleanUp);

const rows = async (url: string) => (await fetch(`${url}/rows`)).json();

/** Says in its folder how far it is, and takes its time for that. */
const slow = (step: "start" | "stop") => `import { get, Plugin } from "nexus-platform";
  import { writeFileSync } from "node:fs";
  export default class Slow extends Plugin {
    async ${step}() {
      writeFileSync("${step}", "");
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }`;
const come = (folder: string, step: string) =>
  until(() =>
    readFile(join(folder, step)).then(
      () => true,
      () => false,
    ),
  );

test("a command waits for a server that starts or ends: nothing of a crash is seen in either", async () => {
  const folder = await makeFolder({ "nexus.config.ts": "export default { accounts: false };" });
  const first = nexus("start", folder);
  const url = await first.url();
  await plugin(folder, "install", await packed(renaming(1)));
  await fetch(`${url}/add/one`);
  const upgrade = ["upgrade", "notes", await packed({ ...renaming(1), version: "1.1.0" })];
  expect(await plugin(folder, ...upgrade, "--stop", "--window", "120")).toMatchObject({ code: 0 });
  await fetch(`${url}/add/two`);
  await first.stop();

  await writeFiles(folder, { "plugins/slow.ts": slow("start") });
  const second = nexus("start", folder);
  await come(folder, "start");
  expect(await plugin(folder, "enable", "notes")).toEqual(ok("notes 1.1.0 is started.\n"));
  const served = await second.url();
  expect(await (await fetch(`${served}/notes`)).json()).toBe("1.1.0");
  expect(await rows(served)).toEqual(["one", "two"]);
  await second.stop();

  await writeFiles(folder, { "plugins/slow.ts": slow("stop") });
  const third = nexus("start", folder);
  await third.url();
  const ended = third.stop();
  await come(folder, "stop");
  // In an app of its own, once nobody else has the folder.
  expect(await plugin(folder, "disable", "slow")).toMatchObject({ code: 0 });
  expect(third.child.exitCode).toBe(0);
  expect(await ended).toBe(0);
  const last = await nexus("start", folder).url();
  expect(await rows(last)).toEqual(["one", "two"]);
});

test("what had a data folder when it was killed keeps nobody from it", async () => {
  const folder = await makeFolder({ "plugins/slow.ts": slow("start") });
  const killed = nexus("start", folder);
  await come(folder, "start");
  expect(isClaimed(join(folder, "data"))).toBe(true);
  killed.child.kill("SIGKILL");
  await killed.code;
  await writeFiles(folder, { "plugins/slow.ts": code("Hello") });
  await nexus("start", folder).url();
});

test("who has waited too long for a data folder is told so, and who gives it free lets the next one in", async () => {
  const folder = await makeFolder();
  const release = claim(folder)!;
  await expect(claimUnlessServed(folder, 0.1)).rejects.toMatchObject({ code: "NX_DATA_HELD" });
  const waiting = claimUnlessServed(folder, 10);
  release();
  const next = await waiting;
  expect(isClaimed(folder)).toBe(true);
  next!();
  expect(isClaimed(folder)).toBe(false);
});

test("a data folder that cannot be locked is no place for an app", async () => {
  const folder = await makeFolder({ "data/lock/file": "" });
  const { stderr, code: exit } = nexus("start", folder);
  expect(await exit).toBe(1);
  expect(stderr()).toMatch(/lock cannot be locked: .*NX_DATA_DIR/s);
});
