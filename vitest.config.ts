import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { defineConfig, type Plugin } from "vitest/config";
import pkg from "./package.json" with { type: "json" };
import { findSocketTests } from "./test/transports/socket-tests.ts";
import { transports } from "./test/transports/transports.ts";

const root = fileURLToPath(new URL(".", import.meta.url));

/** `nexus-platform` and its sub-paths, from whatever folder a plugin lives in, are this source. */
const alias = Object.entries(pkg.exports).flatMap(([door, target]) =>
  typeof target === "string"
    ? []
    : { find: new RegExp(`^nexus-platform${door.slice(1)}$`), replacement: root + target.source },
);

/** Vite's own compiler (oxc) leaves TC39 decorators as they are, and Node cannot read them. */
const decorators: Plugin = {
  name: "tc39-decorators",
  enforce: "pre",
  transform: {
    filter: { id: /\.ts(\?|$)/, code: /@\w|\baccessor\b/ },
    async handler(code, id) {
      const result = await transform(code, {
        loader: "ts",
        target: "es2022",
        sourcemap: true,
        sourcefile: id,
        tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
      });
      return { code: result.code, map: result.map };
    },
  },
};

export default defineConfig({
  plugins: [decorators],
  resolve: { alias, conditions: ["source"] },
  ssr: { resolve: { conditions: ["source", "module", "node"] } },
  test: {
    // All tests on the first transport; what speaks HTTP over a socket on each other one, too.
    projects: transports.map((transport, at) => ({
      extends: true,
      test: {
        name: transport,
        include: at ? findSocketTests() : ["{src,test,plugins,examples}/**/*.test.ts"],
        env: { NEXUS_TRANSPORT: transport },
      },
    })),
    globalSetup: "test/chromium.ts",
    // Whole processes start in some tests, on machines with much to do.
    testTimeout: 20_000,
    expect: { poll: { timeout: 10_000 } },
    pool: "threads",
    // Many of them wait for processes that they have started.
    maxWorkers: 3,
    isolate: false,
  },
});
