import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ask, closeApps, living } from "../../test/lifecycle.ts";

afterEach(closeApps);

test("a watched version that a start cannot load is rolled back when all others have started", async () => {
  const first = await living();
  const slow = `start() { return new Promise((done) => setTimeout(done, 1000)); }`;
  const nexus = { plugins: { slow: "*" } };
  await first.plugins.install(await first.write({ name: "slow", members: slow }));
  await first.plugins.install(await first.write({ nexus }));
  const spec = await first.write({ version: "1.1.0", nexus });
  await first.plugins.upgrade("notes", { spec }, { window: 60 });
  await first.app.close();
  await appendFile(join(first.folder, "plugins/notes/1.1.0/index.ts"), "// changed");
  const second = await living(first.folder);
  await expect.poll(() => ask(second.app, "/notes"), { timeout: 5000 }).toEqual([200, "1.0.0"]);
  expect((await second.plugins.info("notes")).last_upgrade).toMatchObject({
    outcome: "rolled back",
    reason: expect.stringContaining("is not what was installed"),
  });
});
