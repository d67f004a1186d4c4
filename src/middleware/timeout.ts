import { HTTPException, NexusError } from "../exceptions.ts";
import { discard } from "../message/index.ts";
import type { Middleware } from "./compose.ts";

// What setTimeout can wait for: 2^31 - 1 milliseconds.
const longest = 2_147_483;

/**
 * Answers 503 when what is inside has no answer after so many seconds, and fires `request.signal`.
 * A streamed body may take longer: the answer is there when its head is.
 */
export function timeout(seconds: number): Middleware {
  if (!(seconds > 0 && seconds <= longest)) {
    throw new NexusError("NX_TIMEOUT", `timeout() was given ${seconds}.`, {
      cure: `Give it seconds, more than 0 and at most ${longest}.`,
    });
  }
  return async function timeout(request, next) {
    const up = new AbortController();
    const late = Promise.withResolvers<never>();
    const clock = setTimeout(() => {
      const error = new HTTPException(503, `There was no answer within ${seconds} s`, {
        errorCode: "TIMEOUT",
      });
      // Before the signal fires: what stops because of it must not answer first.
      late.reject(error);
      up.abort(error);
    }, seconds * 1000);
    request.signal = AbortSignal.any([request.signal, up.signal]);
    const inner = next();
    try {
      return await Promise.race([inner, late.promise]);
    } catch (error) {
      inner.then(({ body }) => discard(body)).catch(() => {});
      throw error;
    } finally {
      clearTimeout(clock);
    }
  };
}
