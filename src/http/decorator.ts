import type { AnyMethod, Expected, MethodContext, Mistake } from "../decoration.ts";
import type { AnyResponse } from "./spec.ts";

type Wrong<A, B> = { [K in keyof A & keyof B]: A[K] extends B[K] ? never : K }[keyof A & keyof B] &
  string;
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
