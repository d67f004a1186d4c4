import { middleware } from "./middleware.ts";

/** Answers that stay in no cache. */
export const noStore = middleware(async (_, next) => {
  const response = await next();
  response.headers.set("Cache-Control", "no-store");
  return response;
});
