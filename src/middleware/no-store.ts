import type { Frame } from "./compose.ts";

/** Answers that stay in no cache. */
export const noStore: Frame = {
  after: ({ headers }) => headers.put("Cache-Control", "no-store"),
};
