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

type Verb = (path: "/", spec: typeof hidden, handler: () => never) => unknown;
const verbs: Readonly<Record<string, Verb>> = {
  GET: get,
  POST: post,
  PUT: put,
  PATCH: patch,
  DELETE: del,
  OPTIONS: options,
};

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
  // Of one that was never made only the beginning of its paths is known, or what it once had.
  const { prefix } = record.source?.type ?? {};
  const paths = ["/", "/{rest:path}"];
  const known = prefix
    ? Object.keys(verbs).flatMap((method) => paths.map((path) => ({ method, path })))
    : record.known;
  const routes = known.flatMap(({ method, path }) => {
    const verb = Object.hasOwn(verbs, method) ? verbs[method] : undefined;
    return verb ? verb(path as "/", hidden, refuse) : [];
  });
  return routesOf(Object.assign(new Routes(), routes), prefix).map((one) =>
    createEndpoint(one, { plugin: record.name, scope: app, onError }),
  );
}
