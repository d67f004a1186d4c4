import { fileURLToPath, pathToFileURL } from "node:url";
import { startPatience, within } from "./deadline.ts";
import { messageOf, NexusError } from "../exceptions.ts";

/**
 * What a module exports by default.
 * @param code of the error when it cannot be loaded, which says where
 */
export async function importDefault(file: string, code = "NX_LOAD"): Promise<unknown> {
  const url = pathToFileURL(file).href;
  try {
    const module = import(/* @vite-ignore */ url) as Promise<{ default?: unknown }>;
    return (await within(startPatience, "Its loading", module)).default;
  } catch (cause) {
    const message = messageOf(cause).replace(/\.?$/, ".");
    const cure = cureOf(message);
    throw new NexusError(code, `${file} could not be loaded: ${message}${placeIn(cause)}`, {
      cause,
      ...(cure !== undefined && { cure }),
    });
  }
}

/** Of the two commonest causes. */
function cureOf(message: string): string | undefined {
  const [, missing] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  if (missing !== undefined) return `Run \`npm install ${missing}\`.`;
  return message.includes("before initialization")
    ? "Do two modules import each other?"
    : undefined;
}

// Translated files are called by their paths, others by their URLs.
const located = /(?:^|\()(file:\S+?|\/[^()]*?|[A-Z]:\\[^()]*?):(\d+)(?::\d+)?\)?$/;

/** Node writes the place above the stack where it cannot read a file; else the first line in a file has it. */
function placeIn(error: unknown): string {
  const stack = (error instanceof Error && error.stack) || "";
  const places = [
    /^file:\S+:\d+(?=\n)/.exec(stack)?.[0] ?? "",
    ...stack.split("\n    at ").slice(1),
  ];
  const [, file, line] = places.map((place) => located.exec(place)).find(Boolean) ?? [];
  if (file === undefined) return "";
  return ` See ${file.startsWith("file:") ? fileURLToPath(file) : file}:${line}.`;
}
