import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { messageOf, NexusError } from "../exceptions.ts";
import { keepTranslation } from "./module-translations.ts";

const require = createRequire(import.meta.url);

/** What may hold an `@` that is no decorator. */
const quoted = /\/\*[^]*?\*\/|\/\/.*|(["'`])(?:\\[^]|(?!\1)[^\\])*\1/g;
const decorator = /@[\w$(]|\baccessor\s+[\w$#"'[]/;

/** Guessed without a parser: who is taken for a decorated file loads slower, and works. */
export function hasDecorators(source: string): boolean {
  if (!/@|\baccessor\b/.test(source)) return false;
  return /^[ \t]*@\w/m.test(source) || decorator.test(source.replace(quoted, ""));
}

export interface Translated {
  readonly code: string;
  /** JSON. */
  readonly map: string;
}

interface Esbuild {
  transformSync(source: string, options: object): Translated;
}

/** Makes TypeScript with decorators plain JavaScript. @throws NX_PEER_MISSING */
export function translateDecorators(source: string, file: string): Translated {
  let version: string;
  try {
    ({ version } = require("esbuild/package.json") as { version: string });
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
  return keepTranslation(file, `${version}\n${source}`, () => {
    const { code, map } = (require("esbuild") as Esbuild).transformSync(source, {
      loader: "ts",
      target: "es2022",
      sourcemap: "external",
      sourcefile: pathToFileURL(file).href,
      tsconfigRaw: {},
    });
    return { code, map };
  });
}

/** Code that says where each of its lines comes from. */
export function withMap(code: string, map: string): string {
  const data = Buffer.from(map).toString("base64");
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${data}`;
}
