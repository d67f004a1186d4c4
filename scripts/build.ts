import { execFileSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
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

// What is required late comes from the same bundle, and still late.
const late: Plugin = {
  name: "late",
  transform: (code) => ({
    code: code.replace("const require = createRequire(import.meta.url);", ""),
    map: null,
  }),
};

/** Packages of tens of files, that nobody else has to have: with what they need. */
const bundled = /^(?:kysely|pino|semver)(?:\/|$)/;
const isExternal = (id: string, importer = ""): boolean =>
  isBuiltin(id) || (!/^[./]/.test(id) && !bundled.test(id) && !importer.includes("/node_modules/"));

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
  external: isExternal,
  preserveEntrySignatures: "strict",
  checks: { ineffectiveDynamicImport: false },
  plugins: [late, builtins],
});
const { output } = await bundle.write({
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

const modules = output.flatMap((file) => ("moduleIds" in file ? file.moduleIds : []));
const packages = modules.flatMap(
  (id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [],
);
const licenses = [...new Set(packages)].toSorted().map((folder) => {
  const [file] = globSync("LICEN[CS]E*", { cwd: folder });
  if (file === undefined) throw new Error(`${folder} has no licence to bring along.`);
  return `${folder.slice(root.length + "/node_modules/".length)}\n\n${readFileSync(join(folder, file), "utf8")}`;
});
writeFileSync(join(dist, "parts/licenses.txt"), licenses.join("\n\n"));
