import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, expect, test } from "vitest";
import { until } from "../../test/nexus-process.ts";
import { watchFolder } from "./watch.ts";

let root = "";
const undo: (() => void)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0)) one();
  await rm(root, { recursive: true, force: true });
});

test("files are told of that are written, replaced, made and removed, however deep", async () => {
  const { hears } = await watchPlugins([
    "plugins/one.ts",
    "plugins/a/lib/b.ts",
    "plugins/a/gone.ts",
  ]);
  await write("plugins/one.ts", "plugins/a/lib/b.ts");
  await hears("plugins/one.ts", "plugins/a/lib/b.ts");
  await write("elsewhere.ts", "plugins/a/new.ts", "plugins/b/deep/down/c.ts");
  await hears("plugins/a/new.ts", "plugins/b");
  await rename(join(root, "elsewhere.ts"), join(root, "plugins/a/lib/b.ts"));
  await rm(join(root, "plugins/a/gone.ts"));
  await write("plugins/b/deep/down/c.ts");
  await hears("plugins/a/lib/b.ts", "plugins/a/gone.ts", "plugins/b/deep/down/c.ts");
  await rm(join(root, "plugins/b"), { recursive: true });
  await hears("plugins/b");
});

test("the folder itself may come later, go, and be another one", async () => {
  const { hears } = await watchPlugins([]);
  await write("plugins/a/index.ts");
  await hears("plugins/a");
  await write("plugins/a/index.ts");
  await hears("plugins/a/index.ts");
  await write("other/a/index.ts", "other/b.ts");
  await rename(join(root, "plugins"), join(root, "old"));
  await hears("plugins/a");
  await rename(join(root, "other"), join(root, "plugins"));
  await hears("plugins/a", "plugins/b.ts");
  await write("plugins/a/index.ts");
  await hears("plugins/a/index.ts");
});

test("what comes and goes at once is no trouble", async () => {
  const { hears } = await watchPlugins(["plugins/a/index.ts"]);
  for (let turn = 0; turn < 100; turn++) {
    await mkdir(join(root, `plugins/a/b${turn}/c/d`), { recursive: true });
    void rm(join(root, `plugins/a/b${turn}`), { recursive: true });
    if (turn % 10 === 0) await write(`plugins/b${turn}/c/d.ts`);
  }
  await write("plugins/b0/c/d.ts", "plugins/a/index.ts");
  await hears("plugins/b0/c/d.ts", "plugins/a/index.ts");
});

test("links are followed to what they lead to", async () => {
  const { hears } = await watchPlugins([
    "plugins/one.ts",
    "elsewhere/lib/a.ts",
    "elsewhere/two.ts",
  ]);
  await symlink(join(root, "elsewhere"), join(root, "plugins/linked"));
  // One below that leads back is a file.
  await symlink(root, join(root, "elsewhere/lib/back"));
  await hears("plugins/linked");
  await write("elsewhere/lib/a.ts");
  await hears("plugins/linked/lib/a.ts");
  await rm(join(root, "plugins/linked"));
  await hears("plugins/linked");
});

const noise = ".git/HEAD a/.env a/node_modules/x/index.js a/index.ts~ a/a.test.ts a/types.d.ts";
const data = "a/notes.db a/notes.sqlite-wal a/out.log a/4913 node_modules/x.js";

test("what nobody writes by hand is passed over, and tests are", async () => {
  const names = [...noise.split(" "), ...data.split(" ")].map((name) => `plugins/${name}`);
  // Of a folder that is new Node may tell without what is written into it at once.
  const { hears } = await watchPlugins(["plugins/a/index.ts", "plugins/a/data/first.json"]);
  await write(...names);
  await write(...names, "plugins/a/data/last.json");
  const heard = await hears("plugins/a/data/last.json");
  const known = ["plugins/a", "plugins/a/data", "plugins/a/data/last.json"];
  expect(heard.filter((path) => !known.includes(path))).toEqual([]);
});

test("nothing is told any more when it has ended", async () => {
  const { seen, end } = await watchPlugins(["plugins/a/index.ts"]);
  end();
  const again = watchFolder(join(root, "plugins"), (path) => void seen.add(`again ${path}`));
  undo.push(again);
  await write("plugins/a/index.ts");
  await until(() => seen.size > 0);
  expect([...seen].every((path) => path.startsWith("again "))).toBe(true);
});

async function watchPlugins(files: readonly string[]) {
  root = await mkdtemp(join(tmpdir(), "nexus-watch-"));
  await write(...files);
  const seen = new Set<string>();
  const end = watchFolder(join(root, "plugins"), (path) => void seen.add(relative(root, path)));
  undo.push(end);
  /** Waits until all of them have been told, and begins anew. */
  const hears = async (...paths: string[]): Promise<string[]> => {
    await until(
      () => paths.every((path) => seen.has(path)),
      () => `It heard of ${[...seen].join(", ")}`,
    );
    const all = [...seen];
    seen.clear();
    return all;
  };
  return { hears, seen, end };
}

async function write(...files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), file);
  }
}
