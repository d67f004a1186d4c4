import type { Context, ContextKey } from "./context.ts";
import type { HTTPException } from "./exceptions.ts";
import type { Request } from "./message/index.ts";
import type { Service } from "./services.ts";
import type { Out, Schema } from "./validation/index.ts";

/**
 * When a dependency is cleaned up: `request`, after the answer and the background work, or
 * `function`, before the head of the answer is sent, so that its failure becomes the answer.
 */
export type CleanUp = "request" | "function";

/** What a handler depends on; made once a request, whoever asks. */
export interface Dependency<T, NeedsPath extends string = never> {
  readonly kind: "dependency";
  readonly scope: CleanUp;
  readonly reads: HeadReads;
  readonly uses: Uses;
  readonly run: (input: never) => unknown;
  readonly documents?: Documents | undefined;
  /** Only for the compiler. */
  readonly provides?: T;
  readonly needsPath?: (name: NeedsPath) => void;
}

/** What a dependency says of itself in the documentation of the routes that use it. */
export interface Documents {
  /** The answers that it may give in a handler's place, by status. */
  readonly responses?: Readonly<
    Record<number, Schema | (abstract new (...args: never[]) => HTTPException)>
  >;
  readonly security?: {
    /** OpenAPI Security Scheme Objects by name; one of them is enough. */
    readonly schemes: Readonly<Record<string, SecurityScheme>>;
    /** Nobody may ask, too. */
    readonly optional?: boolean;
  };
}
/** How clients prove who they are. */
export interface SecurityScheme {
  readonly type: "http" | "apiKey" | "oauth2" | "openIdConnect" | "mutualTLS";
  readonly [member: string]: unknown;
}

/** The inputs that stand before the body: one schema a name, or one object schema. */
export interface HeadReads {
  readonly path?: Fields;
  readonly query?: Fields;
  readonly headers?: Fields;
  readonly cookies?: Fields;
}
export type Fields = Readonly<Record<string, Schema>> | Schema;
export type Uses = Readonly<Record<string, Usable>>;

/** A class with an instance for each request, such as BackgroundTasks. */
export const perRequest = Symbol.for("nexus.perRequest");
export interface RequestClass<T = unknown> {
  new (...args: never[]): T;
  readonly [perRequest]: (context: Context) => T;
}

type ServiceType<T extends Service = Service> = abstract new (...args: never[]) => T;
export type Usable = Dependency<unknown, never> | ContextKey<unknown> | RequestClass | ServiceType;
export type Provided<U> =
  U extends Dependency<infer T, never>
    ? T
    : U extends ContextKey<infer T>
      ? T
      : U extends abstract new (...args: never[]) => infer T
        ? T
        : never;

/**
 * Declares what handlers may ask for in `use`. The function returns the value, or is a generator
 * that yields it once and cleans up after the yield; an error of the handler is thrown there.
 */
export function dependency<R>(run: (input: RequestInput) => R): Dependency<Yielded<R>>;
export function dependency<
  Path extends object = {},
  Query extends object = {},
  Headers extends object = {},
  Cookies extends object = {},
  Use extends object = {},
  R = unknown,
>(
  spec: DependencySpec<Path, Query, Headers, Cookies, Use>,
  run: (
    input: NoInfer<
      Flat<
        Values<Path> &
          Values<Query> &
          Values<Headers> &
          Values<Cookies> &
          Provisions<Use> &
          RequestInput
      >
    >,
  ) => R,
): Dependency<Yielded<R>, NamesOf<Path> & string>;
export function dependency(...args: [unknown, unknown?]): Dependency<unknown> {
  const [spec, run] = (args.length > 1 ? args : [{}, args[0]]) as [
    HeadReads & { use?: Uses; scope?: CleanUp; documents?: Documents },
    (input: never) => unknown,
  ];
  const { use = {}, scope = "request", documents, ...reads } = spec;
  return { kind: "dependency", scope, reads, uses: use, run, documents };
}

interface DependencySpec<Path, Query, Headers, Cookies, Use> extends Reads<
  keyof Path,
  Path,
  Query,
  Headers,
  Cookies,
  Use
> {
  /** Default `request`. */
  readonly scope?: CleanUp;
  readonly documents?: Documents;
}

/** What every handler and dependency gets. */
export interface RequestInput {
  readonly request: Request;
  readonly signal: AbortSignal;
}

export type Yielded<R> = R extends AsyncGenerator<infer T> | Generator<infer T> ? T : Awaited<R>;
export type Flat<T> = { [K in keyof T]: T[K] } & {};
export type Values<S> = S extends Schema ? Out<S> : { -readonly [K in keyof S]: Out<S[K]> };
export type Provisions<U> = { -readonly [K in keyof U]: Provided<U[K]> };

// A mistake that the types can name is a sentence as a type: no value has it, and the compiler prints it.
export type Taken<Names, Where extends string> = { [K in Names & string]: Where };
export type Reserved = Taken<"body" | "request" | "signal" | "__proto__", "reserved">;
type Clash<K, Earlier> = `'${K & string}' is already ${Earlier[K & keyof Earlier] & string}`;

/** One schema a name, none of them taken; or one schema of an object. */
export type Shape<S, Earlier, IsForm = false> = S extends Schema
  ? IsObject<S extends InForm ? never[] : Out<S>> extends true
    ? [NamesOf<S> & keyof Earlier] extends [never]
      ? S
      : Clash<NamesOf<S> & keyof Earlier, Earlier>
    : "one schema a name, as in { page: z.int() }, or a schema of an object"
  : {
      [K in keyof S]: K extends keyof Earlier
        ? Clash<K, Earlier>
        : S[K] extends Schema
          ? S[K] extends InForm
            ? IsForm extends true
              ? S[K]
              : "only a form has files"
            : S[K]
          : "a schema, as in z.string()";
    };
type IsObject<T> = T extends readonly unknown[] ? false : T extends object ? true : false;
/** Marks the schemas of files. */
export interface InForm {
  readonly "~files": object;
}
export type PathShape<S, Params> = S extends Schema
  ? S
  : {
      [K in keyof S]: K extends Params
        ? S[K] extends InForm
          ? "only a form has files"
          : S[K] extends Schema
            ? S[K]
            : "a schema, as in z.string()"
        : `the path has no {${K & string}}`;
    };
export type UseShape<U, Earlier, Params> = U extends readonly unknown[]
  ? "one name a dependency, as in { me: currentUser }"
  : {
      [K in keyof U]: K extends keyof Earlier
        ? Clash<K, Earlier>
        : U[K] extends Usable
          ? Unreached<U[K], Params>
          : "a dependency, a Service, BackgroundTasks or a context key";
    };
type Unreached<D, Params> =
  D extends Dependency<unknown, infer N>
    ? [Exclude<N, Params>] extends [never]
      ? D
      : `needs {${Exclude<N, Params>}} in the path`
    : D;

/** The names an object schema or a record of schemas brings; a loose schema's others do not count. */
export type NamesOf<S> = S extends Schema ? KnownNames<Out<S>> : KnownNames<S>;
type KnownNames<T> = T extends unknown
  ? keyof { [K in keyof T as {} extends Record<K, 1> ? never : K]: T[K] }
  : never;
export type Names<P, Q = {}, H = {}, C = {}> = Reserved &
  Taken<P, "in the path"> &
  Taken<NamesOf<Q>, "in query"> &
  Taken<NamesOf<H>, "in headers"> &
  Taken<NamesOf<C>, "in cookies">;

/** What a route or a dependency may read before the body. */
export interface Reads<Params, Path, Query, Headers, Cookies, Use> {
  readonly path?: PathShape<Path, Params>;
  readonly query?: Shape<Query, Names<Params>>;
  readonly headers?: Shape<Headers, Names<Params, Query>>;
  readonly cookies?: Shape<Cookies, Names<Params, Query, Headers>>;
  readonly use?: UseShape<Use, Names<Params, Query, Headers, Cookies>, Params>;
}
