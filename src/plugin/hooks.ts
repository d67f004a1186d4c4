import { createRequire, registerHooks } from "node:module";
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf, NexusError } from "../exceptions.ts";

const own = new URL("../../package.json", import.meta.url).href;
const runsFromSource = import.meta.url.endsWith(".ts");
/** A line that begins with a decorator; in a doc comment a star stands before the `@`. */
const decorator = /^[ \t]*(?:@\w|accessor\s)/m;
let registered = false;

/**
 * Lets plugins be plain source files: `nexus-platform` is this very copy wherever they stand, and
 * files with decorators, which no Node reads yet, are translated.
 */
export function registerPluginHooks(): void {
  if (registered) return;
  registered = true;
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== "nexus-platform" && !specifier.startsWith("nexus-platform/"))
        return next(specifier, context);
      const conditions = runsFromSource ? [...context.conditions, "source"] : context.conditions;
      return next(specifier, { ...context, parentURL: own, conditions });
    },
    load(url, context, next) {
      if (!/\.m?ts(?:\?|$)/.test(url) || url.includes("/node_modules/")) return next(url, context);
      const file = fileURLToPath(url.replace(/\?.*$/, ""));
      const source = readFileSync(file, "utf8");
      if (!decorator.test(source)) return next(url, context);
      return { format: "module", shortCircuit: true, source: translate(source, file) };
    },
  });
}

interface Esbuild {
  transformSync(source: string, options: object): { readonly code: string };
}

function translate(source: string, file: string): string {
  let esbuild: Esbuild;
  try {
    esbuild = createRequire(import.meta.url)("esbuild") as Esbuild;
  } catch (cause) {
    throw new NexusError(
      "NX_PEER_MISSING",
      `${file} has decorators, which esbuild translates, and esbuild is not installed (${messageOf(cause)}).`,
      {
        cure: "Run `npm install esbuild`, or write the routes as fields.",
        cause,
      },
    );
  }
  return esbuild.transformSync(source, {
    loader: "ts",
    target: "es2022",
    sourcemap: "inline",
    sourcefile: pathToFileURL(file).href,
    tsconfigRaw: {},
  }).code;
}
