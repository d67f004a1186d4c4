import { NexusError } from "../exceptions.ts";
import { type Headers, Response } from "../message/index.ts";
import type { Layer } from "./compose.ts";

type Origin = string | RegExp;

export interface CorsOptions {
  /**
   * Whose scripts may read the answers: `"*"` is everyone's. A RegExp has to match the whole origin,
   * and is not asked about `"null"` (files, sandboxed frames), which must be listed or allowed by a function.
   */
  readonly origins: Origin | readonly Origin[] | ((origin: string) => boolean);
  /** Default GET, HEAD, POST, PUT, PATCH and DELETE. */
  readonly methods?: readonly string[];
  /** The request's headers that a script may set; default all that it asks for. */
  readonly headers?: readonly string[];
  /** The response's headers that a script may read, beside the harmless ones. */
  readonly exposed?: readonly string[];
  /** Whether cookies and the like may be sent; not with `"*"`. */
  readonly credentials?: boolean;
  /** Seconds that a browser may remember the answer to a preflight; default what browsers do, 5. */
  readonly maxAge?: number;
}

const usual = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** Lets scripts of other origins ask, as the Fetch standard's CORS protocol says. */
export function cors(options: CorsOptions): Layer {
  const { methods = usual, headers, exposed = [], credentials = false, maxAge } = options;
  const allows = readOrigins(options.origins);
  refuseWildcards(options, allows === "all");

  const find = (origin: string | null): string | undefined => {
    if (allows === "all") return "*";
    return origin !== null && allows(origin) ? origin : undefined;
  };
  const allow = (answer: Headers, allowed: string | undefined): void => {
    // Also where there is no origin, or a refused one: a cache must not give that answer to another.
    if (allows !== "all") vary(answer, "Origin");
    if (allowed === undefined) return;
    answer.set("Access-Control-Allow-Origin", allowed);
    if (credentials) answer.set("Access-Control-Allow-Credentials", "true");
  };
  const prepare = (answer: Headers, wanted: string | null): void => {
    answer.set("Access-Control-Allow-Methods", methods.join(", "));
    if (maxAge !== undefined) answer.set("Access-Control-Max-Age", String(Math.trunc(maxAge)));
    if (!headers) vary(answer, "Access-Control-Request-Headers");
    const named = headers?.join(", ") ?? wanted;
    if (named) answer.set("Access-Control-Allow-Headers", named);
  };

  return async function cors(request, next) {
    const origin = request.headers.get("origin");
    const allowed = find(origin);
    const isPreflight =
      request.method === "OPTIONS" &&
      origin !== null &&
      request.headers.has("access-control-request-method");
    const response = isPreflight ? new Response(null, { status: 204 }) : await next();
    allow(response.headers, allowed);
    if (allowed !== undefined && isPreflight) {
      prepare(response.headers, request.headers.get("access-control-request-headers"));
    } else if (allowed !== undefined && exposed.length) {
      response.headers.set("Access-Control-Expose-Headers", exposed.join(", "));
    }
    return response;
  };
}

/** Adds a name to `Vary`, unless it is there. */
function vary(headers: Headers, name: string): void {
  const known = headers.get("vary");
  const names = known?.split(",").map((one) => one.trim().toLowerCase()) ?? [];
  if (names.includes("*") || names.includes(name.toLowerCase())) return;
  headers.set("Vary", known ? `${known}, ${name}` : name);
}

function readOrigins(origins: CorsOptions["origins"]): "all" | ((origin: string) => boolean) {
  if (typeof origins === "function") {
    return (origin) => {
      const answer: unknown = origins(origin);
      // Not merely something true: a promise would allow everyone.
      return answer === true;
    };
  }
  const list: readonly Origin[] = isList(origins) ? origins : [origins];
  if (list.includes("*")) return "all";
  const texts = new Set(list.filter((one) => typeof one === "string"));
  texts.forEach(checkOrigin);
  const patterns = list.filter((one) => one instanceof RegExp).map(whole);
  return (origin) =>
    texts.has(origin) || (origin !== "null" && patterns.some((pattern) => pattern.test(origin)));
}

function isList(origins: Origin | readonly Origin[]): origins is readonly Origin[] {
  return Array.isArray(origins);
}

/** `/example\.org/` would else allow `https://example.org.evil.net` too. */
function whole({ source, flags }: RegExp): RegExp {
  return new RegExp(`^(?:${source})$`, flags.replaceAll(/[gmy]/g, ""));
}

function checkOrigin(text: string): void {
  const url = URL.parse(text);
  // Of schemes that it does not know, URL says "null".
  const spelled = url?.origin === "null" ? `${url.protocol}//${url.host}` : url?.origin;
  const isOrigin = url?.host && spelled === text && !text.includes("*");
  if (isOrigin || text === "null") return;
  throw new NexusError("NX_CORS", `${JSON.stringify(text)} is no origin that a browser sends.`, {
    cure: text.includes("*")
      ? "Write a RegExp where several are meant."
      : `Write ${url?.host ? JSON.stringify(spelled) : 'scheme, host and port: "https://example.org"'}.`,
  });
}

/**
 * Beside credentials the standard takes no star: as an origin it makes the browser refuse the answer,
 * elsewhere it is a name like any other. To reflect every origin instead would open all accounts to every page.
 */
function refuseWildcards(options: CorsOptions, all: boolean): void {
  if (!options.credentials) return;
  const { methods, headers, exposed } = options;
  const lists = Object.entries({ methods, headers, exposed });
  const name = all ? "origins" : lists.find(([, list]) => list?.includes("*"))?.[0];
  if (name === undefined) return;
  throw new NexusError("NX_CORS", `cors() was given credentials, and "*" as ${name}.`, {
    cure: `List the ${name}, or leave out credentials.`,
  });
}
