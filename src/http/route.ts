import { callSite, placeOf } from "../call-site.ts";
import { layersOf, type Middleware } from "../middleware/index.ts";
import type { Schema } from "../validation/index.ts";
import { type AnyMethod, decorate, decorationsOf, type MethodContext } from "../decoration.ts";
import { checkSpec, checkWords } from "./check.ts";
import type { RouteDecorator } from "./decorator.ts";
import type { AnyResponse, Defaults, Handler, Input, None, RouteSpec, Spec, Verb } from "./spec.ts";
import { mergeSpecs, readMarks } from "./surroundings.ts";
import { parseTemplate, type Template } from "./template.ts";

/** A route as a field: a value, not callable; share code through methods and services. */
export interface Route<I = unknown, R = unknown> {
  readonly kind: "route";
  readonly method: Verb;
  readonly path: string;
  readonly spec: RouteSpec;
  readonly handler: (input: never) => unknown;
  /** Where it was declared. */
  readonly site: Error;
  /** Only for the compiler. */
  readonly input: I;
  readonly output: R;
}

interface Method<M extends Verb> {
  /** A field route without a spec, or a decorator. One signature, and first, so that a message never begins with "No overload". */
  <
    const P extends string,
    Path extends object = {},
    Query extends object = {},
    Headers extends object = {},
    Cookies extends object = {},
    Form extends object = {},
    Body extends Schema = None,
    Use extends object = {},
    Answer = unknown,
    R = never,
  >(
    path: Template<P>,
    spec?:
      | Spec<M, P, Path, Query, Headers, Cookies, Form, Body, Use, Answer>
      | ((input: Input<P>) => R),
  ): [R] extends [never]
    ? RouteDecorator<Input<P, Path, Query, Headers, Cookies, Form, Body, Use>, Answer | AnyResponse>
    : Route<Input<P>, Awaited<R>>;
  /** A field route. */
  <
    const P extends string,
    Path extends object = {},
    Query extends object = {},
    Headers extends object = {},
    Cookies extends object = {},
    Form extends object = {},
    Body extends Schema = None,
    Use extends object = {},
    Answer = unknown,
    R = never,
  >(
    path: Template<P>,
    spec: Spec<M, P, Path, Query, Headers, Cookies, Form, Body, Use, Answer>,
    handler: Handler<Input<P, Path, Query, Headers, Cookies, Form, Body, Use>, Answer, R>,
  ): Route<
    Input<P, Path, Query, Headers, Cookies, Form, Body, Use>,
    unknown extends Answer ? Awaited<R> : Answer
  >;
}

export const get: Method<"GET"> = method("GET");
export const post: Method<"POST"> = method("POST");
export const put: Method<"PUT"> = method("PUT");
export const patch: Method<"PATCH"> = method("PATCH");
export const del: Method<"DELETE"> = method("DELETE");
export const head: Method<"HEAD"> = method("HEAD");
export const options: Method<"OPTIONS"> = method("OPTIONS");

function method<M extends Verb>(verb: M): Method<M> {
  const declare = (path: string, ...rest: (RouteSpec | AnyMethod)[]): unknown => {
    const site = callSite(declare);
    parseTemplate(path);
    const handler = typeof rest.at(-1) === "function" ? (rest.pop() as AnyMethod) : undefined;
    const spec = (rest[0] ?? {}) as RouteSpec;
    checkSpec(verb, spec, () => `${verb} ${path} (${placeOf(site)})`);
    const route = { kind: "route", method: verb, path, spec, site } as const;
    if (handler) return { ...route, handler };
    return (_: AnyMethod, context: MethodContext): void => {
      decorate(context, route);
    };
  };
  return declare as unknown as Method<M>;
}

/** A group of routes: a plugin, or a class that a plugin mounts. */
export class Routes {
  readonly middleware: readonly Middleware[] = [];
}

const mounted = Symbol("nexus.mounted");
interface Mounted {
  readonly prefix: string;
  readonly defaults: Defaults;
}

/**
 * Routes of another class, under a prefix of this plugin.
 * @param defaults said for each of its routes that does not say otherwise; tags, responses, middleware,
 * and what is needed of who asks add up
 */
export function mount<const P extends string, T extends Routes>(
  prefix: P extends `${string}{${string}` ? "a prefix has no {parameters}" : P,
  routes: new () => T,
  defaults: Defaults = {},
): T {
  checkWords(defaults, () => `mount(${JSON.stringify(prefix)}, ${routes.name})`);
  const group = new routes();
  Object.defineProperty(group, mounted, { value: { prefix, defaults } satisfies Mounted });
  return group;
}

/** A route of an instance, with what its surroundings add. */
export interface Declared {
  readonly method: Verb;
  /** Prefixes included. */
  readonly path: string;
  readonly spec: RouteSpec;
  readonly handler: (input: never) => unknown;
  /** `list`, or `userRoutes_list` where it is mounted. */
  readonly member: string;
  /** The class whose source has the doc comment, and its member. */
  readonly owner: string;
  readonly ownMember: string;
  /** `file:line`. */
  readonly place: string;
}

/** All routes of an instance, as field and decorator, those of mounted classes included. */
export function routesOf(
  group: Routes,
  prefix = "",
  around: RouteSpec = {},
  name = "",
): Declared[] {
  const within = mergeSpecs(around, { middleware: [...group.middleware, ...layersOf(group)] });
  const owner = group.constructor.name;
  const declare = (
    route: Omit<Route, "handler">,
    member: string,
    handler: Route["handler"],
  ): Declared => ({
    method: route.method,
    path: prefix + (route.path === "/" && prefix ? "" : route.path),
    spec: mergeSpecs(within, route.spec),
    handler,
    member: name + member,
    owner,
    ownMember: member,
    get place() {
      return placeOf(route.site);
    },
  });
  const fields = Object.entries(group).flatMap(([member, value]: [string, unknown]): Declared[] => {
    // `this` of an arrow is its own; a method given by name gets the group it stands in.
    if (isRoute(value)) return [declare(value, member, value.handler.bind(group))];
    const mount = value instanceof Routes && mountOf(value);
    if (!mount) return [];
    return routesOf(
      value,
      prefix + mount.prefix,
      mergeSpecs(within, mount.defaults),
      `${name}${member}_`,
    );
  });
  const methods = decorationsOf(group.constructor).flatMap(({ member, marks }) => {
    const routes = marks.filter(isRoute);
    const asked = readMarks(marks, routes, `${owner}.${String(member)}`);
    if (!routes.length) return [];
    const handler = (group as unknown as Record<string | symbol, AnyMethod>)[member]!.bind(
      group as never,
    );
    return routes.map((route) =>
      declare({ ...route, spec: mergeSpecs(asked, route.spec) }, String(member), handler),
    );
  });
  return [...fields, ...methods];
}

/** The mounted groups in a group, at any depth. */
export function groupsOf(group: Routes): Routes[] {
  const inner = Object.values(group).filter(
    (value): value is Routes => value instanceof Routes && !!mountOf(value),
  );
  return [group, ...inner.flatMap(groupsOf)];
}

function mountOf(group: Routes): Mounted | undefined {
  return (group as { [mounted]?: Mounted })[mounted];
}

function isRoute(value: unknown): value is Route {
  return (value as Partial<Route> | null | undefined)?.kind === "route";
}
