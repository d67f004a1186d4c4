import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { cleanUp, makeFolder, nexus, plugin as code } from "../../test/nexus-process.ts";
import { packed } from "../../test/plugin-admin.ts";
import { alone, auditedIn, failed, ok, plugin } from "../../test/plugin-command.ts";

// Each command is a process.
vi.setConfig({ testTimeout: 60_000 });
afterAll(cleanUp);

test("without a server the same is done in an app that ends at once, and counts from the next start on", async () => {
  // What its module begins keeps no command from its end.
  const hello = `setInterval(() => {}, 1000);\n${code("Hello", 'hi = get("/hi", () => "hi");')}`;
  const folder = await makeFolder({ "plugins/hello.ts": hello });
  const looks = "No server runs here: this is how its plugins would start.\n";
  expect(await plugin(folder, "list")).toEqual({
    ...ok(/^hello +0\.0\.0 +started/m),
    stderr: looks,
  });
  // Nobody only looks at a database that is not there.
  expect(await readdir(join(folder, "data"))).not.toContain("nexus.db");
  expect(await plugin(folder, "install", await packed())).toEqual(
    alone("Installed notes 1.0.0: it is started.\n"),
  );
  expect(await plugin(folder, "upgrade", "notes", await packed({ version: "1.1.0" }))).toEqual(
    alone("notes 1.1.0 is started.\n"),
  );
  expect(await plugin(folder, "disable", "hello")).toEqual(alone("hello 0.0.0 is disabled.\n"));
  expect(await plugin(folder, "logs", "notes")).toEqual(failed(/^No server runs here, so nothing/));
  const refused = await plugin(folder, "enable", "nope");
  expect(refused).toEqual(failed(/^There is no plugin "nope"\. .*\(NX_PLUGIN_UNKNOWN\)\n$/));

  const server = nexus("start", folder);
  const url = await server.url();
  expect(await (await fetch(`${url}/notes`)).json()).toBe("1.1.0");
  expect((await fetch(`${url}/hi`)).status).toBe(404);
  await server.stop();
  expect((await auditedIn(folder)).map(({ actor, action }) => [actor, action])).toEqual([
    ["command line", "plugin.installed"],
    ["command line", "plugin.upgraded"],
    ["command line", "plugin.disabled"],
    ["command line", "plugin.enabled"],
  ]);
});

test("an app without accounts has the command all the same", async () => {
  const folder = await makeFolder({ "nexus.config.ts": "export default { accounts: false };" });
  const url = await nexus("start", folder).url();
  await mkdir(join(folder, "plugins"), { recursive: true });
  expect(await plugin(folder, "new", "guest-book")).toEqual(
    ok(/^Wrote plugins\/guest-book\/package\.json\nWrote .*\nnexus dev serves it; npm test /s),
  );
  expect(await plugin(folder, "discover")).toEqual(ok(/^guest-book +0\.1\.0 +started +folder/));
  expect((await fetch(`${url}/guest-book`)).status).toBe(200);
  expect(await plugin(folder, "discover")).toEqual(
    ok("There is nothing new in the folder of plugins.\n"),
  );
  for (const name of ["guest-book", "docs"])
    expect(await plugin(folder, "new", name)).toEqual(
      failed(/^There is a plugin called "[\w-]+" already\./),
    );
  expect(await plugin(folder, "pack", "plugins/guest-book")).toEqual(
    ok(/^guest-book 0\.1\.0: guest-book-0\.1\.0\.tgz, \d+ bytes, sha512-\S+\nInstall it with: /),
  );
});
