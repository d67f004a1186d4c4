import { phrase } from "../exceptions.ts";
import { isBodiless, type Response } from "../message/index.ts";
import { isLength, isOfConnection } from "./fields.ts";

/** What one answer is written as, in one piece. */
export interface Piece {
  readonly text: string;
  readonly encoding: "latin1" | "utf8";
}

/** Writes answers whose body is a text, head and all; others are left to node:http. */
export class HeadWriter {
  /** Milliseconds. */
  readonly keepAlive: number;
  readonly #kept: string;
  /** By status, for as long as the date is the same. */
  #lines: string[] = [];
  #date = "";

  /** @param keepAlive milliseconds that an idle connection is kept; 0 says nothing of it */
  constructor(keepAlive: number) {
    this.keepAlive = keepAlive;
    const seconds = Math.floor(keepAlive / 1000);
    this.#kept = `Connection: keep-alive${seconds ? `\r\nKeep-Alive: timeout=${seconds}` : ""}`;
  }

  /** @param keeps whether the connection stays @returns `undefined` for what node:http has to write */
  write({ status, body, headers }: Response, isHead: boolean, keeps: boolean): Piece | undefined {
    if ((body !== null && typeof body !== "string") || isBodiless(status)) return undefined;
    const { raw } = headers;
    let head = this.#firstLines(status, keeps);
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!;
      const value = raw[i + 1]!;
      // Headers let no line break in; should one be there, node:http refuses the whole.
      if (lineBreak.test(value)) return undefined;
      const start = starts.get(name) ?? learn(name);
      if (start) head += start + value;
      // It wants the connection to end, perhaps.
      else if (name.length === 10 || isDate(name)) return undefined;
      // For HEAD it may be what GET would have.
      else if (body === null && isLength(name)) return undefined;
    }
    if (body === null) return { text: `${head}\r\nContent-Length: 0\r\n\r\n`, encoding: "latin1" };
    const size = Buffer.byteLength(body);
    head += `\r\nContent-Length: ${size}\r\n\r\n`;
    if (isHead) return { text: head, encoding: "latin1" };
    // One encoding for both: a head is Latin-1, which is UTF-8 as long as it is ASCII.
    if (size === body.length) return { text: head + body, encoding: "latin1" };
    if (isASCII(head)) return { text: head + body, encoding: "utf8" };
    return { text: head + Buffer.from(body).toString("latin1"), encoding: "latin1" };
  }

  #firstLines(status: number, keeps: boolean): string {
    if (this.#date !== currentDate()) {
      this.#date = currentDate();
      this.#lines = [];
    }
    const index = keeps ? status : status + 1000;
    return (this.#lines[index] ??=
      `HTTP/1.1 ${status} ${phrase(status)}\r\nDate: ${this.#date}\r\n` +
      (keeps ? this.#kept : "Connection: close"));
  }
}

/** How the line of a field begins, by its name; empty for those that are written otherwise. An app has few. */
const starts = new Map<string, string>();
const mostLearned = 1000;

function learn(name: string): string {
  const isOrdinary = !isOfConnection(name) && !isLength(name) && !isDate(name);
  const start = isOrdinary ? `\r\n${name}: ` : "";
  if (starts.size < mostLearned) starts.set(name, start);
  return start;
}

function isDate(name: string): boolean {
  return name.length === 4 && name.toLowerCase() === "date";
}

const lineBreak = /[\r\n]/;

function isASCII(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

let date: string | undefined;

/** The date as a head has it; it is right to the second. */
function currentDate(): string {
  if (date !== undefined) return date;
  const now = new Date();
  setTimeout(() => (date = undefined), 1000 - now.getMilliseconds()).unref();
  return (date = now.toUTCString());
}
