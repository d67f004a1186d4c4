import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Plugin, rolldown } from "rolldown";

/**
 * Makes dist/: types as the compiler writes them, and JavaScript in few files, as Node takes more time
 * to find and link a file than to run it.
 */
const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");
rmSync(dist, { recursive: true, force: true });
execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});

// What Node has of its own is taken as `require` takes it: an import makes a module of it first, and
// for that reads all its members, so that fs brings its streams and util a worker.
const builtins: Plugin = {
  name: "builtins",
  renderChunk(code) {
    const line = /^import \{([^}]*)\} from "(node:[^"]+)";$/gm;
    return {
      code: code.replace(
        line,
        (_, names: string, module) =>
          `const {${names.replaceAll(" as ", ": ")}} = process.getBuiltinModule("${module}");`,
      ),
      // Each line stays a line.
      map: null,
    };
  },
};

const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly source?: string }>>;
};
const doors = Object.values(exports).flatMap(({ source }) => source ?? []);
const bundle = await rolldown({
  cwd: root,
  platform: "node",
  input: Object.fromEntries(
    [...doors, "./src/cli/main.ts"].map((file) => [file.slice("./src/".length, -3), file]),
  ),
  // Of some 260 files, and nobody else has it: plugins take it from nexus-platform/database.
  external: (id) => !/^[./]/.test(id) && id !== "kysely",
  preserveEntrySignatures: "strict",
  checks: { ineffectiveDynamicImport: false },
  plugins: [builtins],
});
await bundle.write({
  dir: dist,
  format: "esm",
  entryFileNames: "[name].js",
  // As deep as the folders of src: package.json is two above.
  chunkFileNames: "parts/[name]-[hash].js",
  sourcemap: true,
  // What is called by its name in a message keeps it.
  keepNames: true,
  minifyInternalExports: false,
  codeSplitting: {
    // What is always loaded together is one file; the first that fits takes it.
    groups: ["index", "database/index", "lifecycle/index", "accounts/index", "admin/index"].map(
      (module, at) => ({
        name: module.replace("/index", "").replace("index", "nexus"),
        test: new RegExp(`[\\\\/]src[\\\\/]${module.replace("/", "[\\\\/]")}\\.ts$`),
        priority: 9 - at,
      }),
    ),
  },
});
await bundle.close();
copyFileSync(join(root, "node_modules/kysely/LICENSE"), join(dist, "parts/kysely.LICENSE"));
