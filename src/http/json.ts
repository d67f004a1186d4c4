import { HTTPException, type HTTPExceptionOptions } from "../exceptions.ts";

// Exponents that may not fit a number, and `__proto__` with letters escaped.
const exponent = /[eE]\+?\d{3}/;
const escaped = /\\u00[567]/;
/** Digits in a row that make an integer which a number may round. */
const long = 16;
/** Lists and objects in each other: more than anybody means, less than a recursive function can take. */
const maxDepth = 500;

export interface Parsed {
  readonly value: unknown;
  /** Whether an integer beyond 2^53 is in it: it has become a bigint, so that it is never rounded. */
  readonly hasLarge: boolean;
}

/**
 * Reads JSON strictly. A key `__proto__` is left out.
 * @throws 400 MALFORMED_JSON with the offset
 */
export function parseJSON(text: string): Parsed {
  try {
    if (isRisky(text)) return parseRisky(text);
    const value: unknown = JSON.parse(text);
    if (text.length > maxDepth * 2 && isDeep(value, maxDepth)) throw tooDeep();
    return { value, hasLarge: false };
  } catch (cause) {
    if (cause instanceof HTTPException) throw cause;
    if (depthOf(text) > maxDepth) throw tooDeep();
    const offset = faultIn(text);
    throw malformed(`Malformed JSON at offset ${offset}`, { cause, extra: { offset } });
  }
}

function parseRisky(text: string): Parsed {
  // What a function is called for is read by recursion.
  if (depthOf(text) > maxDepth) throw tooDeep();
  let hasLarge = false;
  const revive = (
    name: string,
    value: unknown,
    context?: { readonly source?: string },
  ): unknown => {
    if (name === "__proto__") return undefined;
    if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
    if (!Number.isFinite(value)) throw malformed("A number in the JSON is too large");
    const source = context?.source ?? "";
    if (!/^-?\d+$/.test(source)) return value;
    hasLarge = true;
    return BigInt(source);
  };
  return { value: JSON.parse(text, revive), hasLarge };
}

/** Whether JSON.parse alone may not be trusted with a text. */
function isRisky(text: string): boolean {
  return (
    hasLong(text) ||
    exponent.test(text) ||
    text.includes("__proto__") ||
    (text.includes("\\u00") && escaped.test(text))
  );
}

/** Looks at every sixteenth character: an expression looks at all, and takes longer than JSON.parse. */
function hasLong(text: string): boolean {
  for (let at = long - 1; at < text.length; at += long) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let first = at;
    while (isDigit(text.charCodeAt(first - 1))) first--;
    while (isDigit(text.charCodeAt(at + 1))) at++;
    if (at - first + 1 >= long) return true;
  }
  return false;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function malformed(detail: string, options: HTTPExceptionOptions = {}): HTTPException {
  return new HTTPException(400, detail, { ...options, errorCode: "MALFORMED_JSON" });
}

/** The place of the first integer beyond 2^53 in what `parseJSON` made. */
export function findLarge(value: unknown): readonly (string | number)[] | undefined {
  if (typeof value === "bigint") return [];
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, one] of Object.entries(value)) {
    const place = findLarge(one);
    if (place) return [Array.isArray(value) ? Number(key) : key, ...place];
  }
  return undefined;
}

function tooDeep(): HTTPException {
  return malformed("The JSON is nested too deeply");
}

/** Whether a value has more levels: a walk through it takes a tenth of one through its text. */
function isDeep(value: unknown, levels: number): boolean {
  if (!isHolder(value)) return false;
  if (!levels) return true;
  if (Array.isArray(value)) {
    for (const one of value) if (isHolder(one) && isDeep(one, levels - 1)) return true;
    return false;
  }
  for (const key in value) {
    const one = value[key];
    if (isHolder(one) && isDeep(one, levels - 1)) return true;
  }
  return false;
}

function isHolder(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (inText) {
      if (char === "\\") at++;
      else if (char === '"') inText = false;
    } else if (char === '"') inText = true;
    else if (char === "[" || char === "{") deepest = Math.max(deepest, ++depth);
    else if (char === "]" || char === "}") depth--;
  }
  return deepest;
}

/** The kinds of token, each tried where the last one ended. */
const tokens = {
  space: /[ \t\n\r]*/y,
  scalar: /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y,
};

const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** The offset of the first character at which a text stops being JSON. */
export function faultIn(text: string): number {
  let at = 0;
  const take = (token: RegExp): boolean => {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found) at = token.lastIndex;
    return found !== null;
  };
  // A text may be longer than a regular expression can repeat.
  const takeText = (): boolean => {
    if (text[at] !== '"') return false;
    let end = at + 1;
    for (let char = text[end]; char !== '"'; char = text[end]) {
      escape.lastIndex = end;
      if (char === undefined || char < " ") return false;
      if (char !== "\\") end++;
      else if (escape.test(text)) end = escape.lastIndex;
      else return false;
    }
    at = end + 1;
    return true;
  };
  const open: ("[" | "{")[] = [];
  let expect: "value" | "first" | "key" | "firstKey" | "after" = "value";
  for (;;) {
    take(tokens.space);
    const char = text[at];
    if (char === undefined) return at;
    if (expect === "after") {
      const inside = open.at(-1);
      if (inside === undefined) return at;
      if (char === ",") expect = inside === "{" ? "key" : "value";
      else if (char === (inside === "{" ? "}" : "]")) open.pop();
      else return at;
      at++;
    } else if ((expect === "first" && char === "]") || (expect === "firstKey" && char === "}")) {
      open.pop();
      at++;
      expect = "after";
    } else if (expect === "key" || expect === "firstKey") {
      if (!takeText()) return at;
      take(tokens.space);
      if (text[at] !== ":") return at;
      at++;
      expect = "value";
    } else if (char === "[" || char === "{") {
      open.push(char);
      at++;
      expect = char === "[" ? "first" : "firstKey";
    } else {
      if (!takeText() && !take(tokens.scalar)) return at;
      expect = "after";
    }
  }
}
