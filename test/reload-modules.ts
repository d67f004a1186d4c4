import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { makeFolder } from "./nexus-process.ts";

/** Module loaders in processes of their own: Node's loader in a test is not Node's. */

const src = pathToFileURL(resolve(import.meta.dirname, "../src/")).href;
export const loaders = {
  runner: `(await import("${src}/plugin/module-runner.ts")).createModuleRunner`,
  generations: `(await import("${src}/plugin/module-generations.ts")).createGenerations`,
};

/**
 * Runs code that has `modules` over the folder `plugins`, and `root` around it; `write(files)` and
 * `remove(path)`; `load(path)` for what a file exports by default, and `change(files)`, which writes and
 * forgets and says the places. Paths begin in `root`.
 * @returns what the code returns
 */
export async function withModules(
  loader: keyof typeof loaders,
  files: Readonly<Record<string, string>>,
  code: string,
  { before = "", name = "app" } = {},
): Promise<any> {
  const folder = await makeFolder();
  const script = `
    import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
    import { dirname, join, relative } from "node:path";
    import { setTimeout as sleep } from "node:timers/promises";
    const root = ${JSON.stringify(resolve(folder, name))};
    const src = "${src}";
    const { findSpot, codeFrame } = await import("${src}/plugin/code-frame.ts");
    const { registerPluginHooks } = await import("${src}/plugin/hooks.ts");
    const { loadPlaces, loadPlugin, loadPlugins } = await import("${src}/plugin/loader.ts");
    const at = (path) => join(root, path);
    const write = (files) => {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(at(path)), { recursive: true });
        writeFileSync(at(path), text);
      }
    };
    write(${JSON.stringify(files)});
    registerPluginHooks();
    ${before}
    const modules = await ${loaders[loader]}(at("plugins"));
    const load = async (path) => (await modules.import(at(path))).default;
    const forget = (...paths) => modules.forget(paths.map(at)).map((place) => relative(at("plugins"), place)).toSorted();
    const change = (files) => (write(files), forget(...Object.keys(files)));
    const failure = async (path) => {
      try {
        return void (await load(path));
      } catch (error) {
        const { file, ...spot } = findSpot(error) ?? {};
        return { message: error.message, ...spot, ...(file && { file: relative(root, file) }) };
      }
    };
    const result = await (async () => { ${code} })();
    console.log(JSON.stringify(result));
    process.exit();`;
  const args = ["--conditions=source", "--expose-gc", "--input-type=module", "-e", script];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  if (stderr) throw new Error(stderr);
  return stdout === "undefined\n" ? undefined : JSON.parse(stdout);
}
