import type { Middleware } from "./compose.ts";

/** Forbids browsers to guess another content type than the one an answer says. */
export function nosniff(): Middleware {
  return async function nosniff(_, next) {
    const response = await next();
    response.headers.set("X-Content-Type-Options", "nosniff");
    return response;
  };
}
