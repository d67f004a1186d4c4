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

/** What stands behind a name in `use`: a dependency, or what is asked of each request. */
export type Source = { readonly name: string } & (
  | { readonly step: Step }
  | { readonly step?: undefined; readonly ask: (context: Context) => unknown }
);
export type Sources = readonly Source[];

/** A dependency, as it is made for each request. */
export interface Step {
  /** What it is called where it is first used, for messages. */
  readonly name: string;
  /** Its place among the steps of the plan. */
  readonly index: number;
  readonly dependency: AnyDependency;
  readonly read: Read | undefined;
  readonly sources: Sources;
  /** Those that it uses itself. */
  readonly inner: readonly Step[];
}

/** What the `use` of a route comes to, compiled. */
export interface Plan {
  readonly sources: Sources;
  /** Those that the route names itself. */
  readonly steps: readonly Step[];
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
  where: () => string,
): Plan {
  const steps = new Map<AnyDependency, Step>();
  const fault = (what: string, cure: string): NexusError =>
    new NexusError("NX_DEPENDENCY", `${where()} ${what}.`, { cure });

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
    const shorter = sources.find(({ step }) => step?.dependency.scope === "function");
    if (dependency.scope === "request" && shorter) {
      throw fault(
        `uses "${name}", which lives as long as the request but uses "${shorter.name}", which ends before the answer`,
        `Give "${name}" the scope "function" too.`,
      );
    }
    const read = compileHead(dependency.reads);
    const step: Step = {
      name,
      index: steps.size,
      dependency,
      read,
      sources,
      inner: stepsIn(sources),
    };
    steps.set(dependency, step);
    return step;
  };

  const sourcesOf = (of: Uses): Sources =>
    Object.entries(of).map(([name, usable]) => sourceOf(name, usable));

  const sourceOf = (name: string, usable: unknown): Source => {
    if (isKind<AnyDependency>(usable, "dependency")) return { name, step: stepOf(name, usable) };
    if (isKind<ContextKey<unknown>>(usable, "context"))
      return { name, ask: (context) => valueOf(context, usable) };
    if (typeof usable === "function" && perRequest in usable) {
      return { name, ask: (usable as RequestClass)[perRequest] };
    }
    if (typeof usable === "function" && usable.prototype instanceof Service) {
      const service = serviceOf(name, usable as ServiceClass);
      return { name, ask: () => service };
    }
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
      throw new NexusError(cause.code, `${where()} uses "${name}". ${cause.message}`, { cause });
    }
  };

  const sources = sourcesOf(uses);
  const overrides = scope.find(overridesKey);
  return { sources, steps: stepsIn(sources), overrides };
}

function stepsIn(sources: Sources): Step[] {
  return sources.flatMap(({ step }) => step ?? []);
}

function isKind<T extends { readonly kind: string }>(value: unknown, kind: T["kind"]): value is T {
  return (value as Partial<T> | null | undefined)?.kind === kind;
}
