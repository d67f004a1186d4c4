import { createErrorAnswer, type Endpoint } from "../http/index.ts";
import type { PluginRecord } from "./record.ts";
import type { Ground } from "./swap.ts";
import { closedRoutes } from "./unavailable.ts";

/** Gives the table what stands there for one that does not run. */
export function stand(
  { around, table }: Ground,
  record: PluginRecord,
  how: "closed" | "gone",
  endpoints: readonly Endpoint[] = record.unit?.endpoints ?? record.routes,
): void {
  const { app, errorFormat, errorHandlers } = around;
  const onError = createErrorAnswer(errorFormat, errorHandlers);
  const routes = how === "gone" ? [] : closedRoutes(record, endpoints, { app, onError });
  try {
    table.replace(record.routes, routes);
    record.routes = routes;
  } catch {
    // Somebody else has its paths.
  }
}
