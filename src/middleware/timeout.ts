import { HTTPException, NexusError } from "../exceptions.ts";
import { discard } from "../message/index.ts";
import { inTime, longestSeconds } from "../waiting.ts";
import type { Layer } from "./compose.ts";

/**
 * Answers 503 when what is inside has no answer after so many seconds, and fires `request.signal`.
 * A streamed body may take longer: the answer is there when its head is.
 */
export function timeout(seconds: number): Layer {
  if (!(seconds > 0 && seconds <= longestSeconds)) {
    throw new NexusError("NX_TIMEOUT", `timeout() was given ${seconds}.`, {
      cure: `Give it seconds, more than 0 and at most ${longestSeconds}.`,
    });
  }
  return async function timeout(request, next) {
    const up = new AbortController();
    request.signal = AbortSignal.any([request.signal, up.signal]);
    const inner = next();
    if (await inTime(seconds * 1000, inner)) return inner;
    inner.then(({ body }) => discard(body)).catch(() => {});
    const error = new HTTPException(503, `There was no answer within ${seconds} s`, {
      errorCode: "TIMEOUT",
    });
    up.abort(error);
    throw error;
  };
}
