import { randomUUID } from "node:crypto";
import { currentClient } from "./client.ts";
import type { SessionRow } from "./tables.ts";

/** Seconds that a session lasts when nobody renews it. */
export const sessionLifetime = 30 * 86_400;

/** A session that begins with the request that is being answered. */
export function newSession(
  user_id: string,
  kind: SessionRow["kind"],
  secret_hash: string | null,
): SessionRow {
  const now = new Date();
  return {
    id: randomUUID(),
    user_id,
    kind,
    secret_hash,
    created_at: now,
    last_used_at: now,
    expires_at: after(now, sessionLifetime),
    revoked_at: null,
    ...currentClient(),
  };
}

export function after(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
