import type { Headers } from "./headers.ts";

/** What tells one state of a file from another. */
export interface Validators {
  /** As it is sent, in quotes. */
  readonly etag: string | undefined;
  readonly modified: Date | undefined;
}

/**
 * What a GET or HEAD is to be answered with instead of the file (RFC 9110, 13.2.2): 412 when the client
 * wanted another state, 304 when it has this one.
 */
export function refusedBy(headers: Headers, { etag, modified }: Validators): 304 | 412 | undefined {
  const match = headers.get("if-match");
  if (match !== null) {
    if (!isListed(match, etag, isStrong)) return 412;
  } else if (modified) {
    const since = readDate(headers.get("if-unmodified-since"));
    if (since !== undefined && secondsOf(modified) > since) return 412;
  }
  const noneMatch = headers.get("if-none-match");
  if (noneMatch !== null) return isListed(noneMatch, etag, isAlike) ? 304 : undefined;
  const since = modified && readDate(headers.get("if-modified-since"));
  return since !== undefined && secondsOf(modified!) <= since ? 304 : undefined;
}

/** Whether the parts that the client has are parts of this state, so that it can be sent the others. */
export function mayContinue(headers: Headers, { etag, modified }: Validators): boolean {
  const condition = headers.get("if-range");
  if (condition === null) return true;
  if (condition.includes('"')) return etag !== undefined && isStrong(condition.trim(), etag);
  return modified !== undefined && readDate(condition) === secondsOf(modified);
}

type Compare = (wanted: string, etag: string) => boolean;
const isStrong: Compare = (wanted, etag) => wanted === etag && !etag.startsWith("W/");
const isAlike: Compare = (wanted, etag) => wanted.replace(/^W\//, "") === etag.replace(/^W\//, "");

function isListed(list: string, etag: string | undefined, compare: Compare): boolean {
  if (list.trim() === "*") return true;
  if (etag === undefined) return false;
  const tags = list.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
  return tags.some((tag) => compare(tag, etag));
}

// The three forms that a recipient has to know; only the first is ever written.
const forms = [
  /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
  /^\w{6,9}, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d GMT$/,
  /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
];

/** Seconds; a date that is none says nothing. */
function readDate(text: string | null): number | undefined {
  const form = text === null ? -1 : forms.findIndex((one) => one.test(text));
  if (form < 0) return undefined;
  const time = Date.parse(form === 2 ? `${text} GMT` : text!);
  return Number.isNaN(time) ? undefined : time / 1000;
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
