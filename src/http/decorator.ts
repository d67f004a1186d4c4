import type { AnyResponse } from "./spec.ts";

// Node has no Symbol.metadata yet; a decorated class needs it before it is evaluated.
(Symbol as { metadata?: symbol }).metadata ??= Symbol.for("Symbol.metadata");

declare const mistake: unique symbol;
/** A mistake as a type: no value has it, and the compiler prints the sentence. */
export interface Mistake<Sentence extends string> {
  readonly [mistake]: Sentence;
}
export interface Expected<Sentence extends string, Type> {
  readonly [mistake]: [Sentence, Type];
}

/** Of the decorator's context only what a decorator needs: the whole of it picks the wrong overload. */
export type MethodContext = Pick<ClassMethodDecoratorContext, "kind" | "name" | "metadata">;
export type AnyMethod = (this: never, ...args: never[]) => unknown;

type Wrong<A, B> = { [K in keyof A & keyof B]: A[K] extends B[K] ? never : K }[keyof A & keyof B] & string;
type Needed<T> = { [K in keyof T]-?: {} extends Pick<T, K> ? never : K }[keyof T] & string;
type FitsInput<A, I> = [I] extends [A]
  ? void
  : A extends string | number | bigint | boolean
    ? Mistake<"a route's method takes one object">
    : [Exclude<keyof A, keyof I>] extends [never]
      ? Expected<`the route gives '${Wrong<I, A>}' as`, I[Wrong<I, A> & keyof I]>
      : Mistake<`the route has no input '${Exclude<keyof A, keyof I> & string}'`>;
type FitsAnswer<R, O> = [R] extends [O]
  ? void
  : [R] extends [object]
    ? FitsShape<R, Exclude<O, AnyResponse>>
    : Expected<"the response is", Exclude<O, AnyResponse>>;
type FitsShape<R, O> = [Exclude<Needed<O>, keyof R>] extends [never]
  ? Expected<`the response wants '${Wrong<R, O>}' as`, O[Wrong<R, O> & keyof O]>
  : Mistake<`the response also needs '${Exclude<Needed<O>, keyof R>}'`>;
type Fits<F, I, O> = F extends (this: never, input: infer A) => infer R
  ? FitsInput<A, I> extends void
    ? FitsAnswer<Awaited<R>, O>
    : FitsInput<A, I>
  : Mistake<"a route's method takes one object">;

/** Decorators accept every method; their RETURN type names what is wrong with it. */
export interface RouteDecorator<I, O> {
  /** Only for the compiler: `typeof getUser.input`. */
  readonly input: I;
  <F extends AnyMethod>(method: F, context: MethodContext): Fits<F, I, O>;
}

/** What decorators have said of one method. */
export interface Decoration {
  readonly member: string | symbol;
  readonly routes: unknown[];
}

const decorations = Symbol.for("nexus.decorations");

/** What is noted of a method, made when the first decorator looks. */
export function decorate(context: MethodContext): Decoration {
  const metadata = context.metadata as { [decorations]?: Decoration[] };
  // A subclass sees its parent's list through the prototype: it needs one of its own.
  if (!Object.hasOwn(metadata, decorations)) metadata[decorations] = [];
  const own = metadata[decorations]!;
  const known = own.find(({ member }) => member === context.name);
  if (known) return known;
  const made: Decoration = { member: context.name, routes: [] };
  own.push(made);
  return made;
}

/** All decorations of a class, its parents' first; a method that a subclass overrides counts once. */
export function decorationsOf(type: Function): Decoration[] {
  const found = new Map<string | symbol, Decoration>();
  const parent: unknown = Object.getPrototypeOf(type);
  if (typeof parent === "function") for (const one of decorationsOf(parent)) found.set(one.member, one);
  const metadata = Object.getOwnPropertyDescriptor(type, Symbol.metadata)?.value as
    | { [decorations]?: Decoration[] }
    | undefined;
  if (metadata && Object.hasOwn(metadata, decorations)) {
    for (const one of metadata[decorations]!) found.set(one.member, one);
  }
  return [...found.values()];
}
