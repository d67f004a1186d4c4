import { guarded } from "../auth/index.ts";
import type { Dependency, Documents, Uses } from "../dependency.ts";
import type { RouteSpec } from "../http/index.ts";

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

/** What dependencies, and who guards the route, say of themselves. */
export function documentsOf(
  { guards = [] }: RouteSpec,
  dependencies: Iterable<AnyDependency>,
): Documents[] {
  const said = [...dependencies].flatMap(({ documents }) => documents ?? []);
  return guards.length ? [guarded, ...said] : said;
}

function isDependency(usable: unknown): usable is AnyDependency {
  return (usable as Partial<AnyDependency> | undefined)?.kind === "dependency";
}
