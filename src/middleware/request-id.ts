import { findContext } from "../context.ts";
import { Headers } from "../message/index.ts";
import type { Frame } from "./compose.ts";
import { createTraceId } from "./trace-id.ts";

export interface RequestIdOptions {
  /** Read from the request, written on the response; default `X-Request-ID`. */
  readonly header?: string;
  /** Makes an id for a request that brings none; default 32 random hexadecimal digits. */
  readonly create?: () => string;
}

// It reaches log lines and other systems: nothing that could mean something there.
const harmless = /^[\w.-]{1,64}$/;

/** Gives each request an id: the one that it brings, where that is harmless, else a new one. */
export function requestId(options: RequestIdOptions = {}): Frame<string> {
  const { header = "X-Request-ID", create = createTraceId } = options;
  // What is no name is refused here, not with each answer.
  new Headers().append(header, "");
  return {
    before(request) {
      const brought = request.headers.get(header);
      const id = brought !== null && harmless.test(brought) ? brought : create();
      const context = findContext();
      if (context) context.id = id;
      return id;
    },
    after({ headers }, id) {
      // What somebody else makes is looked at.
      if (options.create) headers.set(header, id);
      else headers.put(header, id);
    },
  };
}
