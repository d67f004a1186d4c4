import { existsSync, readFileSync } from "node:fs";
import { registerHooks, type ResolveHookContext, setSourceMapsSupport } from "node:module";
import { fileURLToPath } from "node:url";
import { hasDecorators, translateDecorators, withMap } from "./module-decorators.ts";

const own = new URL("../../package.json", import.meta.url).href;
const ownFolder = new URL("..", import.meta.url).href;
const runsFromSource = import.meta.url.endsWith(".ts");
const loaded = new Set<string>();
let registered = false;

/** Whether a file is of the platform itself, which has no decorators. */
export const isOwn = (url: string): boolean => url.startsWith(ownFolder);

/** The files that Node itself has loaded, by their real paths: in this process they stay what they are. */
export const loadedFiles: ReadonlySet<string> = loaded;

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
        return neighbourOf(specifier, context) ?? next(specifier, context);
      const conditions = runsFromSource ? [...context.conditions, "source"] : context.conditions;
      return next(specifier, { ...context, parentURL: own, conditions });
    },
    load(url, context, next) {
      if (!url.startsWith("file:") || url.includes("/node_modules/") || isOwn(url))
        return next(url, context);
      const file = fileURLToPath(url);
      loaded.add(file);
      if (!/\.m?ts$/.test(file)) return next(url, context);
      const source = readFileSync(file, "utf8");
      // A package.json without a "type" leaves Node to guess, loudly.
      if (!hasDecorators(source))
        return next(url, { ...context, format: context.format ?? "module-typescript" });
      // Messages name the lines of the source, not of the translation.
      setSourceMapsSupport(true, { nodeModules: false });
      const { code, map } = translateDecorators(source, file);
      return { format: "module", shortCircuit: true, source: withMap(code, map) };
    },
  });
}

/** What a file of a package imports from beside it needs no search, which is half of what importing takes. */
function neighbourOf(specifier: string, { parentURL = "", conditions }: ResolveHookContext) {
  const isPackaged = parentURL.includes("/node_modules/") || isOwn(parentURL);
  if (!isPackaged || !conditions.includes("import")) return undefined;
  if (!/^\.\.?\/.*\.m?[jt]s$/.test(specifier)) return undefined;
  const url = new URL(specifier, parentURL);
  return existsSync(url) ? { url: url.href, shortCircuit: true } : undefined;
}
