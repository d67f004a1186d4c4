import { Context } from "../context.ts";
import { lastMoment } from "../ending.ts";
import { logKey } from "../log.ts";
import type { Scope } from "../scope.ts";
import { inTime, untilAborted } from "../waiting.ts";

/**
 * Waits for the requests in a plugin's scope. Those that are still there when the time is up are told so, and
 * not waited for much longer.
 */
export async function allGone(scope: Scope, over: AbortSignal): Promise<void> {
  const vacated = scope.vacated();
  await untilAborted(over, vacated);
  const late = [...scope.guests];
  for (const guest of late)
    if (guest instanceof Context) guest.request.abort(new Error("The plugin has ended"));
  if (!late.length || (await inTime(lastMoment, vacated))) return;
  const { length: requests } = scope.guests;
  scope.get(logKey).warn({ requests }, "The plugin ends under running requests");
}
