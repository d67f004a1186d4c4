import type { Headers } from "./headers.ts";

/**
 * What a GET or HEAD is to be answered with instead of the file (RFC 9110, 13.2.2): 412 when the client
 * wanted another state, 304 when it has this one.
 * @param sent what the answer says: a client knows a state by the tag and date that it was sent
 */
export function refusedBy(asked: Headers, sent: Headers): 304 | 412 | undefined {
  const etag = sent.get("etag");
  const modified = readDate(sent.get("last-modified"));
  const match = asked.get("if-match");
  if (match !== null) {
    if (!isListed(match, etag, isStrong)) return 412;
  } else if (modified > readDate(asked.get("if-unmodified-since"))) return 412;
  const noneMatch = asked.get("if-none-match");
  if (noneMatch !== null) return isListed(noneMatch, etag, isAlike) ? 304 : undefined;
  return modified <= readDate(asked.get("if-modified-since")) ? 304 : undefined;
}

/** Whether the parts that the client has are parts of this state, so that it can be sent the others. */
export function mayContinue(asked: Headers, sent: Headers): boolean {
  const condition = asked.get("if-range");
  if (condition === null) return true;
  const etag = sent.get("etag");
  if (condition.includes('"')) return etag !== null && isStrong(condition.trim(), etag);
  return readDate(condition) === readDate(sent.get("last-modified"));
}

type Compare = (wanted: string, etag: string) => boolean;
const isStrong: Compare = (wanted, etag) => wanted === etag && !etag.startsWith("W/");
const isAlike: Compare = (wanted, etag) => wanted.replace(/^W\//, "") === etag.replace(/^W\//, "");

function isListed(list: string, etag: string | null, compare: Compare): boolean {
  if (list.trim() === "*") return true;
  if (etag === null) return false;
  const tags = list.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
  return tags.some((tag) => compare(tag, etag));
}

// The three forms that a recipient has to know; only the first is ever written.
const forms = [
  /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
  /^\w{6,9}, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d GMT$/,
  /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
];

/** Milliseconds; NaN for what is no date: it is neither before nor after another, nor the same. */
function readDate(text: string | null): number {
  const form = text === null ? -1 : forms.findIndex((one) => one.test(text));
  return form < 0 ? Number.NaN : Date.parse(form === 2 ? `${text} GMT` : text!);
}
