import { currentUser } from "../auth/index.ts";
import type { Dependency, Uses } from "../dependency.ts";
import { NotAuthenticated } from "../exceptions.ts";
import type { Responses } from "../http/index.ts";
import type { SecurityScheme } from "./document.ts";

/** What a dependency says of itself to the documentation of the routes that use it. */
export interface Documents {
  /** The errors that it may answer. */
  readonly responses?: Responses;
  readonly security?: {
    /** One of them is enough. */
    readonly schemes: Readonly<Record<string, SecurityScheme>>;
    /** Nobody may ask, too. */
    readonly optional?: boolean;
  };
}

export type AnyDependency = Dependency<unknown, never>;

/** The dependencies behind a `use`, at any depth, each once, in the order in which they run. */
export function dependenciesOf(
  uses: Uses | undefined,
  found: Set<AnyDependency> = new Set(),
): Set<AnyDependency> {
  for (const usable of Object.values(uses ?? {})) {
    if (!isDependency(usable) || found.has(usable)) continue;
    dependenciesOf(usable.uses, found);
    found.add(usable);
  }
  return found;
}

export function documentsOf(dependency: AnyDependency): Documents | undefined {
  const own = (dependency as { readonly documents?: Documents }).documents;
  return own ?? (dependency === currentUser ? notAuthenticated : undefined);
}

const notAuthenticated: Documents = { responses: { 401: NotAuthenticated } };

function isDependency(usable: unknown): usable is AnyDependency {
  return (usable as Partial<AnyDependency> | undefined)?.kind === "dependency";
}
