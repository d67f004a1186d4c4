import type { Context } from "../context.ts";
import { NexusError } from "../exceptions.ts";
import { fromWebResponse, isWebResponse, type Request, Response } from "../message/index.ts";

/** Goes on to what is inside. It always resolves to a response, errors included. */
export type Next = (request?: Request) => Promise<Response>;

/** A layer around the answering of requests. */
export type Layer = (
  request: Request,
  next: Next,
) => Response | globalThis.Response | Promise<Response | globalThis.Response>;

/** A layer that waits for nothing: a request that needs no promise gets none from it. */
export interface Frame<T = unknown> {
  /** Done with each request; what it returns is there again afterwards. */
  before?(request: Request): T;
  /** Done with each answer, errors included. */
  after(response: Response, before: T, request: Request): void;
}

/** A layer of either kind. */
export type Middleware = Layer | Frame;

export type Answer = (context: Context) => Response | Promise<Response>;
/** Makes a response of what was thrown. */
export type OnError = (error: unknown, context: Context) => Response | Promise<Response>;

/**
 * Wraps an answer in layers; the first one listed is the outermost. What comes of it neither throws nor
 * rejects: the only catch stands here.
 */
export function compose(layers: readonly Middleware[], answer: Answer, onError: OnError): Answer {
  const fail: OnError = (error, context) => {
    // Also when nothing was thrown, something was.
    context.error = error ?? new Error(`${error} was thrown`);
    return onError(error, context);
  };
  return layers.reduceRight<Answer>(
    (inner, layer) =>
      typeof layer === "function" ? layered(layer, inner, fail) : framed(layer, inner, fail),
    fenced(answer, fail),
  );
}

function fenced(answer: Answer, fail: OnError): Answer {
  return (context) => {
    try {
      const response = answer(context);
      return response instanceof Promise
        ? response.catch((error: unknown) => fail(error, context))
        : response;
    } catch (error) {
      return fail(error, context);
    }
  };
}

function framed(frame: Frame, inner: Answer, fail: OnError): Answer {
  const close = (response: Response, known: unknown, context: Context) => {
    try {
      frame.after(response, known, context.request);
      return response;
    } catch (error) {
      return fail(error, context);
    }
  };
  return (context) => {
    let known: unknown;
    try {
      known = frame.before?.(context.request);
    } catch (error) {
      return fail(error, context);
    }
    const response = inner(context);
    return response instanceof Promise
      ? response.then((settled) => close(settled, known, context))
      : close(response, known, context);
  };
}

function layered(layer: Layer, inner: Answer, fail: OnError): Answer {
  return async (context) => {
    try {
      return await around(layer, inner, context);
    } catch (error) {
      return fail(error, context);
    }
  };
}

async function around(layer: Layer, inner: Answer, context: Context): Promise<Response> {
  let entered = false;
  const response = await layer(context.request, async (request) => {
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

function nameOf(layer: Layer): string {
  return layer.name ? `The middleware "${layer.name}"` : "A middleware without a name";
}
