import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { cleanUp, makeFolder, plugin, writeFiles } from "./nexus-process.ts";

afterAll(cleanUp);

const root = resolve(import.meta.dirname, "..");

/** An app whose plugins are reloaded again and again, as `nexus dev` does it. */
const script = `
  import { writeFileSync } from "node:fs";
  import { join } from "node:path";
  import { setTimeout as sleep } from "node:timers/promises";
  const src = ${JSON.stringify(`${root}/src`)};
  const { createApp } = await import(src + "/app/index.ts");
  const { loadPlaces, loadPlugins } = await import(src + "/plugin/index.ts");
  const { createModuleRunner } = await import(src + "/plugin/module-runner.ts");
  const folder = join(process.cwd(), "plugins");
  const modules = await createModuleRunner(folder);
  const { sources: plugins } = await loadPlugins(folder, modules);
  const app = await createApp({ plugins, env: { NEXUS_LOG: "silent", DATABASE_URL: "sqlite::memory:" } });
  const old = [];
  const heaps = [];
  const versions = new Set();
  const faults = [];
  // What was forgotten and did not come to be used has to be loaded again.
  const stale = new Set();
  const write = async (file, text) => {
    writeFileSync(join(folder, "notes", file), text);
    for (const place of modules.forget([join(folder, "notes", file)])) stale.add(place);
    const { sources } = await loadPlaces([...stale], modules);
    old.push(...sources.map(({ type }) => new WeakRef(type)));
    const { drained } = await app.plugins.put(sources);
    stale.clear();
    await drained;
  };
  for (let version = 1; version <= 500; version++) {
    await write("version.ts", "export const version: number = " + version + ";");
    const answers = await Promise.all(["/notes", "/shop"].map(async (path) =>
      (await app.fetch(new Request("http://test" + path))).text()));
    versions.add(answers.every((text) => text === String(version)));
    if (version % 20 === 0)
      await write("start.ts", "export function start() { throw new Error('no'); }").catch(
        ({ message }) => {
          faults.push(message);
          writeFileSync(join(folder, "notes/start.ts"), "export function start() {}");
          for (const place of modules.forget([join(folder, "notes/start.ts")])) stale.add(place);
        },
      );
    if (version % 100) continue;
    for (let turn = 0; turn < 5; turn++) { await sleep(5); gc(); }
    heaps.push(process.memoryUsage().heapUsed / 1e6);
  }
  console.log(JSON.stringify({
    alive: old.filter((one) => one.deref()).length, of: old.length, heaps, versions: [...versions], faults,
  }));
  process.exit();`;

const functions = (file: number) =>
  Array.from(
    { length: 40 },
    (_, at) =>
      `/** Number ${at}. */\nexport function f${at}(x: number): number[] { return [x, ${file}, ${at}]; }`,
  ).join("\n");

test(
  "over 500 reloads old code is freed, and the heap stays as it is",
  { timeout: 60_000 },
  async () => {
    const folder = await makeFolder();
    const parts = Array.from({ length: 6 }, (_, at) => at);
    await writeFiles(folder, {
      "plugins/notes/index.ts": plugin(
        "Notes",
        `static services = [Store]; static config = z.object({});
       store = inject(Store); big = new Uint8Array(100_000);
       heard = on("x.*", () => {}); timer = this.every(1000, () => {});
       start() { start(); }
       list = get("/notes", { response: z.int() }, () => this.store.version);`,
        `import { on } from "nexus-platform"; import { z } from "zod"; import { version } from "./version.ts"; import { start } from "./start.ts";
       ${parts.map((part) => `import * as part${part} from "./part${part}.ts";`).join("\n")}
       export class Store extends Service { version = version; parts = [${parts.map((part) => `part${part}`).join()}]; }`,
      ),
      "plugins/notes/start.ts": "export function start() {}",
      "plugins/notes/version.ts": "export const version: number = 0;",
      ...Object.fromEntries(
        parts.map((part) => [
          `plugins/notes/part${part}.ts`,
          `import { version } from "./version.ts";\nexport { version };\n${functions(part)}`,
        ]),
      ),
      "plugins/shop.ts": plugin(
        "Shop",
        `store = inject(Store);\n@get("/shop")\nshop() { return this.store.version; }`,
        `import { Store } from "./notes/index.ts";`,
      ),
    });
    const args = ["--conditions=source", "--expose-gc", "--no-compilation-cache"];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...args, "--input-type=module", "-e", script],
      { cwd: folder },
    );
    const { alive, of, heaps, versions, faults } = JSON.parse(stdout) as {
      alive: number;
      of: number;
      /** In millions of bytes, every 100 reloads. */
      heaps: number[];
      versions: boolean[];
      faults: string[];
    };
    expect([of, versions]).toEqual([1000 + 2 * faults.length, [true]]);
    expect(faults).toEqual(faults.map(() => expect.stringContaining("failed (start): no")));
    expect(alive).toBeLessThan(10);
    expect(Math.max(...heaps) - heaps[0]!).toBeLessThan(20);
  },
);
