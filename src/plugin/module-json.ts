import { setSpot, type SourceSpot, spotAt } from "./code-frame.ts";

/** @throws SyntaxError that knows its spot, for what is no JSON */
export function checkJSON(file: string, text: string): void {
  const fault = faultIn(text);
  if (fault) throw setSpot(fault, jsonSpot(file, text));
}

/**
 * Where a text stops being JSON.
 * @param path of the member that is meant where all of it is JSON; the last one that is there counts
 */
export function jsonSpot(file: string, text: string, path: readonly string[] = []): SourceSpot {
  const fault = faultIn(text);
  return spotAt(file, text, fault ? positionOf(fault, text) : memberAt(text, path));
}

function faultIn(text: string): SyntaxError | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error as SyntaxError;
  }
}

/** The parser says it, or the token, or that the end came too early. */
function positionOf({ message }: SyntaxError, text: string): number {
  const [, position] = /at position (\d+)/.exec(message) ?? [];
  if (position !== undefined) return Number(position);
  const [, token] = /^Unexpected token '(.)'/u.exec(message) ?? [];
  for (let at = token ? text.indexOf(token) : -1; at >= 0; at = text.indexOf(token!, at + 1))
    if (faultIn(text.slice(0, at + 1))?.message.startsWith("Unexpected token")) return at;
  return text.trimEnd().length;
}

function memberAt(text: string, path: readonly string[]): number {
  let found = 0;
  for (const name of path) {
    const at = text.indexOf(JSON.stringify(name), found);
    if (at < 0) break;
    found = at;
  }
  return found;
}
