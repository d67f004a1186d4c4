import { middleware } from "../middleware/index.ts";

/** Answers about accounts stay in no cache. */
export const noStore = middleware(async (_, next) => {
  const response = await next();
  response.headers.set("Cache-Control", "no-store");
  return response;
});
