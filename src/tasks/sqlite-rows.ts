import { type Selectable, sql } from "../database/index.ts";
import type { Claim, Outcome } from "./engine.ts";
import type { TaskRecord, TaskStatus } from "./status.ts";
import type { TaskRow } from "./tables.ts";

const ofStatus = [
  "id",
  "name",
  "status",
  "progress",
  "message",
  "result",
  "error",
  "attempts",
  "run_at",
  "created_at",
  "started_at",
  "completed_at",
  "owner",
] as const satisfies (keyof TaskRow & keyof TaskStatus)[];

/** What of a row is told. */
export const shown = [...ofStatus, "is_internal"] as const;

export function recordOf(row: Pick<Selectable<TaskRow>, (typeof shown)[number]>): TaskRecord {
  const task = Object.fromEntries(
    ofStatus.map((name) => [name, row[name]]),
  ) as unknown as TaskStatus;
  const result = row.result === null ? null : (JSON.parse(row.result) as unknown);
  return { ...task, result, isInternal: row.is_internal };
}

export function claimOf(row: Selectable<TaskRow>): Claim {
  const { id, turn, name, input, owner, request_id: requestId, attempts, lost, progress } = row;
  return { id, turn, name, input, owner, requestId, attempt: attempts, lost, progress };
}

/** Of a row that nobody works on. */
export const unclaimed = { worker: null, lease_until: null } as const;

/** What an outcome writes beside the progress. */
export function changesOf(outcome: Outcome, now: Date) {
  switch (outcome.status) {
    case "completed":
      return {
        status: outcome.status,
        result: outcome.result,
        progress: 1,
        completed_at: notBefore(now),
      };
    case "failed":
      return {
        status: outcome.status,
        error: outcome.error,
        is_internal: outcome.isInternal ?? false,
        completed_at: notBefore(now),
      };
    case "pending":
      return { status: outcome.status, run_at: outcome.runAt };
    case "returned":
      return { status: "pending" as const, attempts: sql<number>`attempts - 1` };
  }
}

/** A clock may be set back; a task never ends before it was created. */
export const notBefore = (now: Date) => sql<Date>`max(created_at, ${now})`;
