import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { cleanUp, makeFolder, writeFiles } from "./nexus-process.ts";

afterAll(cleanUp);

const root = resolve(import.meta.dirname, "..");

/** Runs a script of its own process in a folder. @returns the packages whose files it has loaded */
async function packagesOf(folder: string, script: string, env = {}): Promise<string[]> {
  const listed = `
    import { createRequire, registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    const { get } = process.getBuiltinModule("node:http");
    const ask = (url) => new Promise((end) => get(url, (answer) => answer.resume().on("end", end)));
    ${script}
    // What is required while a hook runs is seen by no hook.
    const files = [...loaded, ...Object.keys(createRequire(import.meta.url).cache)];
    const ofPackage = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+).*[.][cm]?js$/;
    const names = files.flatMap((file) => ofPackage.exec(file)?.[1] ?? []);
    // Node's own fetch is as large as a package.
    const fetch = process.moduleLoadList.filter((name) => name.endsWith("/undici"));
    console.log("\\n" + JSON.stringify([...new Set([...names, ...fetch])].sort()));
    process.exit();`;
  const args = ["--conditions=source", "--input-type=module", "-e", listed];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env["PATH"], PORT: "0", ...env },
  });
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as string[];
}

test("a small app answers without any package that it does not use, a log without lines included", async () => {
  const script = `
    const { createApp, get: route, Plugin } = await import("nexus-platform");
    class Hello extends Plugin {
      hello = route("/hello", () => "hi");
    }
    const app = await createApp({ plugins: [Hello], env: {} });
    const { url } = await app.listen({ port: 0 });
    await ask(url + "/hello");`;
  expect(await packagesOf(root, script)).toEqual(["content-disposition"]);
});

test("a server starts without the packages that its commands and its documentation need", async () => {
  const plugin = `import { get, Plugin } from "nexus-platform";
    export default class Hello extends Plugin { hello = get("/hello", () => "hi"); }`;
  const folder = await makeFolder({ "plugins/hello.ts": plugin });
  const script = `
    const { start } = await import(${JSON.stringify(join(root, "src/cli/start.ts"))});
    const { app } = await start();
    if (!app.routes.some(({ path }) => path === "/hello")) throw new Error("It has no plugin");`;
  // Accounts have tables.
  expect(await packagesOf(folder, script)).toEqual(["content-disposition", "kysely"]);
});

test("a decorated plugin that has not changed since an earlier start needs no translator", async () => {
  const shop = `import { get, Plugin } from "nexus-platform";
    export default class Shop extends Plugin {
      @get("/item") item() { return "a"; }
    }`;
  const folder = await makeFolder({ "plugins/shop.ts": shop });
  const env = { NODE_COMPILE_CACHE: join(folder, "cache") };
  const script = `
    const { start } = await import(${JSON.stringify(join(root, "src/cli/start.ts"))});
    const { app } = await start();
    const item = await app.fetch(new Request("http://a/item"));
    if (await item.text() !== JSON.stringify("a")) throw new Error("It answers something else");`;
  expect(await packagesOf(folder, script, env)).toContain("esbuild");
  expect(await packagesOf(folder, script, env)).not.toContain("esbuild");
  await writeFiles(folder, { "plugins/shop.ts": `${shop}\n` });
  expect(await packagesOf(folder, script, env)).toContain("esbuild");
});
