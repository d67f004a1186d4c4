import { type Context, type ContextKey, valueOf } from "../context.ts";
import { type Dependency, perRequest, type RequestClass, type Uses } from "../dependency.ts";
import { NexusError } from "../exceptions.ts";
import { key, type Scope } from "../scope.ts";
import { findService, Service, type ServiceClass } from "../services.ts";
import { namesOf } from "./check.ts";
import { compileHead, type Read } from "./input.ts";

/** What tests put in the place of dependencies. */
export type Overrides = ReadonlyMap<object, () => unknown>;
export const overridesKey = key<Overrides>("nexus/overrides");

export type AnyDependency = Dependency<unknown, string>;

/** What stands behind a name in `use`: found once, asked of each request, or a dependency. */
type Source =
  | { readonly kind: "fixed"; readonly value: unknown }
  | { readonly kind: "asked"; readonly ask: (context: Context) => unknown }
  | { readonly kind: "step"; readonly step: Step };

export interface Step {
  /** What it is called where it is first used, for messages. */
  readonly name: string;
  readonly dependency: AnyDependency;
  readonly read: Read | undefined;
  readonly sources: Sources;
}
export type Sources = readonly (readonly [name: string, source: Source])[];

/** What the `use` of a route comes to, compiled. */
export interface Plan {
  readonly sources: Sources;
  readonly overrides: Overrides | undefined;
}

/**
 * @param scope where services are found
 * @param params the path parameters that the route has
 * @throws NX_DEPENDENCY naming what cannot be had
 */
export function compileUses(
  uses: Uses,
  scope: Scope,
  params: ReadonlySet<string>,
  where: string,
): Plan {
  const steps = new Map<AnyDependency, Step>();
  const fault = (what: string, cure: string): NexusError =>
    new NexusError("NX_DEPENDENCY", `${where} ${what}.`, { cure });

  const stepOf = (name: string, dependency: AnyDependency): Step => {
    const known = steps.get(dependency);
    if (known) return known;
    for (const param of namesOf(dependency.reads.path)) {
      if (!params.has(param))
        throw fault(
          `uses "${name}", which needs {${param}} in the path`,
          `Add {${param}} to the path.`,
        );
    }
    const sources = sourcesOf(dependency.uses);
    const inner = sources.find(
      ([, source]) => source.kind === "step" && source.step.dependency.scope === "function",
    );
    if (dependency.scope === "request" && inner) {
      throw fault(
        `uses "${name}", which lives as long as the request but uses "${inner[0]}", which ends before the answer`,
        `Give "${name}" the scope "function" too.`,
      );
    }
    const step = { name, dependency, read: compileHead(dependency.reads), sources };
    steps.set(dependency, step);
    return step;
  };

  const sourcesOf = (of: Uses): Sources =>
    Object.entries(of).map(([name, usable]) => [name, sourceOf(name, usable)]);

  const sourceOf = (name: string, usable: unknown): Source => {
    if (isKind<AnyDependency>(usable, "dependency"))
      return { kind: "step", step: stepOf(name, usable) };
    if (isKind<ContextKey<unknown>>(usable, "context"))
      return { kind: "asked", ask: (context) => valueOf(context, usable) };
    if (typeof usable === "function" && perRequest in usable) {
      return { kind: "asked", ask: (usable as RequestClass)[perRequest] };
    }
    if (typeof usable === "function" && usable.prototype instanceof Service)
      return { kind: "fixed", value: serviceOf(name, usable as ServiceClass) };
    throw fault(
      `uses "${name}", which is no dependency`,
      "Use a dependency, a Service, BackgroundTasks or a context key.",
    );
  };

  const serviceOf = (name: string, service: ServiceClass): Service => {
    try {
      return findService(scope, service);
    } catch (cause) {
      if (!(cause instanceof NexusError)) throw cause;
      throw new NexusError(cause.code, `${where} uses "${name}". ${cause.message}`, { cause });
    }
  };

  return { sources: sourcesOf(uses), overrides: scope.find(overridesKey) };
}

function isKind<T extends { readonly kind: string }>(value: unknown, kind: T["kind"]): value is T {
  return (value as Partial<T> | null | undefined)?.kind === kind;
}
