import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { audited, told } from "../../test/admin-client.ts";
import { writePlugin } from "../../test/lifecycle.ts";
import { newFolder } from "../../test/npm-packages.ts";
import { administrated, home, refused } from "../../test/plugin-admin.ts";

test("a package that cannot be installed is refused by its kind, and is not there", async () => {
  await using app = await administrated();
  const install = (spec: string) => app.ask("POST", "/install", { spec });
  expect(await install("./nowhere.tgz")).toEqual(refused(422, "NX_PACKAGE_SPEC", /nowhere/));
  expect(await install(await newFolder())).toEqual(refused(422, "NX_PACKAGE", /no package\.json/));
  const bad = await app.write({ name: "bad", nexus: { plugins: { x: "not a range" } } });
  expect(await install(bad)).toEqual(refused(422, "NX_MANIFEST", /not a range/));
  const broken = await app.write({ name: "broken", members: 'start() { throw new Error("no") }' });
  expect(await install(broken)).toEqual(
    refused(409, "NX_PLUGIN_FAILED", /^The plugin "broken" 1\.0\.0 failed \(start\): no$/),
  );
  expect(await app.ask("POST", "/install", {})).toMatchObject([422, { errors: [{}] }]);
  await app.install();
  await app.ask("POST", "/notes/upgrade", {
    spec: await app.write({ version: "1.1.0", members: 'x = get("/x", () => 1);' }),
  });
  const other = await app.write({ version: "1.1.0", members: 'y = get("/y", () => 1);' });
  expect(await install(other)).toEqual(refused(409, "NX_VERSION_TAKEN", /1\.1\.0/));
  expect((await app.ask("GET", ""))[1]).toMatchObject({ plugins: { length: 4 } });
});

test("a tarball is sent as a form", async () => {
  await using app = await administrated();
  const content = await readFile(await app.write());
  const upload = (filename: string, form = {}) => {
    const headers = { authorization: `Bearer ${app.root.token}` };
    return told(
      app.client.post(`${home}/upload`, {
        headers,
        form,
        files: { package: { content, filename } },
      }),
    );
  };
  expect(await upload("notes-1.0.0.tgz", { enable: "false" })).toMatchObject([
    200,
    { name: "notes", state: "stopped", versions: ["1.0.0"] },
  ]);
  expect(await upload("../../../etc/passwd")).toMatchObject([200, { name: "notes" }]);
  const left = (await readdir(tmpdir())).filter((name) => name.startsWith("nexus-upload-"));
  expect(left).toEqual([]);
  expect((await audited(app.client)).map(({ details }) => details)).toEqual(
    ["notes-1.0.0.tgz", "passwd"].map((from) => ({
      version: "1.0.0",
      versions: ["1.0.0"],
      from: expect.stringContaining(from),
      size: content.length,
    })),
  );
});

test("what is new in the author's folder is started", async () => {
  await using app = await administrated();
  expect(await app.ask("POST", "/discover")).toEqual([200, { plugins: [] }]);
  await writePlugin(app.pluginsFolder, { name: "found" });
  expect(await app.ask("POST", "/discover")).toMatchObject([
    200,
    { plugins: [{ name: "found", origin: "folder", state: "started" }] },
  ]);
  expect((await app.client.get("/found")).status).toBe(200);
  expect((await audited(app.client)).map(({ action, details }) => [action, details])).toEqual([
    ["plugin.discovered", { names: [] }],
    ["plugin.discovered", { names: ["found"] }],
  ]);
});

test("an app in code has no place for installed ones", async () => {
  await using app = await administrated({ lifecycle: undefined as never });
  const spec = await app.write();
  expect(await app.ask("POST", "/install", { spec })).toEqual(
    refused(409, "NX_PLUGIN_ORIGIN", /no place for installed plugins/),
  );
});
