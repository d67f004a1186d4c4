import { NexusError } from "../exceptions.ts";

export type HeadersInit =
  | Readonly<Record<string, string>>
  | Iterable<readonly [name: string, value: string]>;

/** Header fields in their order; names are found in any case, values are kept as they came. */
export class Headers {
  readonly #raw: string[];

  constructor(init?: HeadersInit);
  constructor(init?: HeadersInit, raw: string[] = []) {
    this.#raw = raw;
    if (!init) return;
    const pairs = Symbol.iterator in init ? init : Object.entries(init);
    for (const [name, value] of pairs) this.append(name, value);
  }

  /** Headers over a list that somebody else has checked; it is not copied. */
  static of(raw: string[]): Headers {
    return new unchecked(undefined, raw);
  }

  /** Name, value, name, value …, as node:http has them. */
  get raw(): readonly string[] {
    return this.#raw;
  }

  /** All values of a field in one text, joined with a comma (cookies with a semicolon). */
  get(name: string): string | null {
    let found: string | null = null;
    for (let i = 0; i < this.#raw.length; i += 2) {
      if (!isSame(this.#raw[i]!, name)) continue;
      found = found === null ? this.#raw[i + 1]! : `${found}${separator(name)}${this.#raw[i + 1]}`;
    }
    return found;
  }

  getAll(name: string): string[] {
    return this.#raw.filter((_, i) => i % 2 === 1 && isSame(this.#raw[i - 1]!, name));
  }

  getSetCookie(): string[] {
    return this.getAll("set-cookie");
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  /** @throws NX_HEADER where a name or value could break out of its line */
  append(name: string, value: string): void {
    check(name, value);
    this.#raw.push(name, value);
  }

  /** Replaces every field of this name. */
  set(name: string, value: string): void {
    check(name, value);
    this.put(name, value);
  }

  /** As `set`, for what is known to be well formed. */
  put(name: string, value: string): void {
    this.delete(name);
    this.#raw.push(name, value);
  }

  delete(name: string): void {
    for (let i = this.#raw.length - 2; i >= 0; i -= 2) {
      if (isSame(this.#raw[i]!, name)) this.#raw.splice(i, 2);
    }
  }

  forEach(visit: (value: string, name: string) => void): void {
    for (const [name, value] of this) visit(value, name);
  }

  keys(): IterableIterator<string> {
    return new Map(this).keys();
  }

  /** One pair a name, in lower case; `set-cookie` once each. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    const seen = new Set<string>();
    for (let i = 0; i < this.#raw.length; i += 2) {
      const name = this.#raw[i]!.toLowerCase();
      if (name === "set-cookie") yield [name, this.#raw[i + 1]!];
      else if (!seen.has(name)) {
        seen.add(name);
        yield [name, this.get(name)!];
      }
    }
  }

  /** For logs, which know fields that are secret by their names. */
  toJSON(): Record<string, string> {
    return Object.fromEntries(this);
  }

  entries(): IterableIterator<[name: string, value: string]> {
    return this[Symbol.iterator]();
  }
}

const unchecked = Headers as unknown as new (init: undefined, raw: string[]) => Headers;

function isSame(a: string, b: string): boolean {
  if (a === b) return true;
  // Names of one length nearly always begin differently, and a lower case of both costs ten times as much.
  return (
    a.length === b.length && initialOf(a) === initialOf(b) && a.toLowerCase() === b.toLowerCase()
  );
}

/** In lower case, if it is a letter. */
function initialOf(name: string): number {
  return name.charCodeAt(0) | 0x20;
}

function separator(name: string): string {
  return isSame(name, "cookie") ? "; " : ", ";
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Names that are well formed, as far as they have been looked at: an app has few. */
const known = new Set<string>();
const mostKnown = 1000;

function check(name: string, value: string): void {
  if (!known.has(name)) {
    if (typeof name !== "string" || !token.test(name)) {
      throw new NexusError("NX_HEADER", `${JSON.stringify(name)} is no name for a header.`, {
        cure: "Use letters, digits and dashes.",
      });
    }
    if (known.size < mostKnown) known.add(name);
  }
  checkValue(name, value);
}

/** @throws NX_HEADER where a value could break out of its line */
export function checkValue(name: string, value: string): void {
  if (!isFieldValue(value)) {
    throw new NexusError(
      "NX_HEADER",
      `The value of the header "${name}" has a line break or a character outside Latin-1.`,
      {
        cure: "Encode it first, for example with encodeURIComponent.",
      },
    );
  }
}

/** Visible Latin-1 with spaces and tabs (RFC 9110, 5.5). Most are short: an expression would take longer. */
function isFieldValue(value: unknown): boolean {
  // Whom no compiler checks may give a number.
  const text = String(value);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 ? code !== 0x09 : code === 0x7f || code > 0xff) return false;
  }
  return true;
}
