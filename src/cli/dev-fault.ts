import { NexusError } from "../exceptions.ts";
import { codeFrame, findSpot } from "../plugin/code-frame.ts";

/**
 * What went wrong, for the person who writes the code: with the lines around the spot.
 * @param told the spots that have been shown already, to which this one is added
 */
export function describeFault(error: unknown, text: string, told: Set<string>): string {
  const frame = frameOf(error);
  if (frame !== undefined) {
    if (told.has(frame)) return `${text}\n`;
    told.add(frame);
    return `${text}\n\n${frame}\n\n`;
  }
  const root = rootOf(error);
  // A mistake that names its cure needs no stack.
  const isKnown = root instanceof NexusError || !(root instanceof Error);
  return isKnown ? `${text}\n` : `${text}\n${root.stack ?? ""}\n`;
}

/** The spot that an error comes from, as a link that editors know, and the lines around it. */
export function frameOf(error: unknown): string | undefined {
  const spot = findSpot(error);
  if (!spot) return undefined;
  const { file, line, column } = spot;
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  return `${place}\n${codeFrame(spot)}`.trimEnd();
}

function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}
