import type { Frame } from "./compose.ts";

/** Forbids browsers to guess another content type than the one an answer says. */
export function nosniff(): Frame {
  return {
    after: ({ headers }) => headers.put("X-Content-Type-Options", "nosniff"),
  };
}
