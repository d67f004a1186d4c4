import { createRequire, registerHooks } from "node:module";
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf, NexusError } from "../exceptions.ts";

const own = new URL("../../package.json", import.meta.url).href;
const ownFolder = new URL("..", import.meta.url).href;
/** The platform itself has no decorators. */
const isOwn = (url: string): boolean => url.startsWith(ownFolder);
const runsFromSource = import.meta.url.endsWith(".ts");
/** What may hold an `@` that is no decorator. */
const quoted = /\/\*[^]*?\*\/|\/\/.*|(["'`])(?:\\[^]|(?!\1)[^\\])*\1/g;
const decorator = /@[\w$(]|\baccessor\s+[\w$#"'[]/;
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
      if (!/^file:.*\.m?ts(?:\?|$)/.test(url) || url.includes("/node_modules/") || isOwn(url))
        return next(url, context);
      const file = fileURLToPath(url.replace(/\?.*$/, ""));
      const source = readFileSync(file, "utf8");
      // A package.json without a "type" leaves Node to guess, loudly.
      if (!hasDecorators(source))
        return next(url, { ...context, format: context.format ?? "module-typescript" });
      return { format: "module", shortCircuit: true, source: translate(source, file) };
    },
  });
}

/** Guessed without a parser: who is taken for a decorated file loads slower, and works. */
function hasDecorators(source: string): boolean {
  if (!/@|\baccessor\b/.test(source)) return false;
  return /^[ \t]*@\w/m.test(source) || decorator.test(source.replace(quoted, ""));
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
  // Messages name the lines of the source, not of the translation.
  process.setSourceMapsEnabled(true);
  return esbuild.transformSync(source, {
    loader: "ts",
    target: "es2022",
    sourcemap: "inline",
    sourcefile: pathToFileURL(file).href,
    tsconfigRaw: {},
  }).code;
}
