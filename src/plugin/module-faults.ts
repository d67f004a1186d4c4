import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { findSpot, setSpot, type SourceSpot, spotAt } from "./code-frame.ts";
import { checkJSON } from "./module-json.ts";
import { checkAttributes, syntaxFault } from "./module-syntax.ts";

/**
 * Finds out where an import went wrong, of which Node says only what.
 * @param files that were being imported
 * @returns an error that knows its spot, or the same one
 */
export function explainImport(error: unknown, files: Iterable<string>): unknown {
  if (!(error instanceof Error) || findSpot(error)) return error;
  const [, name, importer] =
    /^Cannot find (?:module|package) '(.+)' imported from (.+)$/.exec(error.message) ?? [];
  if (name !== undefined) return setSpot(error, spotOfName(importer!, basename(name)));
  return explainSyntax(error, files);
}

/** As `explainImport`, for code that cannot be read. */
export function explainSyntax(error: unknown, files: Iterable<string>): unknown {
  if (!(error instanceof SyntaxError || error instanceof TypeError) || findSpot(error))
    return error;
  for (const file of files) {
    const found = faultIn(file, error);
    if (found !== error) return found;
  }
  return error;
}

/** Where a module is named in a file that imports it; the end of its name does. */
export function spotOfName(file: string, name: string): SourceSpot {
  const text = readFileSync(file, "utf8");
  const at = [`${name}"`, `${name}'`].map((quoted) => text.indexOf(quoted));
  return spotAt(file, text, Math.max(0, ...at));
}

function faultIn(file: string, error: Error): unknown {
  try {
    const text = readFileSync(file, "utf8");
    if (file.endsWith(".json")) checkJSON(file, text);
    else if (error instanceof TypeError) checkAttributes(file, text);
    else return syntaxFault(file, text, error);
  } catch (fault) {
    return fault;
  }
  return error;
}
