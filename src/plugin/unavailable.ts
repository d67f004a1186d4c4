import { HTTPException } from "../exceptions.ts";
import {
  createEndpoint,
  del,
  type Endpoint,
  get,
  options,
  patch,
  post,
  put,
  Routes,
  routesOf,
} from "../http/index.ts";
import { compose, type OnError } from "../middleware/index.ts";
import type { Scope } from "../scope.ts";
import type { PluginRecord } from "./record.ts";

/** Seconds after which a client may ask again when nobody knows how long it takes. */
const usual = 30;
const hidden = { hidden: true } as const;

export interface ClosedOptions {
  readonly app: Scope;
  readonly onError: OnError;
}

/** Routes that answer 503 with `Retry-After` in the place of a plugin's own. */
export function closedRoutes(
  record: PluginRecord,
  endpoints: readonly Endpoint[],
  { app, onError }: ClosedOptions,
): Endpoint[] {
  const refuse = (): never => {
    const { retryAt } = record;
    const left = retryAt ? Math.ceil((+retryAt - Date.now()) / 1000) : usual;
    throw new HTTPException(503, `The plugin "${record.name}" is not available at the moment`, {
      errorCode: "PLUGIN_UNAVAILABLE",
      headers: { "Retry-After": String(Math.max(1, left)) },
    });
  };
  const run = compose([], refuse, onError);
  if (endpoints.length) return endpoints.map((one) => ({ ...one, scope: app, run }));
  // Of one that was never made only the beginning of its paths is known.
  const prefix = record.source?.type.prefix;
  if (!prefix) return [];
  const routes = (path: "/" | "/{rest:path}") => [
    get(path, hidden, refuse),
    post(path, hidden, refuse),
    put(path, hidden, refuse),
    patch(path, hidden, refuse),
    del(path, hidden, refuse),
    options(path, hidden, refuse),
  ];
  const all = Object.assign(new Routes(), [...routes("/"), ...routes("/{rest:path}")]);
  return routesOf(all, prefix).map((one) =>
    createEndpoint(one, { plugin: record.name, scope: app, onError }),
  );
}
