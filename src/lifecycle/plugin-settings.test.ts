import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ask, closeApps, living, type TestVersion } from "../../test/lifecycle.ts";

afterEach(closeApps);

const keyed: TestVersion = {
  before: `import { z } from "zod"; import { secret } from "nexus-platform/config";`,
  members: `static config = z.object({ key: secret(z.string()).default("none"), keep: z.int().default(1) });
    shown = get("/shown", () => this.config);`,
};
const given = { key: "sesame", keep: 2 };

test("what is secret stays covered while a plugin's code is not loaded, and where it cannot be", async () => {
  const one = await living();
  await one.plugins.install(await one.write(keyed));
  await one.plugins.configure("notes", given);
  await one.plugins.disable("notes");
  const two = await one.again();
  expect(await two.plugins.settings("notes")).toMatchObject({
    values: { key: "********", keep: 2 },
    stored: { key: "********", keep: 2 },
  });
  const file = join(two.versions.folderOf("notes", "1.0.0")!, "index.ts");
  await writeFile(file, "what is this");
  const three = await two.again();
  expect(await three.plugins.settings("notes")).toEqual({
    values: {},
    stored: { key: "********", keep: "********" },
    sources: {},
  });
});

test("a secret of the config file that is written back covered is not stored", async () => {
  const one = await living(undefined, { config: { notes: { key: "of the file" } } });
  await one.plugins.install(await one.write(keyed));
  const { values } = await one.plugins.settings("notes");
  expect(values).toEqual({ key: "********", keep: 1 });
  await one.plugins.configure("notes", { ...(values as object), keep: 3 });
  expect(await ask(one.app, "/shown")).toEqual([200, { key: "of the file", keep: 3 }]);
  expect((await one.plugins.settings("notes")).stored).toEqual({ keep: 3 });
  // One that is stored stays, too.
  await one.plugins.configure("notes", given);
  await one.plugins.configure("notes", { key: "********", keep: 4 });
  expect(await ask(one.app, "/shown")).toEqual([200, { key: "sesame", keep: 4 }]);
});

test("one that is disabled is configured after a restart, and checked for that", async () => {
  const one = await living();
  await one.plugins.install(await one.write(keyed));
  await one.plugins.disable("notes");
  const two = await one.again();
  await expect(two.plugins.configure("notes", { keep: "a" })).rejects.toThrow(/keep/);
  await two.plugins.configure("notes", { keep: 5 });
  await two.plugins.enable("notes");
  expect(await ask(two.app, "/shown")).toEqual([200, { key: "none", keep: 5 }]);
});
