import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A spot in a source file. */
export interface SourceSpot {
  readonly file: string;
  /** From 1, as the column. */
  readonly line: number;
  readonly column?: number | undefined;
}

/** The lines around a spot, with a mark under it; nothing where the file has no such line. */
export function codeFrame({ file, line, column }: SourceSpot, around = 3): string {
  const lines = readLines(file);
  if (lines[line - 1] === undefined) return "";
  const first = Math.max(1, line - around);
  const shown = lines.slice(first - 1, line + around);
  // What ends with a line break has no line behind it.
  if (shown.at(-1) === "" && first + shown.length - 1 > line) shown.pop();
  const width = String(first + shown.length - 1).length;
  const framed = shown.flatMap((text, at) => {
    const number = first + at;
    const row = `${number === line ? ">" : " "} ${String(number).padStart(width)} | ${text}`;
    if (number !== line || column === undefined) return row.trimEnd();
    // What stands before it may be tabs.
    const before = text.slice(0, Math.max(0, column - 1)).replace(/[^\t]/g, " ");
    return [row.trimEnd(), `  ${" ".repeat(width)} | ${before}^`];
  });
  return framed.join("\n");
}

const spots = new WeakMap<Error, SourceSpot>();

/** Says of an error where it comes from, which its stack does not know. */
export function setSpot<E extends Error>(error: E, spot: SourceSpot): E {
  spots.set(error, spot);
  return error;
}

/** @param at characters from the start of the text */
export function spotAt(file: string, text: string, at: number): SourceSpot {
  const before = text.slice(0, at).split("\n");
  return { file, line: before.length, column: before.at(-1)!.length + 1 };
}

/** Where in the code of a plugin an error comes from, or the one that caused it. */
export function findSpot(error: unknown): SourceSpot | undefined {
  if (!(error instanceof Error)) return undefined;
  return spots.get(error) ?? findSpot(error.cause) ?? spotInStack(error) ?? spotInMessage(error);
}

const own = fileURLToPath(new URL("..", import.meta.url));
/** Whether a file is the platform's own. */
export const isPlatform = (file: string): boolean => file.startsWith(own);
const isForeign = (file: string): boolean =>
  isPlatform(file) || /[/\\]node_modules[/\\]/.test(file);

/** Node writes the spot above the stack where it cannot read a file; else the first frame in a plugin has it. */
function spotInStack({ stack = "" }: Error): SourceSpot | undefined {
  const [head = "", ...frames] = stack.split("\n    at ");
  const found = [spotAbove(head), ...frames.map(spotOfFrame)];
  return found.find((spot) => spot && !isForeign(spot.file));
}

/** The files of the frames of an error's stack, innermost first, without Node's own. */
export function filesIn(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { message, stack } = error;
  if (typeof stack !== "string") return [];
  // What a message says is no frame.
  const at = stack.indexOf(message);
  const [, ...frames] = (at < 0 ? stack : stack.slice(at + message.length)).split("\n    at ");
  return frames.flatMap((frame) => spotOfFrame(frame)?.file.replace(/\?.*$/, "") ?? []);
}

/** Its line, and below that the code with a mark under it. */
function spotAbove(head: string): SourceSpot | undefined {
  const [text = "", place, line] = /^(file:\S+|\/.+|[A-Z]:\\.+):(\d+)\n[^]*/.exec(head) ?? [];
  if (place === undefined) return undefined;
  const [, before] = /\n( *)\^/.exec(text) ?? [];
  return spotOf(place, line, before === undefined ? undefined : before.length + 1);
}

/** Translated files are called by their paths, others by their URLs. */
const located = /(?:^|\(|^async )(file:\S+?|\/[^()]*?|[A-Z]:\\[^()]*?):(\d+):(\d+)\)?$/;

function spotOfFrame(frame: string): SourceSpot | undefined {
  const [, place, line, column] = located.exec(frame.split("\n")[0]!) ?? [];
  return place === undefined ? undefined : spotOf(place, line, Number(column));
}

function spotOf(place: string, line: string | undefined, column?: number): SourceSpot {
  const file = place.startsWith("file:") ? fileURLToPath(place) : place;
  return { file, line: Number(line), column };
}

/** Mistakes that are found later name the line where they were made. */
function spotInMessage({ message }: Error): SourceSpot | undefined {
  const [, file, line, column] =
    /((?:\/|[A-Z]:\\)[^\s()]*?\.[mc]?[jt]s):(\d+)(?::(\d+))?/.exec(message) ?? [];
  return file === undefined ? undefined : spotOf(file, line, column ? Number(column) : undefined);
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/);
  } catch {
    return [];
  }
}
