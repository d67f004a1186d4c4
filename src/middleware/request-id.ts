import { randomUUID } from "node:crypto";
import { findContext } from "../context.ts";
import type { Middleware } from "./compose.ts";

export interface RequestIdOptions {
  /** Read from the request, written on the response; default `X-Request-ID`. */
  readonly header?: string;
  /** Makes an id for a request that brings none; default a random UUID. */
  readonly create?: () => string;
}

// It reaches log lines and other systems: nothing that could mean something there.
const harmless = /^[\w.-]{1,64}$/;

/** Gives each request an id: the one that it brings, where that is harmless, else a new one. */
export function requestId(options: RequestIdOptions = {}): Middleware {
  const { header = "X-Request-ID", create = randomUUID } = options;
  return async function requestId(request, next) {
    const brought = request.headers.get(header);
    const id = brought !== null && harmless.test(brought) ? brought : create();
    const context = findContext();
    if (context) context.id = id;
    const response = await next();
    response.headers.set(header, id);
    return response;
  };
}
