import { HTTPException } from "../exceptions.ts";

// Integers that a number may round, and exponents that may not fit one.
const risky = /\d{16}|[eE]\+?\d{3}/;

/**
 * Reads JSON strictly. An integer beyond 2^53 becomes a bigint, so that it is never rounded.
 * @throws 400 MALFORMED_JSON with the offset
 */
export function parseJSON(text: string): unknown {
  try {
    return risky.test(text) ? JSON.parse(text, keepLarge) : JSON.parse(text);
  } catch (cause) {
    if (cause instanceof HTTPException) throw cause;
    if (cause instanceof RangeError) throw malformed("The JSON is nested too deeply", cause);
    const offset = faultIn(text);
    throw malformed(`Malformed JSON at offset ${offset}`, cause, { offset });
  }
}

function malformed(
  detail: string,
  cause: unknown,
  extra?: { readonly offset: number },
): HTTPException {
  return new HTTPException(400, detail, { errorCode: "MALFORMED_JSON", cause, extra });
}

function keepLarge(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  if (!Number.isFinite(value)) throw malformed("A number in the JSON is too large", undefined);
  const source = context?.source ?? "";
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** The kinds of token, each tried where the last one ended. */
const tokens = {
  space: /[ \t\n\r]*/y,
  text: /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y,
  scalar: /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y,
};

/** The offset of the first character at which a text stops being JSON. */
export function faultIn(text: string): number {
  let at = 0;
  const take = (token: RegExp): boolean => {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found) at = token.lastIndex;
    return found !== null;
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
      if (!take(tokens.text)) return at;
      take(tokens.space);
      if (text[at] !== ":") return at;
      at++;
      expect = "value";
    } else if (char === "[" || char === "{") {
      open.push(char);
      at++;
      expect = char === "[" ? "first" : "firstKey";
    } else {
      if (!take(tokens.text) && !take(tokens.scalar)) return at;
      expect = "after";
    }
  }
}
