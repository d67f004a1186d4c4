import { pathToFileURL } from "node:url";
import { findSpot } from "./code-frame.ts";
import { startPatience, within } from "./deadline.ts";
import { messageOf, NexusError } from "../exceptions.ts";

/** Imports a file. */
export type Import = (file: string) => Promise<{ readonly default?: unknown }>;

/** By Node's own loader, once in a process. */
export const importOnce: Import = (file) => import(/* @vite-ignore */ pathToFileURL(file).href);

/**
 * What a module exports by default.
 * @param code of the error when it cannot be loaded, which says where
 */
export async function importDefault(
  file: string,
  code = "NX_LOAD",
  load = importOnce,
): Promise<unknown> {
  try {
    return (await within(startPatience, "Its loading", load(file))).default;
  } catch (cause) {
    const message = messageOf(cause).replace(/\.?$/, ".");
    const cure = cureOf(message);
    const spot = findSpot(cause);
    const place = spot ? ` See ${spot.file}:${spot.line}.` : "";
    throw new NexusError(code, `${file} could not be loaded: ${message}${place}`, {
      cause,
      ...(cure !== undefined && { cure }),
    });
  }
}

/** Of the two commonest causes. */
function cureOf(message: string): string | undefined {
  const [, missing] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  if (missing !== undefined) return `Run \`npm install ${missing}\`.`;
  return /before initialization|extends value undefined/.test(message)
    ? "Do two modules import each other?"
    : undefined;
}
