import type { Context } from "../context.ts";
import { NexusError } from "../exceptions.ts";
import { fromWebResponse, isWebResponse, type Request, Response } from "../message/index.ts";

/** Goes on to what is inside. It always resolves to a response, errors included. */
export type Next = (request?: Request) => Promise<Response>;
/** A layer around the answering of requests. */
export type Middleware = (
  request: Request,
  next: Next,
) => Response | globalThis.Response | Promise<Response | globalThis.Response>;

export type Answer = (context: Context) => Response | Promise<Response>;
/** Makes a response of what was thrown. */
export type OnError = (error: unknown, context: Context) => Response | Promise<Response>;

/** Wraps an answer in layers; the first one listed is the outermost. The only catch stands here. */
export function compose(
  layers: readonly Middleware[],
  answer: Answer,
  onError: OnError,
): (context: Context) => Promise<Response> {
  const fenced =
    (run: Answer) =>
    async (context: Context): Promise<Response> => {
      try {
        return await run(context);
      } catch (error) {
        // Also when nothing was thrown, something was.
        context.error = error ?? new Error(`${error} was thrown`);
        return onError(error, context);
      }
    };
  return layers.reduceRight<(context: Context) => Promise<Response>>(
    (inner, layer) => fenced((context) => around(layer, inner, context)),
    fenced(answer),
  );
}

async function around(
  layer: Middleware,
  inner: (context: Context) => Promise<Response>,
  context: Context,
): Promise<Response> {
  let entered = false;
  const response = await layer(context.request, (request) => {
    if (entered) {
      throw new NexusError("NX_NEXT_TWICE", `${nameOf(layer)} called next() twice.`, {
        cure: "Keep the response of the first call.",
      });
    }
    entered = true;
    if (request) context.request = request;
    return inner(context);
  });
  if (response instanceof Response) return response.answerTo?.(context.request) ?? response;
  if (isWebResponse(response)) return fromWebResponse(response);
  throw new NexusError(
    "NX_NO_RESPONSE",
    `${nameOf(layer)} returned ${String(response)} instead of a response, for ${context.request.method} ${context.request.rawPath}.`,
    {
      cure: "Return what next() gave, or a response of your own.",
    },
  );
}

function nameOf(layer: Middleware): string {
  return layer.name ? `The middleware "${layer.name}"` : "A middleware without a name";
}
