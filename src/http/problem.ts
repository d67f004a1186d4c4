import type { Context } from "../context.ts";
import { isHTTPException, type Problem, problemOf } from "../exceptions.ts";
import { currentLog } from "../log.ts";
import { JSONResponse, type Request, type Response } from "../message/index.ts";
import type { OnError } from "../middleware/index.ts";
import type { JSONSchema } from "../validation/index.ts";
import { compileOutput } from "./output.ts";

/** The form of all error answers of an app. */
export interface ErrorFormat {
  readonly mediaType: string;
  /** What is sent for a problem. */
  readonly write: (problem: Problem) => unknown;
  /** What `write` returns, for the documentation; default: anything. */
  readonly schema?: JSONSchema;
}

/** RFC 9457, a superset of `{"detail": "…"}`. */
export const problemJSON: ErrorFormat = {
  mediaType: "application/problem+json",
  write: (problem) => problem,
};

type ErrorClass<E> = abstract new (...args: never[]) => E;
/** Answers errors of one class, and of the classes that extend it. */
export interface ErrorHandler {
  readonly kind: "error-handler";
  readonly type: ErrorClass<unknown>;
  readonly handle: (error: never, request: Request) => unknown;
}

/**
 * For `errorHandlers` of an app or a plugin: of several that fit, the nearest ancestor's answers.
 * A plain value is sent with the status of an HTTPException, else with 500.
 */
export function onError<E>(
  type: ErrorClass<E>,
  handle: (error: E, request: Request) => unknown,
): ErrorHandler {
  return { kind: "error-handler", type, handle };
}

/** Makes the one place where what was thrown becomes an answer. */
export function createErrorAnswer(
  format: ErrorFormat,
  handlers: readonly ErrorHandler[] = [],
): OnError {
  const byClass = new Map(handlers.map((handler) => [handler.type, handler]));
  return (error, context) => {
    const handler = byClass.size > 0 && handlerOf(error, byClass);
    return handler ? handled(error, handler, context, format) : answer(error, context, format);
  };
}

async function handled(
  error: unknown,
  { handle }: ErrorHandler,
  context: Context,
  format: ErrorFormat,
): Promise<Response> {
  const status = isHTTPException(error) ? error.status : 500;
  const output = compileOutput(undefined, status, () => "An error handler");
  const { request } = context;
  try {
    return await output(await handle(error as never, request), request);
  } catch (thrown) {
    // The handler may throw the answer, or fail itself.
    return answer(thrown, context, format);
  }
}

function handlerOf(
  error: unknown,
  byClass: ReadonlyMap<unknown, ErrorHandler>,
): ErrorHandler | undefined {
  let proto: unknown =
    typeof error === "object" && error !== null ? Object.getPrototypeOf(error) : undefined;
  while (proto) {
    const found = byClass.get((proto as { constructor: unknown }).constructor);
    if (found) return found;
    proto = Object.getPrototypeOf(proto);
  }
  return undefined;
}

function answer(error: unknown, context: Context, format: ErrorFormat): JSONResponse {
  const { request, id } = context;
  const problem = problemOf(error);
  if (!isHTTPException(error)) {
    currentLog().error({ err: error }, `${request.method} ${request.rawPath} failed`);
  }
  problem.instance = request.rawPath;
  if (id !== undefined) problem.request_id = id;
  try {
    return new JSONResponse(format.write(problem), {
      status: problem.status,
      mediaType: format.mediaType,
      headers: isHTTPException(error) ? error.headers : undefined,
    });
  } catch (failure) {
    // A header that cannot be sent, or a format that fails: the last answer asks nobody.
    context.error = failure;
    currentLog().error({ err: failure }, "An error could not be told");
    return new JSONResponse(problemOf(undefined), {
      status: 500,
      mediaType: problemJSON.mediaType,
    });
  }
}
