import { backgroundKey } from "../background.ts";
import type { Context } from "../context.ts";
import { HTTPException, ValidationError } from "../exceptions.ts";
import { currentLog } from "../log.ts";
import { RedirectResponse, type Response } from "../message/index.ts";
import { type Answer, compose, type Middleware, type OnError } from "../middleware/index.ts";
import { shorten } from "../validation/index.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Match, Router } from "./router.ts";

export interface DispatchOptions {
  /** The table in force; a request keeps the one that it started with. */
  readonly table: () => Router<Endpoint>;
  readonly layers: readonly Middleware[];
  readonly onError: OnError;
}

/** Answers requests: through the app's layers, to the route that fits. */
export function createDispatch({ table, layers, onError }: DispatchOptions): Answer {
  return compose(
    layers,
    (context) => {
      const { method, path } = context.request;
      const routes = table();
      const match = routes.match(method, path);
      if (!match?.entry) return miss(context, match, routes);
      context.params = match.params;
      context.moveTo(match.entry.scope);
      return match.entry.run(context);
    },
    onError,
  );
}

/** Whether anything is left to do once the answer has left. */
export function hasRest(context: Context): boolean {
  return !context.isEmpty || context.has(backgroundKey);
}

/** What follows an answer that has left: background work, then the request's scope ends. */
export function settle(context: Context): Promise<void> | undefined {
  if (hasRest(context)) return settleAll(context);
  // Most requests leave nothing to do.
  context.leave();
  return undefined;
}

async function settleAll(context: Context): Promise<void> {
  try {
    const background = context.find(backgroundKey);
    if (background) await background.run();
    if (!context.isEmpty) await context.dispose();
  } catch (error) {
    currentLog().error({ err: error }, "A request did not end cleanly");
  } finally {
    // Its plugin may have been waiting for it.
    context.leave();
  }
}

function miss({ request }: Context, match: Match<Endpoint>, routes: Router<Endpoint>): Response {
  if (match && "allow" in match) {
    throw new HTTPException(405, undefined, { headers: { Allow: match.allow.join(", ") } });
  }
  if (match && "refused" in match) {
    const { name, type, msg, input } = match.refused;
    throw new ValidationError([{ loc: ["path", name], type, msg, input: shorten(input) }]);
  }
  const raw = request.rawPath;
  // An encoded slash at the end is part of a name.
  const isSlashed = raw.endsWith("/");
  const other = isSlashed ? request.path.slice(0, -1) : `${request.path}/`;
  if (isSlashed !== request.path.endsWith("/") || !routes.match(request.method, other)?.entry)
    throw new HTTPException(404);
  // Never `//host`, which browsers take for another host.
  const spelled = `/${(isSlashed ? raw.slice(0, -1) : `${raw}/`).replace(/^[/\\]+/, "")}`;
  return new RedirectResponse(request.query ? `${spelled}?${request.query}` : spelled, {
    status: 308,
  });
}
