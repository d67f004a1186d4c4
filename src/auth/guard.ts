import type { Context } from "../context.ts";
import { decorate, type Decorator, type Mark } from "../decoration.ts";
import { NexusError, NotAuthenticated, PermissionDenied } from "../exceptions.ts";
import { identifyNow } from "./authenticator.ts";
import type { Identity } from "./identity.ts";

/** Who may ask: in the spec of a route, and in what `mount` says of a whole class of them. */
export interface Guarded {
  /** All of them are needed. Nobody is a 401, who has not is a 403. */
  readonly permission?: string | readonly string[];
  /** One of them is enough. */
  readonly role?: string | readonly string[];
}

export interface GuardMark extends Mark, Guarded {
  readonly kind: "guard";
}

/** Says of a route's method which permissions it needs, all of them. */
export function requirePermission(
  ...permission: readonly [permission: string, ...more: string[]]
): Decorator {
  return guards({ permission }, `requirePermission(${permission.join(", ")})`);
}

/** Says of a route's method which roles may call it; one of them is enough. */
export function requireRole(...role: readonly [role: string, ...more: string[]]): Decorator {
  return guards({ role }, `requireRole(${role.join(", ")})`);
}

function guards(guarded: Guarded, who: string): Decorator {
  checkGuard(guarded, () => who);
  const mark: GuardMark = { kind: "guard", ...guarded };
  return (_, context) => decorate(context, mark) as never;
}

/**
 * An empty list would let nobody in, or everybody.
 * @param who says so, for the message
 */
export function checkGuard({ permission, role }: Guarded, who: () => string): void {
  for (const [word, said] of Object.entries({ permission, role })) {
    if (said === undefined) continue;
    const names: unknown[] = [said].flat();
    if (names.length && names.every((name) => typeof name === "string" && name.trim() !== ""))
      continue;
    throw new NexusError("NX_GUARD", `${who()} says a ${word} that is empty, or no text.`, {
      cure: `Write ${word}: "users:read", or leave it out.`,
    });
  }
}

/**
 * Compiles who may ask: each of the guards must let a request in, as those of a mount and of its
 * routes do.
 * @returns nothing where nobody is asked
 */
export function compileGuard(
  guards: readonly Guarded[] = [],
): ((context: Context) => Promise<void> | undefined) | undefined {
  const asked = guards.map(({ permission = [], role = [] }) => ({
    permissions: [permission].flat(),
    roles: [role].flat(),
  }));
  if (!asked.some(({ permissions, roles }) => permissions.length || roles.length)) return undefined;
  const check = (user: Identity | undefined): undefined => {
    if (!user) throw new NotAuthenticated();
    for (const { permissions, roles } of asked) {
      const missing = permissions.find((permission) => !user.hasPermission(permission));
      if (missing !== undefined) throw new PermissionDenied(`Permission '${missing}' required`);
      if (roles.length && !roles.some((role) => user.hasRole(role))) {
        throw new PermissionDenied(
          `Role ${roles.map((role) => `'${role}'`).join(" or ")} required`,
        );
      }
    }
  };
  return (context) => {
    const user = identifyNow(context);
    return user instanceof Promise ? user.then(check) : check(user);
  };
}
