import { findContext } from "../context.ts";
import { addressOf } from "../ratelimit/index.ts";

/** What is known of who asks, whoever they say they are. */
export interface Client {
  readonly address: string | null;
  readonly user_agent: string | null;
}

/** Of the request that is being answered. */
export function currentClient(): Client {
  const context = findContext();
  const agent = context?.request.headers.get("user-agent");
  return {
    address: (context && addressOf(context)) ?? null,
    // Whatever it says, a list of sessions stays a list.
    user_agent: agent ? agent.replace(/[^\x20-\x7e]/g, "?").slice(0, 200) : null,
  };
}
