import { createRequire } from "node:module";
import type * as Helmet from "helmet";
import { messageOf, NexusError } from "../exceptions.ts";
import type { Layer } from "./compose.ts";

// Read in by who wants its headers.
const require = createRequire(import.meta.url);

/** Helmet's own, but for functions in a Content-Security-Policy: the headers are the same for all. */
export type SecurityHeadersOptions = Readonly<Helmet.HelmetOptions>;

/** Sets Helmet's headers on every answer; one that a route has set itself stays as it is. */
export function securityHeaders(options: SecurityHeadersOptions = {}): Layer {
  const headers = headersOf(options);
  return async function securityHeaders(_, next) {
    const response = await next();
    const own = response.headers;
    for (const [name, value] of headers) if (!own.has(name)) own.append(name, value);
    return response;
  };
}

/** What Helmet would set: it is run once, on something that looks enough like a response. */
function headersOf(options: SecurityHeadersOptions): readonly [name: string, value: string][] {
  refuseFunctions(options);
  const { default: helmet } = require("helmet") as typeof Helmet;
  const headers = new Map<string, string>();
  const response = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  };
  try {
    // Of the request it reads nothing, of the response only these two methods.
    helmet(options)({} as never, response as never, (error) => {
      if (error) throw error;
    });
  } catch (cause) {
    throw new NexusError(
      "NX_SECURITY_HEADERS",
      `securityHeaders() was refused: ${messageOf(cause)}`,
      { cause },
    );
  }
  return [...headers];
}

/** A function would make a nonce for each request, but would be asked only once. */
function refuseFunctions({ contentSecurityPolicy: policy }: SecurityHeadersOptions): void {
  const directives = typeof policy === "object" ? policy.directives : undefined;
  for (const [name, values] of Object.entries(directives ?? {})) {
    // A symbol says that the directive is left out.
    const parts: Iterable<unknown> = typeof values === "object" ? (values ?? []) : [];
    if (![...parts].some((part) => typeof part === "function")) continue;
    throw new NexusError("NX_SECURITY_HEADERS", `The directive "${name}" has a function.`, {
      cure: "Set the Content-Security-Policy on the response of the route that needs its own.",
    });
  }
}
