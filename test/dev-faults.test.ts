import { rename } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { says, startDev, still } from "./dev.ts";
import { cleanUp, plugin, until } from "./nexus-process.ts";

afterAll(cleanUp);

const manifest = (name: string) => JSON.stringify({ name, type: "module" });

const user = (name: string, more = "") =>
  plugin(
    name,
    `get = get("/${name.toLowerCase()}", () => shared);\n${more}`,
    `import { shared } from "./_shared/text.ts";`,
  );

const decorated = (text: string) => `import {
  get,
  Plugin
} from "nexus-platform";

interface Erased { a: string }

export default class Shop extends Plugin {
  /** Says ${text}. */
  @get("/shop")
  shop(): string {
    return "${text}";
  }

  @get("/fail")
  fail(): Erased {
    throw new RangeError("out of range");
  }
}
`;

const plain = (text: string) => `import {
  get,
  Plugin,
} from "nexus-platform";
interface Erased {
  a: string;
}
export default class Plain extends Plugin {
  /** Tells ${text}. */
  plain = get("/plain", (): Erased => ({ a: "${text}" }));
  broken = get("/broken", () => this.#fail());
  #fail(): never {
    throw new RangeError("out of order");
  }
}
`;

const failing = (start: string) => says("Hello", "broken", `\n${start}`);

describe("nexus dev", { timeout: 60_000 }, () => {
  test("shows what is broken with its lines, and the old code serves on until it is mended", async () => {
    const whole = says("Hello", "hi");
    const app = await startDev({
      "plugins/hello/index.ts": `import "./part.ts";\n${whole}`,
      "plugins/hello/part.ts": "",
      "plugins/hello/package.json": `{ "name": "hello", "type": "module" }`,
    });
    const index = app.file("plugins/hello/index.ts");
    const faults: [name: string, file: string, text: string, shown: string][] = [
      [
        "syntax",
        "index.ts",
        "interface A {\n  a: string\n}\nexport const x = ;\n\nexport {};",
        `Unexpected token. See ${index}:4.

${index}:4:18
  1 | interface A {
  2 |   a: string
  3 | }
> 4 | export const x = ;
    |                  ^
  5 |
  6 | export {};

Its old code serves on.
`,
      ],
      ["import", "part.ts", `export {};\nimport "./gone.ts";`, `> 2 | import "./gone.ts";`],
      [
        "start-up",
        "index.ts",
        failing(`start() {\n  throw new Error("no disk");\n}`),
        `(start): no disk\n\n${index}:7:9\n`,
      ],
      [
        "construction",
        "index.ts",
        failing("x = null!.y;"),
        "(make): Cannot read properties of null",
      ],
      ["route", "index.ts", failing(`twice = get("/hello", () => 2);`), `${index}:4`],
      ["no plugin", "index.ts", "export default 7;", "exports a value of type number by default"],
      ["JSON", "package.json", `{\n  "name": "hello",\n}`, "> 3 | }\n    | ^"],
      [
        "manifest",
        "package.json",
        `{\n  "name": "hello",\n  "nexus": { "titel": "Hello" }\n}`,
        `> 3 |   "nexus": { "titel": "Hello" }\n    |              ^`,
      ],
    ];
    for (const [name, file, text, shown] of faults) {
      await app.write({ [`plugins/hello/${file}`]: text });
      const found = await app.shows(/serves on\.|mended\./);
      expect([name, found]).toEqual([name, expect.stringContaining(shown)]);
      expect([name, found.match(/serves on/g)?.length]).toEqual([name, 1]);
      expect([name, await app.ask("/hello")]).toEqual([name, name === "syntax" ? "hi" : "mended"]);
      await app.write({
        "plugins/hello/index.ts": `import "./part.ts";\n${says("Hello", "mended")}`,
        "plugins/hello/part.ts": "",
        "plugins/hello/package.json": `{ "name": "hello", "type": "module" }`,
      });
      await app.answers("/hello", "mended");
      await app.shows("Reloaded hello");
    }
  });

  test("a plugin that never loaded has failed until a change mends it", async () => {
    const app = await startDev({
      "plugins/torn.ts": "export default class {",
      "plugins/shop/index.ts": says("Shop", "open"),
      "plugins/shop/package.json": "{",
    });
    const { status, file } = { status: await app.ask("/shop"), file: app.file("plugins/torn.ts") };
    expect([status, await app.ask("/torn")]).toEqual([404, 404]);
    expect(app.dev.stdout()).toContain("(without shop, torn: see the log)");
    expect(await app.shows("torn.ts:1:22")).toContain(
      `\n${file}:1:22\n> 1 | export default class {\n`,
    );
    // Who changes another one is not told again.
    await app.write({ "plugins/still.ts": `${still}\n` });
    expect(await app.shows("Reloaded still")).not.toContain("torn");
    await app.write({ "plugins/torn.ts": "export default class Torn {" });
    expect(await app.shows("tried again when a file changes")).toContain("torn.ts:1:27");
    await app.write({ "plugins/torn.ts": says("Torn", "whole") });
    await app.answers("/torn", "whole");
    // Who is called otherwise than thought is not there twice.
    await app.write({ "plugins/shop/package.json": `{ "name": "the-shop" }` });
    await app.answers("/shop", "open");
    const health = async () => (await app.ask("/health/ready")) as { plugins: { name: string }[] };
    expect((await health()).plugins.map(({ name }) => name)).not.toContain("shop");
  });

  test("a copy that has the name of another is refused, and so is taking away what is needed", async () => {
    const app = await startDev({
      "plugins/a/index.ts": says("A", "first"),
      "plugins/a/package.json": manifest("a"),
      "plugins/user/index.ts": says("User", "user"),
      "plugins/user/package.json": JSON.stringify({ name: "user", nexus: { plugins: { a: "*" } } }),
    });
    await app.write({
      "plugins/copy/index.ts": says("Copy", "second"),
      "plugins/copy/package.json": manifest("a"),
    });
    expect(await app.shows("Two plugins are called")).toContain(
      `${app.file("plugins/a")} and ${app.file("plugins/copy")}`,
    );
    await app.answers("/a", "first");
    await app.write({ "plugins/copy/package.json": manifest("copy") });
    await app.answers("/copy", "second");
    await rename(app.file("plugins/a"), app.file("plugins/_a"));
    expect(await app.shows("Its old code serves on")).toContain(`"user" needs it`);
    await app.answers("/a", "first");
    await rename(app.file("plugins/user"), app.file("plugins/_user"));
    await app.answers("/user", 404);
    await app.answers("/a", 404);
  });

  test("what is shared by plugins reloads them all, and one of them that fails does not hold up the others", async () => {
    const app = await startDev({
      "plugins/_shared/text.ts": `export const shared = "one";`,
      "plugins/a.ts": user("A"),
      "plugins/b.ts": user("B", `start() { if (shared === "two") throw new Error("not two"); }`),
      "plugins/c.ts": user("C"),
    });
    await app.write({ "plugins/_shared/text.ts": `export const shared = "two";` });
    expect(await app.shows("serves on.")).toContain("(start): not two");
    for (const [path, text] of Object.entries({ a: "two", b: "one", c: "two" }))
      await app.answers(`/${path}`, text);
    // It is tried again with whatever changes.
    await app.write({ "plugins/b.ts": user("B") });
    await app.answers("/b", "two");
    await app.write({ "plugins/_shared/text.ts": `export const shared = "three";` });
    for (const path of ["/a", "/b", "/c"]) await app.answers(path, "three");
    expect(await app.shows("Reloaded a, b, c, in")).not.toContain("failed");
  });

  test("after a fault that ended the process a change of a plugin begins it anew, wherever plugins stand", async () => {
    const app = await startDev({
      "nexus.config.ts": `export default { pluginsFolder: "src/features" };`,
      "src/features/fatal.ts": plugin(
        "Fatal",
        `get = get("/fatal", () => void setTimeout(() => process.exit(3)));`,
      ),
      "src/features/here.ts": plugin("Here", `get = get("/here", () => process.pid);`),
    });
    const pid = await app.ask("/here");
    await app.write({
      "src/features/fatal.ts": plugin(
        "Fatal",
        `get = get("/fatal", () => setImmediate(() => process.exit(3)) && 1);`,
      ),
    });
    await app.shows("Reloaded fatal");
    expect(await app.ask("/here")).toBe(pid);
    await app.ask("/fatal");
    await app.shows("Stopped by a fault; waiting for a change.");
    await app.write({ "src/features/fatal.ts": says("Fatal", "mended") });
    await app.answers("/fatal", "mended");
  });

  test("an error that nobody caught fails its plugin, and a change mends it, in one process", async () => {
    const throws = `get = get("/bad", () => setImmediate(() => { throw new Error("lost"); }) && 1);`;
    const app = await startDev({ "plugins/bad.ts": plugin("Bad", throws) });
    const [pid] = (await app.ask("/still")) as [number];
    await app.ask("/bad");
    await app.shows("failed (run): lost");
    await app.write({ "plugins/bad.ts": says("Bad", "mended") });
    await app.answers("/bad", "mended");
    expect(await app.ask("/still")).toEqual([pid, 2]);
  });

  test("a loop without an end is told with the file that changed, and a change begins the process anew", async () => {
    const app = await startDev({ "plugins/hello.ts": says("Hello", "one") });
    await app.write({ "plugins/hello.ts": `for (;;);\n${says("Hello", "two")}` });
    expect(await app.shows("does not answer")).toContain("Last changed: plugins/hello.ts.");
    await app.write({ "plugins/hello.ts": says("Hello", "mended") });
    await app.answers("/hello", "mended");
    expect(app.dev.stdout().match(/ready/g)).toHaveLength(2);
  });

  test("a loop that is mended before anybody has noticed it is ended too", async () => {
    const app = await startDev({ "plugins/hello.ts": says("Hello", "one") });
    await app.write({ "plugins/hello.ts": `for (;;);\n${says("Hello", "two")}` });
    await sleep(500);
    await app.write({ "plugins/hello.ts": says("Hello", "mended") });
    await app.answers("/hello", "mended");
  });

  test("Ctrl-C ends what never gives way, and a second one at once", async () => {
    const loops = plugin("Loops", `get = get("/loops", () => { for (;;); });`);
    const app = await startDev({ "plugins/loops.ts": loops });
    const [pid] = (await app.ask("/still")) as [number];
    void app.ask("/loops");
    await sleep(200);
    app.dev.child.kill("SIGINT");
    await sleep(1100);
    expect(app.dev.child.exitCode).toBe(null);
    app.dev.child.kill("SIGINT");
    expect(await app.dev.code).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  test("what hangs while it is reloaded is ended with its process by a later change", async () => {
    const whole = says("Hello", "mended");
    const app = await startDev({ "plugins/hello.ts": says("Hello", "one") });
    await app.write({ "plugins/hello.ts": `await new Promise(() => {});\n${whole}` });
    const isAnew = async (): Promise<boolean> => {
      await sleep(200);
      await app.write({ "plugins/hello.ts": whole });
      return app.dev.stdout().match(/ready/g)!.length > 1;
    };
    await until(isAnew);
    await app.answers("/hello", "mended");
  });

  test("decorated plugins are reloaded too, and traces and places name the lines of their source", async () => {
    const app = await startDev({
      "plugins/shop.ts": decorated("one"),
      "plugins/plain.ts": plain("one"),
    });
    await app.write({ "plugins/shop.ts": decorated("two"), "plugins/plain.ts": plain("two") });
    await app.answers("/shop", "two");
    await app.answers("/plain", { a: "two" });
    const { paths } = (await app.ask("/openapi.json")) as {
      paths: Record<string, { get: { summary: string } }>;
    };
    expect([paths["/shop"]!.get.summary, paths["/plain"]!.get.summary]).toEqual([
      "Says two.",
      "Tells two.",
    ]);
    await app.shows("Reloaded");
    expect([await app.ask("/fail"), await app.ask("/broken")]).toEqual([500, 500]);
    const traces = await app.shows(/out of range[^]*out of order/);
    expect(traces).toContain(`Shop.fail (${app.file("plugins/shop.ts")}:17:11)`);
    expect(traces).toContain(`(${app.file("plugins/plain.ts")}:13:11)\\n    at `);
    expect(traces).toContain(`(${app.file("plugins/plain.ts")}:11:`);
    await app.write({ "plugins/rival.ts": plain("rival") });
    expect(await app.shows("tried again")).toContain(
      `(${app.file("plugins/plain.ts")}:10) and GET /plain (${app.file("plugins/rival.ts")}:10)`,
    );
  });
});
