import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { pathToFileURL } from "node:url";
import { hasDecorators, translateDecorators, withMap } from "./module-decorators.ts";
import { checkJSON } from "./module-json.ts";
import { checkAttributes, syntaxFault } from "./module-syntax.ts";

/** Makes imports and exports calls, as Vite's `moduleRunnerTransform`. */
export type Transform = (
  code: string,
  map: SourceMap | null,
  file: string,
  source: string,
) => Promise<Transformed | null>;

interface Transformed {
  readonly code: string;
  readonly map: unknown;
  /** What is imported, as it is written. */
  readonly deps?: readonly string[];
}

interface SourceMap {
  readonly mappings: string;
}

/** Modules as code that a runner can run; a file that has not changed is translated once. */
export class ModuleSources {
  readonly #transform: Transform;
  readonly #offset: number;
  readonly #known = new Map<string, { readonly source: string; readonly code: string }>();

  /** @param offset lines that the runner puts before the code */
  constructor(transform: Transform, offset: number) {
    this.#transform = transform;
    this.#offset = offset;
  }

  /** @throws SyntaxError that knows its spot */
  async read(file: string): Promise<string> {
    const source = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
    const known = this.#known.get(file);
    if (known?.source === source) return known.code;
    const code = await this.#make(file, file.endsWith(".json") ? jsonModule(file, source) : source);
    this.#known.set(file, { source, code });
    return code;
  }

  async #make(file: string, source: string): Promise<string> {
    const { href } = pathToFileURL(file);
    const { code, map, deps } = await this.#translate(file, source);
    if (deps?.some((name) => name.endsWith(".json"))) checkAttributes(file, source);
    const { mappings, ...rest } = map as SourceMap;
    const lines = ";".repeat(this.#offset) + mappings;
    const named = { ...rest, mappings: lines, sources: [href], sourcesContent: undefined };
    return withMap(`${code}\n//# sourceURL=${href}`, JSON.stringify(named));
  }

  async #translate(file: string, source: string): Promise<Transformed> {
    try {
      const { code, map = null } = withoutTypes(file, source);
      return (await this.#transform(code, map, file, source))!;
    } catch (error) {
      throw syntaxFault(file, source, error);
    }
  }
}

function withoutTypes(file: string, source: string): { code: string; map?: SourceMap } {
  if (!/\.m?ts$/.test(file)) return { code: source };
  if (!hasDecorators(source)) return { code: strip(source) };
  const { code, map } = translateDecorators(source, file);
  return { code, map: JSON.parse(map) as SourceMap };
}

/** As Node does it itself, so that what runs here runs there; only here it warns that it may change. */
function strip(source: string): string {
  const warn = Object.getOwnPropertyDescriptor(process, "emitWarning")!;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    Object.defineProperty(process, "emitWarning", warn);
  }
}

function jsonModule(file: string, source: string): string {
  checkJSON(file, source);
  return `export default JSON.parse(${JSON.stringify(source)});`;
}
