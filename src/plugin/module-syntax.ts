import { parseSync } from "oxc-parser";
import { messageOf } from "../exceptions.ts";
import { setSpot, spotAt } from "./code-frame.ts";

/**
 * Says where a file cannot be read as code.
 * @param error of whoever could not read it
 * @returns an error that knows the spot, or the same one where the file is not to blame
 */
export function syntaxFault(file: string, source: string, error: unknown): unknown {
  const [fault] = parseSync(file, source, {
    sourceType: "module",
    showSemanticErrors: true,
  }).errors;
  if (fault) {
    // Of a name that is declared twice the second one is the fault.
    const at = fault.labels.at(-1)?.start ?? 0;
    const found = new SyntaxError(fault.message, { cause: error });
    return setSpot(found, spotAt(file, source, at));
  }
  // TypeScript that is more than types has its line above the stack.
  const line = /^:(\d+)\n/.exec((error instanceof Error && error.stack) || "")?.[1];
  if (line === undefined) return error;
  return setSpot(new SyntaxError(messageOf(error), { cause: error }), { file, line: Number(line) });
}

/** Whether Node takes it for a module, where nothing else says so. */
export function isModuleCode(file: string, source: string): boolean {
  return parseSync(file, source).module.hasModuleSyntax;
}

/** Where JSON is imported Node wants it said, and would refuse what runs here. @throws TypeError */
export function checkAttributes(file: string, source: string): void {
  for (const node of parseSync(file, source).program.body) {
    if (!("source" in node) || !node.source?.value.endsWith(".json")) continue;
    const said = node.attributes.map(({ value }) => value.value);
    if (said.includes("json")) continue;
    const fault = new TypeError(
      `"${node.source.value}" is imported without \`with { type: "json" }\``,
    );
    throw setSpot(fault, spotAt(file, source, node.start));
  }
}
