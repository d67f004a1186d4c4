import { NexusError } from "../exceptions.ts";

export interface CookieOptions {
  /** Default `/`. */
  readonly path?: string;
  readonly domain?: string;
  /** Seconds. */
  readonly maxAge?: number;
  readonly expires?: Date;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
  /** Default `lax`. */
  readonly sameSite?: "strict" | "lax" | "none";
}

/** The cookies of a request's `Cookie` field; of two with one name the first counts (RFC 6265, 5.4). */
export function parseCookies(field: string | null): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of field?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    if (equals < 0) continue;
    const name = pair.slice(0, equals).trim();
    if (!cookies.has(name)) cookies.set(name, decode(unquote(pair.slice(equals + 1).trim())));
  }
  return cookies;
}

/** A `Set-Cookie` value; what a cookie cannot carry is percent-encoded. */
export function serializeCookie(name: string, value: string, options: CookieOptions = {}): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
    throw new NexusError("NX_COOKIE", `${JSON.stringify(name)} is no name for a cookie.`, {
      cure: "Use letters, digits and dashes.",
    });
  }
  const parts = [
    `${name}=${encodeURIComponent(value.toWellFormed())}`,
    `Path=${attribute(options.path ?? "/")}`,
  ];
  if (options.domain) parts.push(`Domain=${attribute(options.domain)}`);
  if (options.maxAge !== undefined) parts.push(`Max-Age=${Math.trunc(options.maxAge)}`);
  if (options.expires) parts.push(`Expires=${options.expires.toUTCString()}`);
  if (options.httpOnly) parts.push("HttpOnly");
  if (options.secure) parts.push("Secure");
  parts.push(`SameSite=${options.sameSite ?? "lax"}`);
  return parts.join("; ");
}

function attribute(value: string): string {
  if (!/[;,\x00-\x1f\x7f]/.test(value)) return value;
  throw new NexusError("NX_COOKIE", `${JSON.stringify(value)} cannot stand in a cookie.`, {
    cure: "Leave out semicolons, commas and control characters.",
  });
}

function unquote(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"')
    ? value.slice(1, -1)
    : value;
}

function decode(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
