import {
  type AnyMethod,
  decorate,
  decorationsOf,
  type Mark,
  type MethodContext,
  type Mistake,
} from "../decoration.ts";
import type { Request, Response } from "../message/index.ts";
import type { Layer, Next } from "./compose.ts";

type AnyResponse = Response | globalThis.Response;
type Fits<F> = F extends (this: never, request: infer A, next: infer B) => infer R
  ? [Request, Next] extends [A, B]
    ? [Awaited<R>] extends [AnyResponse]
      ? void
      : Mistake<"a middleware returns a Response">
    : Mistake<"a middleware takes (request: Request, next: Next)">
  : Mistake<"a middleware takes (request: Request, next: Next)">;

const layer: Mark = { kind: "middleware" };

/** Declares a layer: a function, or a method of a plugin or a class of routes, for all its routes. */
export function middleware<F extends AnyMethod>(method: F, context: MethodContext): Fits<F>;
export function middleware(layer: Layer): Layer;
export function middleware(method: unknown, context?: MethodContext): never {
  if (context) decorate(context, layer);
  // As a decorator it changes nothing; as a function it gives back what it got.
  return (context ? undefined : method) as never;
}

/** The layers that an instance declares as methods. */
export function layersOf(group: object): Layer[] {
  return decorationsOf(group.constructor).flatMap(({ member, marks }) => {
    if (!marks.includes(layer)) return [];
    const method = (group as Record<string | symbol, Layer>)[member]!;
    return [(request: Request, next: Next) => method.call(group, request, next)];
  });
}
