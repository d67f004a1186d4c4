import type { Guarded, GuardMark } from "../auth/index.ts";
import type { Mark } from "../decoration.ts";
import { NexusError } from "../exceptions.ts";
import type { LimitMark } from "../ratelimit/index.ts";
import type { RouteSpec } from "./spec.ts";

/** What a route says, and what is said around it. */
export function mergeSpecs(outer: RouteSpec, inner: RouteSpec): RouteSpec {
  const { permission: _, role: __, ...around } = outer;
  const { permission: ___, role: ____, ...own } = inner;
  return {
    ...around,
    ...own,
    guards: [...guardsOf(outer), ...guardsOf(inner)],
    middleware: [...(outer.middleware ?? []), ...(inner.middleware ?? [])],
    tags: [...new Set([...(outer.tags ?? []), ...(inner.tags ?? [])])],
    responses: { ...outer.responses, ...inner.responses },
  };
}

/** Each level has to let a request in: a route never needs less than its surroundings ask. */
function guardsOf({ guards = [], permission, role }: RouteSpec): readonly Guarded[] {
  return permission === undefined && role === undefined
    ? guards
    : [...guards, { ...(permission && { permission }), ...(role && { role }) }];
}

/**
 * What decorators beside a route's own say of its method.
 * @param routes that the method answers
 * @throws NX_ROUTE_SPEC where there is no route to say it of, or two of them say how often
 */
export function readMarks(
  marks: readonly Mark[],
  routes: readonly { readonly spec: RouteSpec }[],
  where: string,
): RouteSpec {
  const fault = (what: string, cure: string): NexusError =>
    new NexusError("NX_ROUTE_SPEC", `${where} ${what}.`, { cure });
  // Decorators run from the bottom up; what is missing is told in the order in which it is written.
  const guards = marks.filter(isGuard).toReversed();
  const [limit, second] = marks.filter(isLimit);
  if (!routes.length && (guards.length || limit)) {
    const name = guards.length ? "requirePermission or requireRole" : "rateLimit";
    throw fault(
      `is decorated with ${name}, but is no route's method`,
      "A field route says this in its spec; a method needs @get and its like.",
    );
  }
  if (second || (limit && routes.some(({ spec }) => spec.rateLimit)))
    throw fault("says rateLimit twice", "Keep one of the two.");
  return { guards, ...(limit && { rateLimit: limit.rateLimit }) };
}

const isGuard = (mark: Mark): mark is GuardMark => mark.kind === "guard";
const isLimit = (mark: Mark): mark is LimitMark => mark.kind === "rate-limit";
