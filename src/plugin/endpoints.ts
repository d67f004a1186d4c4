import {
  createEndpoint,
  createErrorAnswer,
  type Endpoint,
  type ErrorFormat,
  type ErrorHandler,
  routesOf,
  type RouteSpec,
} from "../http/index.ts";
import type { Scope } from "../scope.ts";
import { isSchema, type Schema } from "../validation/index.ts";
import type { Plugin, PluginClass } from "./plugin.ts";

export interface EndpointOptions {
  readonly plugin: string;
  readonly scope: Scope;
  readonly errorFormat: ErrorFormat;
  /** The app's. */
  readonly errorHandlers: readonly ErrorHandler[];
}

/** The routes of a plugin, compiled. */
export async function endpointsOf(
  instance: Plugin,
  { prefix, errorHandlers: own }: PluginClass,
  { plugin, scope, errorFormat, errorHandlers }: EndpointOptions,
): Promise<Endpoint[]> {
  const onError = createErrorAnswer(errorFormat, [...errorHandlers, ...own]);
  const routes = routesOf(instance, prefix);
  // Zod is the user's: whoever has it gets its schemas compiled.
  if (routes.some(({ spec }) => schemasOf(spec).some(isZod)))
    await import("../zod.ts").catch(() => {});
  return routes.map((route) => createEndpoint(route, { plugin, scope, onError }));
}

function schemasOf({ body, response, path, query, headers, cookies, form }: RouteSpec): Schema[] {
  const fields = [path, query, headers, cookies, form].flatMap((part) =>
    part && !isSchema(part) ? Object.values(part) : part,
  );
  return [body, response, ...fields].filter((schema) => schema !== undefined);
}

const isZod = (schema: Schema): boolean => schema["~standard"].vendor === "zod";
