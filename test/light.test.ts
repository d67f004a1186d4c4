import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** An app of one route that is asked once, and then names the files of `src` that it has loaded. */
const script = `
  import { registerHooks } from "node:module";
  const loaded = [];
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
  const { createApp, get, Plugin } = await import("nexus-platform");
  class Hello extends Plugin {
    hello = get("/hello", () => "hi");
  }
  const app = await createApp({ plugins: [Hello], env: { NEXUS_LOG: "silent" } });
  await app.fetch(new Request("http://a/hello"));
  await app.close();
  console.log(JSON.stringify(loaded.flatMap((url) => /[/]src[/](.*)/.exec(url)?.[1] ?? [])));`;

test("an app that has no accounts, tables, files or tasks loads none of what does them", async () => {
  const args = ["--conditions=source", "--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded).toContain("app/create.ts");
  const heavy =
    /^(accounts|admin|database|mail|shape|storage|testing|secrets|zod)\b|^tasks\/(service|worker|sqlite)/;
  expect(loaded.filter((file) => heavy.test(file))).toEqual([]);
});
