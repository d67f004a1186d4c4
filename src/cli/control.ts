import { operatorKey } from "../admin/plugin-change.ts";
import { PluginRoutes } from "../admin/plugin-routes.ts";
import type { App } from "../app/index.ts";
import { createIdentity, identityKey } from "../auth/index.ts";
import { Context } from "../context.ts";
import {
  createDispatch,
  createEndpoint,
  createErrorAnswer,
  problemJSON,
  Router,
  routesOf,
  settle,
} from "../http/index.ts";
import type { Exchange } from "../transport/index.ts";
import { controlPath, operatorHeader } from "./control-place.ts";

/**
 * Answers the command line: the routes that look after plugins, without the app's layers, for somebody
 * who may do everything. Whoever can reach it is trusted.
 */
export function createControl(app: App): Exchange {
  const scope = app.scope.child("call", "command line");
  // A username has no space, so nobody is called like this.
  const username = "command line";
  scope.provide(identityKey, createIdentity({ id: username, username, permissions: ["*"] }));
  const onError = createErrorAnswer(problemJSON, []);
  const routes = routesOf(
    scope.run(() => new PluginRoutes()),
    controlPath,
  );
  const table = new Router(
    routes.map((one) => createEndpoint(one, { plugin: "command line", scope, onError })),
  );
  const dispatch = createDispatch({ table: () => table, layers: [], onError });
  return async (request, send) => {
    const context = new Context(request, scope);
    const operator = request.headers.get(operatorHeader);
    if (operator !== null) context.provide(operatorKey, decodeURIComponent(operator));
    const answering = context.run(async () => {
      try {
        await send(await dispatch(context));
      } finally {
        await settle(context);
      }
    });
    await app.track(answering);
  };
}
