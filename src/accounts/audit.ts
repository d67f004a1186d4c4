import { identityKey } from "../auth/index.ts";
import { findContext } from "../context.ts";
import { Database, type Selectable } from "../database/index.ts";
import { isHTTPException, phrase } from "../exceptions.ts";
import { addressOf } from "../ratelimit/index.ts";
import { inject, Service } from "../services.ts";
import { type PageQuery, paginate, type Pagination, rangeOf } from "../shape/index.ts";
import type { AuditRow, Tables } from "./tables.ts";

/** Something that somebody did, or tried to. */
export interface AuditEntry {
  /** Words with dots between them: `user.disabled`. */
  readonly action: string;
  /** What it was done to: `user:<id>`, `role:editor`. */
  readonly target?: string | undefined;
  /** Default `success`. */
  readonly result?: "success" | "failure";
  /** Whatever helps to understand it. What is called a password, token, secret or key is not kept. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** Default: who asks in this request. */
  readonly actor?: { readonly id?: string | undefined; readonly username: string } | undefined;
}

export interface AuditQuery extends PageQuery {
  /** An id or a username. */
  readonly actor?: string | undefined;
  /** One, or all below one: `user` finds `user.disabled` too. */
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly result?: "success" | "failure" | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

export interface AuditPage {
  entries: Selectable<AuditRow>[];
  pagination: Pagination;
}

/** Who changed what, when, from where, and whether it came about. */
export class AuditService extends Service {
  readonly #db = inject(Database<Tables>);

  /** Takes actor, address and request id from the current request. */
  async log({ action, target, result = "success", details, actor }: AuditEntry): Promise<void> {
    const context = findContext();
    const identity = actor ?? context?.find(identityKey);
    await this.#db
      .insertInto("nexus_audit")
      .values({
        at: new Date(),
        actor_id: identity?.id ?? null,
        actor: identity?.username ?? null,
        action,
        target: target ?? null,
        result,
        address: (context && addressOf(context)) ?? null,
        request_id: context?.id ?? null,
        details: details ? (covered(details, depth) as Record<string, unknown>) : null,
      })
      .execute();
  }

  /**
   * Does something, and logs how it went.
   * @param entry may be made of the outcome, which is not there when it failed
   */
  async record<T>(
    entry: AuditEntry | ((outcome: T | undefined) => AuditEntry),
    work: () => Promise<T>,
  ): Promise<T> {
    const entryOf = typeof entry === "function" ? entry : () => entry;
    let outcome: T;
    try {
      outcome = await work();
    } catch (error) {
      const failed = entryOf(undefined);
      const details = { ...failed.details, error: reasonOf(error) };
      await this.log({ ...failed, result: "failure", details });
      throw error;
    }
    await this.log(entryOf(outcome));
    return outcome;
  }

  /** The newest first. */
  async list({
    actor,
    action,
    target,
    result,
    since,
    until,
    ...page
  }: AuditQuery): Promise<AuditPage> {
    let found = this.#db.selectFrom("nexus_audit");
    if (actor !== undefined) {
      found = found.where((row) => row.or([row("actor_id", "=", actor), row("actor", "=", actor)]));
    }
    if (action !== undefined) {
      // A range, since `_` and `%` would be wild in a `like`: "/" is what comes after ".".
      found = found.where((row) =>
        row.or([
          row("action", "=", action),
          row.and([row("action", ">", `${action}.`), row("action", "<", `${action}/`)]),
        ]),
      );
    }
    if (target !== undefined) found = found.where("target", "=", target);
    if (result !== undefined) found = found.where("result", "=", result);
    if (since) found = found.where("at", ">=", since);
    if (until) found = found.where("at", "<", until);
    const { total } = await found
      .select(({ fn }) => fn.countAll<number>().as("total"))
      .executeTakeFirstOrThrow();
    const { offset, limit } = rangeOf(total, page);
    const rows = found.selectAll().orderBy("id", "desc").limit(limit).offset(offset);
    return { entries: await rows.execute(), pagination: paginate(total, page) };
  }
}

/** What the client was told; what went wrong inside is for the log. */
function reasonOf(error: unknown): string {
  return isHTTPException(error) ? error.detail : phrase(500);
}

const secret = /(?:password|passwd|secret|token|authorization|cookie|hash|key)$/i;
/** How far down secrets are looked for, and how much of a text is kept. */
const depth = 5;
const longest = 500;

function covered(value: unknown, left: number): unknown {
  if (typeof value === "string")
    return value.length > longest ? `${value.slice(0, longest)}…` : value;
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (left === 0) return "…";
  if (Array.isArray(value)) return value.map((one) => covered(one, left - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      secret.test(name) ? "[secret]" : covered(one, left - 1),
    ]),
  );
}
