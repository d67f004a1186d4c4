import { findContext } from "../context.ts";
import { currentLog, type Logger } from "../log.ts";
import type { Layer } from "./compose.ts";

export interface AccessLogOptions {
  /** Default: the log of the plugin or app that the layer runs in. */
  readonly log?: Logger;
  /** Of lines about answers below 500; default `info`. Those from 500 on are errors. */
  readonly level?: "trace" | "debug" | "info" | "warn";
}

/** Writes one line a request, when its answer is known; a streamed body may still be on its way. */
export function accessLog(options: AccessLogOptions = {}): Layer {
  const { log, level = "info" } = options;
  return async function accessLog(request, next) {
    const start = performance.now();
    const response = await next();
    const { status } = response;
    // Without the query: it may hold secrets.
    const path = request.rawPath;
    (log ?? currentLog())[status < 500 ? level : "error"](
      {
        method: request.method,
        path,
        status,
        ms: Math.round((performance.now() - start) * 10) / 10,
        request_id: findContext()?.id,
      },
      `${request.method} ${path} ${status}`,
    );
    return response;
  };
}
