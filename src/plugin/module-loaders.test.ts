import { afterAll, describe, expect, test } from "vitest";
import { cleanUp } from "../../test/nexus-process.ts";
import { withModules } from "../../test/reload-modules.ts";

afterAll(cleanUp);

describe.each(["runner", "generations"] as const)("by %s", (loader) => {
  const run = (files: Record<string, string>, code: string, options?: object) =>
    withModules(loader, files, code, options);

  test("a plugin of which a file has changed is imported anew, and no other", async () => {
    const files = {
      "plugins/a/index.ts": `import { b } from "./lib/b.ts"; export default { b, own: {} };`,
      "plugins/a/lib/b.ts": `export const b: number = 1;`,
      "plugins/other.ts": `export default {};`,
    };
    const code = `
      const [a, other] = [await load("plugins/a/index.ts"), await load("plugins/other.ts")];
      const again = await load("plugins/a/index.ts");
      const places = change({ "plugins/a/lib/b.ts": "export const b: number = 2;" });
      const [changed, same] = [await load("plugins/a/index.ts"), await load("plugins/other.ts")];
      return [a === again, places, a.b, changed.b, changed.own === a.own, same === other];`;
    expect(await run(files, code)).toEqual([true, ["a"], 1, 2, false, true]);
  });

  test("a class imported from a neighbour is the neighbour's, and who imports it changes with it", async () => {
    const files = {
      "plugins/shop/index.ts": `export { Shop as default } from "./shop.ts";`,
      "plugins/shop/shop.ts": `export class Shop { static version = 1; }`,
      "plugins/till.ts": `import { Shop } from "./shop/shop.ts"; import { format } from "./_shared/format.ts";
        export default { Shop, format };`,
      "plugins/_shared/format.ts": `export const format = 1;`,
    };
    const code = `
      const look = async () => {
        const [shop, till] = [await load("plugins/shop/index.ts"), await load("plugins/till.ts")];
        return [shop === till.Shop, shop.version, till.format];
      };
      return [
        await look(),
        change({ "plugins/shop/shop.ts": "export class Shop { static version = 2; }" }),
        await look(),
        change({ "plugins/_shared/format.ts": "export const format = 2;" }),
        await look(),
        change({ "plugins/till.ts": "export default { Shop: 0 };" }),
        await look(),
        change({ "plugins/shop/shop.ts": "export class Shop { static version = 3; }" }),
      ];`;
    expect(await run(files, code)).toEqual([
      [true, 1, 1],
      ["shop", "till.ts"],
      [true, 2, 1],
      ["_shared", "till.ts"],
      [true, 2, 2],
      ["till.ts"],
      [false, 2, null],
      // Who imports it no longer does not change with it any more.
      ["shop"],
    ]);
  });

  test("modules of all kinds are what they are to Node", async () => {
    const files = {
      "plugins/a/package.json": `{ "type": "module", "imports": { "#own/*": "./lib/*.mts" } }`,
      "plugins/a/index.ts": `
        import { Plugin } from "nexus-platform";
        import { Plugin as Same } from "nexus-platform/plugin";
        import { z } from "zod";
        import data from "./data.json" with { type: "json" };
        import { readFileSync } from "node:fs";
        import { sep } from "path";
        import { mts } from "#own/typed";
        import { js } from "./lib/plain.js";
        import { mjs } from "./lib/plain.mjs";
        import { left } from "./ring/left.ts";
        import * as all from "./all.ts";
        import { owned } from "./ring/outer.ts";
        import type { Nothing } from "./types.ts";
        const late = await import("./lib/late.ts");
        const again = await import(new URL("./lib/late.ts?again", import.meta.url));
        const { filename, dirname, url } = import.meta;
        export default {
          pinned: Plugin === Same, zod: z.int().parse(1), data, read: typeof readFileSync, sep,
          mts, js, mjs, left: left(), owned: owned(), all: { ...all }, late: late.default, again: again.default === late.default, own: this === undefined,
          filename, dirname, url, resolved: import.meta.resolve("./lib/late.ts"), zodAt: import.meta.resolve("zod"),
          Plugin,
        };`,
      "plugins/a/data.json": `{ "a": [1], "__proto__": 1 }`,
      "plugins/a/types.ts": `export interface Nothing {}`,
      "plugins/a/lib/typed.mts": `export const mts: string = "mts";`,
      "plugins/a/lib/plain.js": `export const js = "js";`,
      "plugins/a/lib/plain.mjs": `export const mjs = "mjs";`,
      "plugins/a/lib/late.ts": `export default await Promise.resolve({ late: 1 });`,
      "plugins/a/ring/left.ts": `import { right } from "./right.ts"; export const left = () => right() + 1;
        export const one = () => 1;`,
      "plugins/a/ring/right.ts": `import { one } from "./left.ts"; export const right = () => one() + 1;`,
      "plugins/a/ring/outer.ts": `export * from "./inner.ts";`,
      "plugins/a/ring/inner.ts": `import { own as mine } from "./outer.ts"; export const own = () => 1; export const owned = () => mine();`,
      "plugins/a/all.ts": `export * from "./lib/plain.js"; export * as inner from "./lib/plain.mjs";
        export let count = 0; count++; export { count as counted };`,
    };
    const code = `
      const { Plugin, ...found } = await load("plugins/a/index.ts");
      const { Plugin: host } = await import(src + "/plugin/plugin.ts");
      return { ...found, host: Plugin === host, root };`;
    const { root, filename, dirname, url, resolved, zodAt, ...found } = await run(files, code);
    expect(found).toEqual({
      pinned: true,
      host: true,
      zod: 1,
      data: { a: [1], ["__proto__"]: 1 },
      read: "function",
      sep: "/",
      mts: "mts",
      js: "js",
      mjs: "mjs",
      left: 3,
      owned: 1,
      all: { js: "js", inner: { mjs: "mjs" }, count: 1, counted: 1 },
      late: { late: 1 },
      again: false,
      own: true,
    });
    expect([filename, dirname]).toEqual([`${root}/plugins/a/index.ts`, `${root}/plugins/a`]);
    expect(url).toBe(`file://${root}/plugins/a/index.ts`);
    expect(resolved).toBe(`file://${root}/plugins/a/lib/late.ts`);
    expect(zodAt).toMatch(/node_modules\/zod\/.*js$/);
  });

  test("who has imported a file late keeps what came, and is not hurt by what is broken now", async () => {
    const files = {
      "plugins/a/index.ts": `export default { late: async () => (await import("./late.ts")).late };`,
      "plugins/a/late.ts": `export const late = 1;`,
    };
    const code = `
      const old = await load("plugins/a/index.ts");
      const before = await old.late();
      change({ "plugins/a/late.ts": "export const late = ;" });
      const broken = await (await load("plugins/a/index.ts")).late().catch(() => "broken");
      const kept = await old.late();
      change({ "plugins/a/late.ts": "export const late = 2;" });
      return [before, broken, kept, await old.late(), await (await load("plugins/a/index.ts")).late()];`;
    expect(await run(files, code)).toEqual([1, "broken", 1, 1, 2]);
  });

  test("a link leads to files that change, and so does a folder with odd letters", async () => {
    const files = {
      "elsewhere/lib/b.ts": `export const b = 1;`,
      "elsewhere/index.ts": `import { b } from "./lib/b.ts"; export default b;`,
      "elsewhere/single.ts": `export default 1;`,
      "plugins/_real/index.ts": `export default 1;`,
      "other/index.ts": `export default 1;`,
      "plugins/user.ts": `export { default } from "./linked/index.ts";`,
    };
    const before = `
      symlinkSync(at("elsewhere"), at("plugins/linked"));
      symlinkSync(at("elsewhere/single.ts"), at("plugins/single.ts"));
      symlinkSync(at("plugins/_real"), at("plugins/near"));`;
    const code = `
      const names = ["linked/index.ts", "single.ts", "near/index.ts", "user.ts"];
      const look = async () => {
        const found = [];
        for (const name of names) found.push(await load("plugins/" + name));
        return found;
      };
      const first = await look();
      const places = [
        change({ "plugins/linked/lib/b.ts": "export const b = 2;" }),
        change({ "plugins/single.ts": "export default 2;" }),
        change({ "plugins/_real/index.ts": "export default 2;" }),
      ];
      const second = await look();
      symlinkSync(at("other"), at("plugins/later"));
      forget("plugins/later");
      const later = [await load("plugins/later/index.ts")];
      change({ "other/index.ts": "export default 2;" });
      return [first, places, second, [...later, await load("plugins/later/index.ts")]];`;
    const odd = { before, name: "an app (50% c#?)" };
    expect(await run(files, code, odd)).toEqual([
      [1, 1, 1, 1],
      [
        ["linked", "user.ts"],
        ["linked", "single.ts"],
        ["_real", "near"],
      ],
      [2, 2, 2, 2],
      [1, 2],
    ]);
  });

  test("what somebody else has loaded is there once, and stays: nexus.config, require, CommonJS", async () => {
    const files = {
      "nexus.config.ts": `export { key } from "./plugins/a/key.ts";`,
      "plugins/a/package.json": `{}`,
      "plugins/a/index.ts": `import { createRequire } from "node:module";
        import { key } from "./key.ts"; import { text } from "./text.ts";
        import old from "./old.cjs"; import older from "./older.js"; import typed from "../typed/index.ts";
        import data from "./data.json" with { type: "json" };
        export default { key, text, old, older, typed, data, required: createRequire(import.meta.url)("./required.json") };`,
      "plugins/a/key.ts": `import { text } from "./text.ts"; export const key = { text };`,
      "plugins/a/text.ts": `export const text = "text";`,
      "plugins/a/old.cjs": `module.exports = "old";`,
      "plugins/a/older.js": `exports.name = "older";`,
      "plugins/typed/package.json": `{ "type": "commonjs" }`,
      "plugins/typed/index.ts": `const text: string = "typed"; module.exports = text;`,
      "plugins/a/data.json": `{}`,
      "plugins/a/required.json": `{}`,
    };
    const before = `const config = await import(at("nexus.config.ts"));`;
    const code = `
      const a = await load("plugins/a/index.ts");
      const names = ["index.ts", "key.ts", "text.ts", "old.cjs", "older.js", "data.json", "required.json", "new.ts", "../typed/index.ts"];
      const bound = () => names.filter((name) => modules.isBound(at("plugins/a/" + name)));
      const first = bound();
      change({ "plugins/a/index.ts": "import { key } from './key.ts'; import old from './old.cjs'; export default { key, old };" });
      const again = await load("plugins/a/index.ts");
      return [a.key === config.key, a.old, a.older.name, a.typed, first, again !== a, again.key === config.key, again.old, bound()];`;
    const bound = "key.ts text.ts old.cjs older.js required.json ../typed/index.ts".split(" ");
    const expected = [true, "old", "older", "typed", bound, true, true, "old", bound];
    expect(await run(files, code, { before })).toEqual(expected);
  });

  test("a fault names its file and line, and is over when the file is mended", async () => {
    const files = {
      "plugins/a/index.ts": `import { b } from "./b.ts";\nexport default b;`,
      "plugins/a/b.ts": `export const b = 1;`,
      "plugins/whole.ts": `export default 1;`,
    };
    const faults = {
      syntax: { "plugins/a/b.ts": `interface A {\n  a: string;\n}\n\nexport const b = ;` },
      twice: { "plugins/a/b.ts": `const a = 1;\nexport const b = a;\nconst a = 2;` },
      enum: { "plugins/a/b.ts": `export const b = 1;\nexport enum E { A }` },
      thrown: {
        "plugins/a/b.ts": `export const b: number = 1;\n\nJSON.parse("{").a;`,
      },
      noFile: { "plugins/a/b.ts": `export const b = 1;\nimport "./gone.ts";` },
      noPackage: {
        "plugins/a/b.ts": `import { x } from\n  'no-such-package';\nexport const b = x;`,
      },
      noExport: { "plugins/a/b.ts": `export const c = 1;` },
      noSuffix: { "plugins/a/b.ts": `export const b = 1;\nexport * from "../whole";` },
      json: {
        "plugins/a/b.ts": `import x from "./x.json" with { type: "json" };\nexport const b = x;`,
        "plugins/a/x.json": `{\n  "a": 1,\n  "b": x\n}`,
      },
      attribute: {
        "plugins/a/b.ts": `export const b = 1;\nimport x from "./x.json";`,
        "plugins/a/x.json": `{}`,
      },
      decorated: {
        "plugins/a/b.ts": `import { z } from "zod";\n\n@dec class A {}\nfunction dec() {\n  throw new RangeError("decorated");\n}\nexport const b = 1;`,
      },
      torn: { "plugins/a/b.ts": `export const b = 1;\n@dec class A {` },
    };
    const code = `
      const found = {};
      await load("plugins/a/index.ts");
      for (const [name, files] of Object.entries(${JSON.stringify(faults)})) {
        change(files);
        const fault = await failure("plugins/a/index.ts");
        change({ "plugins/a/b.ts": "export const b = '" + name + "';" });
        found[name] = { ...fault, mended: (await load("plugins/a/index.ts")) === name };
      }
      return found;`;
    const found = await run(files, code);
    expect(found).toEqual({
      syntax: spot(5, 18),
      twice: spot(3, 7),
      enum: spot(2),
      thrown: spot(3, 6),
      noFile: spot(2),
      noPackage: spot(2),
      noExport: spot(1, undefined, "plugins/a/index.ts"),
      noSuffix: spot(2),
      json: spot(3, 8, "plugins/a/x.json"),
      attribute: spot(2, 1),
      decorated: spot(5, 9),
      torn: spot(2, 14),
    });
    for (const name of ["noFile", "noSuffix", "noPackage"]) {
      expect(found[name].message).toMatch(
        /^Cannot find (module|package) '.*(gone\.ts|whole|no-such-package)' imported from .*\/b\.ts$/,
      );
    }
    expect(found.noExport.message).toBe(
      "The requested module './b.ts' does not provide an export named 'b'",
    );
  });
});

/** Where both loaders find a fault, and that the fault was over when the file was mended. */
function spot(line: number, column?: number, file = "plugins/a/b.ts"): object {
  const known = { file, line, mended: true, ...(column !== undefined && { column }) };
  return expect.objectContaining(known);
}
