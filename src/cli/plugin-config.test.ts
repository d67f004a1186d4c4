import { afterAll, expect, test, vi } from "vitest";
import { cleanUp, makeFolder, nexus } from "../../test/nexus-process.ts";
import { packed } from "../../test/plugin-admin.ts";
import { failed, ok, plugin } from "../../test/plugin-command.ts";

// Each command is a process.
vi.setConfig({ testTimeout: 60_000 });
afterAll(cleanUp);

test("settings are shown, set and unset, and secrets are not printed", async () => {
  const before = 'import { z } from "zod"; import { secret } from "nexus-platform/config";';
  const members = `static config = z.object({ retries: z.int().default(3), key: secret(z.string().default("none")),
      name: z.string().default("") });
    set = get("/set", () => this.config);`;
  const folder = await makeFolder();
  const url = await nexus("start", folder).url();
  await plugin(folder, "install", await packed({ before, members }));
  expect(await plugin(folder, "config", "notes")).toEqual(
    ok(/^retries {2}3 {11}default\nkey {6}"\*{8}" {2}default\nname {5}"" {10}default\n$/),
  );
  const set = await plugin(folder, "config", "notes", "retries=5", "key=hunter2", "name=a=b");
  expect(set).toEqual(ok("notes has its new settings: it is started.\n"));
  const given = async () => (await fetch(`${url}/set`)).json();
  expect(await given()).toEqual({ retries: 5, key: "hunter2", name: "a=b" });
  expect(await plugin(folder, "config", "notes")).toEqual(
    ok(/^retries {2}5 {11}stored\nkey {6}"\*{8}" {2}stored\nname/),
  );
  await plugin(folder, "config", "notes", "--unset", "retries", "--unset", "name");
  expect(await given()).toEqual({ retries: 3, key: "hunter2", name: "" });
  expect(await plugin(folder, "config", "notes", "retries=many")).toEqual(
    failed(/^The plugin "notes" 1\.0\.0 failed \(config\): .*\n {2}- retries: Invalid .*\n$/),
  );
  expect(await plugin(folder, "config", "notes", "retries")).toEqual(
    failed(/^"retries" sets nothing\. Write key=value/),
  );
  expect(await plugin(folder, "config", "docs")).toEqual(ok("It has no settings.\n"));
  const { stdout } = await plugin(folder, "config", "notes", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ sources: { key: "stored" }, stored: {} });
  expect(stdout).not.toContain("hunter2");
});

test("an upgrade is planned and done with settings that only the new version knows", async () => {
  const folder = await makeFolder();
  await nexus("start", folder).url();
  await plugin(folder, "install", await packed());
  const before = `import { z } from "zod"; import { secret } from "nexus-platform/config";`;
  const members = `static config = z.object({ retries: z.int(), key: secret(z.string()) });`;
  const next = await packed({ version: "1.1.0", before, members });
  expect(await plugin(folder, "plan", "notes", next)).toEqual(ok(/key is missing/));
  const set = ["--set", "retries=5", "--set", "key=sesame"];
  expect((await plugin(folder, "plan", "notes", next, ...set)).stdout).not.toContain("missing");
  expect(await plugin(folder, "upgrade", "notes", next, ...set)).toEqual(
    ok(/^notes 1\.1\.0 is st/),
  );
  const { stdout } = await plugin(folder, "config", "notes");
  expect(stdout).toMatch(/^key +"\*{8}" +stored\nretries +5 +stored\n$|^retries +5 +stored\nkey/);
  expect(await plugin(folder, "finalize", "notes")).toEqual(failed(/NX_PLUGIN_WATCHED/));
  expect(await plugin(folder, "finalize", "notes", "--now")).toEqual(ok(/^notes is finalized/));
});
