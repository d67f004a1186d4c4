import { HTTPException } from "../exceptions.ts";

/** From `start` up to, but without, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Whoever asks for more means no good. */
const most = 100;

/**
 * The parts that a Range asks for: inside the file, those that touch made one, in the order asked.
 * Empty when the whole is the best answer.
 * @throws 400 what is no range of bytes; 416 ranges beyond the end, and too many
 */
export function readRanges(header: string, size: number): readonly Range[] {
  const [, list] = /^\s*bytes\s*=(.*)$/is.exec(header) ?? [];
  const asked = list?.split(",").flatMap((part) => part.trim() || []);
  if (!asked?.length) throw malformed();
  if (asked.length > most) throw unsatisfiable(size, `More than ${most} ranges`);
  let isWhole = false;
  const ranges = asked.flatMap((part): Range[] => {
    const [, first, last] = /^(\d*)\s*-\s*(\d*)$/.exec(part) ?? [];
    if (first === undefined || last === undefined || first + last === "") throw malformed();
    if (first === "") {
      // All the bytes of an empty file are none, and no Content-Range can say that.
      isWhole ||= size === 0 && Number(last) > 0;
      return Number(last) > 0 && size > 0
        ? [{ start: Math.max(0, size - Number(last)), end: size }]
        : [];
    }
    const start = Number(first);
    if (last !== "" && Number(last) < start) throw malformed();
    return start < size
      ? [{ start, end: last === "" ? size : Math.min(Number(last) + 1, size) }]
      : [];
  });
  if (ranges.length || isWhole) return merge(ranges);
  throw unsatisfiable(size);
}

/** Each merged range stands where the first of its parts stood. */
function merge(ranges: readonly Range[]): readonly Range[] {
  const merged: { start: number; end: number; place: number }[] = [];
  const sorted = ranges
    .map((range, place) => ({ ...range, place }))
    .toSorted((a, b) => a.start - b.start);
  for (const range of sorted) {
    const before = merged.at(-1);
    if (!before || range.start > before.end) merged.push(range);
    else {
      before.end = Math.max(before.end, range.end);
      before.place = Math.min(before.place, range.place);
    }
  }
  return merged.toSorted((a, b) => a.place - b.place).map(({ start, end }) => ({ start, end }));
}

function malformed(): HTTPException {
  return new HTTPException(400, "The Range header is no range of bytes", {
    errorCode: "MALFORMED_RANGE",
  });
}

function unsatisfiable(size: number, detail?: string): HTTPException {
  return new HTTPException(416, detail, {
    headers: { "Content-Range": `bytes */${size}`, "Accept-Ranges": "bytes" },
  });
}
