import { rename, rm } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { says, startDev, still } from "./dev.ts";
import { cleanUp, makeFolder, nexus, plugin, until, writeFiles } from "./nexus-process.ts";

afterAll(cleanUp);

const provider = (version: number) =>
  `import { Plugin, Service } from "nexus-platform";
       export class Words extends Service { version = ${version}; }
       export default class Provider extends Plugin { static services = [Words]; }`;

const table = (columns: string, more = "") =>
  plugin(
    "Tables",
    `static migrations = { "1": { expand: (db) => db.schema.createTable("things").addColumn("a", "text").execute() }${more} };
         db = inject(Database);
         get = get("/tables", async () => (await this.db.selectFrom("things").select(${columns}).execute()).length);`,
    `import { Database } from "nexus-platform/database";`,
  );

/** Says when it is loaded, and when it starts. */
const counted = (name: string) =>
  `console.error("loads ${name}");\n` +
  says(name, "one", `start() { console.error("starts ${name}"); }`);

describe("nexus dev", { timeout: 60_000 }, () => {
  test("reloads a plugin when one of its files changes, and neither the process nor another plugin", async () => {
    const app = await startDev({
      "plugins/hello/index.ts": `import { text } from "./text.ts";\n${plugin("Hello", `hello = get("/hello", () => text);`)}`,
      "plugins/hello/text.ts": `export const text: string = "one";`,
    });
    expect(app.dev.stderr()).toBe("");
    const [pid] = (await app.ask("/still")) as [number, number];
    for (const text of ["two", "three"]) {
      await app.write({ "plugins/hello/text.ts": `export const text: string = "${text}";` });
      await app.answers("/hello", text);
    }
    expect(await app.ask("/still")).toEqual([pid, 2]);
    const lines = await app.shows(/Reloaded[^]*Reloaded/);
    expect(
      lines
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    ).toEqual(
      Array.from({ length: 2 }, () =>
        expect.objectContaining({
          level: 30,
          plugins: ["hello"],
          msg: expect.stringMatching(/^Reloaded hello, in \d+ ms$/),
        }),
      ),
    );
    expect(await app.dev.stop()).toBe(0);
  });

  test("reloads those that need a plugin with it: they have its newest service each time", async () => {
    const consumer = plugin(
      "Consumer",
      `words = inject(Words); get = get("/consumer", () => [this.words.version, this.words.constructor === Words]);`,
      `import { Words } from "./provider.ts";`,
    );
    // Knows the service by its key alone.
    const distant = plugin(
      "Distant",
      `words = inject(Words); get = get("/distant", () => this.words.version);`,
      `class Words extends Service { static key = "provider/Words"; }`,
    );
    const app = await startDev({
      "plugins/provider.ts": provider(0),
      "plugins/consumer.ts": consumer,
      "plugins/distant.ts": distant,
    });
    for (let version = 1; version <= 10; version++) {
      await app.write({ "plugins/provider.ts": provider(version) });
      await app.answers("/consumer", [version, true]);
      await app.answers("/distant", version);
    }
    const lines = await app.shows(/(Reloaded[^]*){10}/);
    expect(lines).toMatch(/"Reloaded consumer, provider, and distant with it, in \d+ ms"/);
  });

  test("a plugin that is dropped in is there, one that is taken away is gone", async () => {
    const app = await startDev({});
    await rm(app.file("plugins/still.ts"));
    await app.answers("/still", 404);
    await rm(app.file("plugins"), { recursive: true });
    await app.write({ "plugins/a/lib/text.ts": `export const text = "a";` });
    await app.write({
      "plugins/a/index.ts": plugin(
        "A",
        `get = get("/a", () => text);`,
        `import { text } from "./lib/text.ts";`,
      ),
      "plugins/b.ts": says("B", "b"),
    });
    await app.answers("/a", "a");
    await app.answers("/b", "b");
    await app.write({ "plugins/a/lib/text.ts": `export const text = "changed";` });
    await app.answers("/a", "changed");
    await rename(app.file("plugins/a"), app.file("plugins/c"));
    await app.shows("Removed a");
    await app.answers("/a", "changed");
    await rm(app.file("plugins/b.ts"));
    await app.answers("/b", 404);
    // Not a word of what was half there.
    expect(app.dev.stderr()).not.toContain("failed");
  });

  test("only what has changed is loaded and started anew, whatever else there is", async () => {
    const names = ["First", "Second", "Third"];
    const files = names.map((name) => [`plugins/${name.toLowerCase()}.ts`, counted(name)] as const);
    const app = await startDev(Object.fromEntries(files));
    await app.answers("/third", "one");
    await app.shows("starts Third");
    await app.write({ "plugins/second.ts": counted("Second").replace(`"one"`, `"two"`) });
    const shown = await app.shows("Reloaded second");
    expect(shown.match(/(?:loads|starts) \w+/g)).toEqual(["loads Second", "starts Second"]);
    expect(await app.ask("/second")).toBe("two");
  });

  test("one that is disabled stays so, however its files change", async () => {
    const state = {
      format: 1,
      plugins: { off: { enabled: false, changedAt: new Date().toISOString() } },
    };
    const app = await startDev({
      "data/plugins/state.json": JSON.stringify(state),
      "plugins/off.ts": says("Off", "one"),
      "plugins/on.ts": says("On", "one"),
    });
    await app.write({ "plugins/off.ts": says("Off", "two") });
    await app.write({ "plugins/on.ts": says("On", "two") });
    await app.answers("/on", "two");
    expect(await app.shows(/Reloaded [^.]*on/)).not.toMatch(/off|failed/);
    expect(await app.ask("/off")).toBe(404);
  });

  test("of changes while it reloads the last one wins", async () => {
    const app = await startDev({ "plugins/slow.ts": says("Slow", "0") });
    const texts = Array.from({ length: 8 }, (_, at) => `${at + 1}`);
    for (const text of texts) {
      const start = `async start() { await new Promise((done) => setTimeout(done, 150)); }`;
      await app.write({ "plugins/slow.ts": says("Slow", text, start) });
      await new Promise((done) => setTimeout(done, 40));
    }
    await app.answers("/slow", "8");
    expect(app.dev.stderr().match(/Reloaded slow/g)!.length).toBeLessThan(8);
  });

  test("what changes while the app starts is not lost", async () => {
    const slow = `start() { console.error("starting"); return new Promise((done) => setTimeout(done, 700)); }`;
    const files = {
      "plugins/hello.ts": says("Hello", "one"),
      "plugins/slow.ts": plugin("Slow", slow),
    };
    const folder = await makeFolder(files);
    const dev = nexus("dev", folder);
    await until(() => dev.stderr().includes("starting"));
    await writeFiles(folder, { "plugins/hello.ts": says("Hello", "two") });
    const url = await dev.url();
    await until(async () => (await (await fetch(`${url}/hello`)).text()) === `"two"`);
  });

  test("begins the process anew where only that helps", async () => {
    const app = await startDev({
      "nexus.config.ts": `import { key } from "./plugins/_config/key.ts"; export default { config: { still: {} } };`,
      "plugins/_config/key.ts": `export const key = 1;`,
      "plugins/outside.ts": plugin(
        "Outside",
        `get = get("/outside", () => text);`,
        `import { text } from "../src/text.ts";`,
      ),
      "src/text.ts": `export const text = "one";`,
    });
    let [pid] = (await app.ask("/still")) as [number];
    const isAnother = async () => {
      const [now] = ((await app.ask("/still")) ?? [pid]) as [number];
      const other = now !== pid;
      pid = now;
      return other;
    };
    await app.write({ "src/text.ts": `export const text = "two";` });
    await app.answers("/outside", "two");
    expect(await isAnother()).toBe(true);
    for (const file of ["plugins/_config/key.ts", "package.json"]) {
      const ready = app.dev.stdout().match(/ready/g)!.length;
      await app.write({ [file]: file.endsWith("json") ? "{}" : `export const key = 2;` });
      await until(() => app.dev.stdout().match(/ready/g)!.length > ready);
      await app.answers("/outside", "two");
      expect([file, await isAnother()]).toEqual([file, true]);
    }
  });

  test("migrations that cannot run beside the old code are run by a new process", async () => {
    const app = await startDev({ "plugins/tables.ts": table(`"a"`) });
    expect(await app.ask("/tables")).toBe(0);
    const [pid] = (await app.ask("/still")) as [number];
    const add = `, "2": { expand: (db) => db.schema.alterTable("things").addColumn("b", "text").execute() }`;
    await app.write({ "plugins/tables.ts": table(`["a", "b"]`, add) });
    await app.shows("Reloaded tables");
    expect([await app.ask("/tables"), await app.ask("/still")]).toEqual([0, [pid, 2]]);
    const drop = `${add}, "3": { expand: (db) => db.schema.alterTable("things").dropColumn("a").execute() }`;
    const ready = app.dev.stdout().match(/ready/g)!.length;
    await app.write({ "plugins/tables.ts": table(`"b"`, drop) });
    await until(() => app.dev.stdout().match(/ready/g)!.length > ready);
    await app.answers("/tables", 0);
    expect(await app.ask("/still")).toEqual([expect.not.stringMatching(String(pid)), 1]);
  });

  test("without vite it is Node that reloads, and one line says what would be better", async () => {
    const hooks = `import { registerHooks } from "node:module"; registerHooks({ resolve(name, context, next) {
      if (name === "vite" || name.startsWith("vite/")) throw new Error("no vite"); return next(name, context); } });`;
    const app = await startDev(
      {
        "plugins/hello/index.ts": `import { text } from "./text.ts";\n${plugin("Hello", `hello = get("/hello", () => text);`)}`,
        "plugins/hello/text.ts": `export const text = "one";`,
      },
      { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hooks)}` },
    );
    const hint = await app.shows("npm install -D vite");
    expect(hint.trim().split("\n")).toHaveLength(1);
    const [pid] = (await app.ask("/still")) as [number];
    for (const text of ["two", "three"]) {
      await app.write({ "plugins/hello/text.ts": `export const text = "${text}";` });
      await app.answers("/hello", text);
    }
    await app.write({ "plugins/hello/text.ts": `export const text = ;` });
    expect(await app.shows("serves on.")).toContain(
      "> 1 | export const text = ;\n    |                     ^",
    );
    expect([await app.ask("/hello"), await app.ask("/still")]).toEqual(["three", [pid, 2]]);
  });

  test("ends with the process that watches, however that ends", async () => {
    const app = await startDev({});
    const [pid] = (await app.ask("/still")) as [number];
    app.dev.child.kill("SIGKILL");
    await app.dev.code;
    await until(() => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    });
  });
});

test("who only serves never loads vite", async () => {
  const hooks = `import { registerHooks } from "node:module"; registerHooks({ load(url, context, next) {
    if (url.includes("/node_modules/vite/")) throw new Error("loaded " + url); return next(url, context); } });`;
  const folder = await makeFolder({ "plugins/still.ts": still });
  const app = nexus("start", folder, {
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hooks)}`,
  });
  expect((await fetch(`${await app.url()}/still`)).status).toBe(200);
  expect([await app.stop(), app.stderr()]).toEqual([0, ""]);
});
