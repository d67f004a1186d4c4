import type { Guarded } from "../auth/index.ts";
import type {
  Fields,
  Flat,
  Names,
  NamesOf,
  Provisions,
  Reads,
  RequestInput,
  Shape,
  Taken,
  Uses,
  Values,
} from "../dependency.ts";
import type { HTTPException } from "../exceptions.ts";
import type { Response, Size } from "../message/index.ts";
import type { Middleware } from "../middleware/index.ts";
import type { RateLimit } from "../ratelimit/index.ts";
import type { Out, Schema } from "../validation/index.ts";
import type { Param, PathParams } from "./template.ts";

export type Verb = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS";
export type Awaitable<T> = T | Promise<T>;
/** Ours, or the web's own. */
export type AnyResponse = Response | globalThis.Response;

export type SuccessStatus =
  | (200 | 201 | 202 | 203 | 204 | 205 | 206 | 207)
  | (301 | 302 | 303 | 304 | 307 | 308);
export type ErrorStatus =
  | (400 | 401 | 402 | 403 | 404 | 405 | 406 | 408 | 409 | 410 | 411 | 412 | 413 | 414 | 415 | 416)
  | (417 | 418 | 421 | 422 | 423 | 424 | 425 | 426 | 428 | 429 | 431 | 451)
  | (500 | 501 | 502 | 503 | 504);

type ExceptionClass = abstract new (...args: never[]) => HTTPException;
/** Further documented answers by status. */
export interface Responses extends Readonly<
  Partial<Record<SuccessStatus | ErrorStatus, Schema | ExceptionClass>>
> {}

/** What every route may say, and what `mount` may say for a whole class of them. */
export interface Defaults extends Guarded {
  /** By user, else API key, else address; each route counts for itself. */
  readonly rateLimit?: RateLimit;
  readonly middleware?: readonly Middleware[];
  readonly responses?: Responses;
  readonly tags?: readonly string[];
  readonly deprecated?: boolean;
  /** Left out of the documentation. */
  readonly hidden?: boolean;
  /** Default 1 MB. */
  readonly bodyLimit?: Size;
  /** Seconds until the answer is 503 and `signal` fires; default none. */
  readonly timeout?: number;
}

type Bodied<M extends Verb, T> = M extends "GET" | "HEAD" | "OPTIONS"
  ? `a ${M} has no body: use query, or post`
  : T;

/** A route but for its method, path and handler. */
export interface Spec<
  M extends Verb,
  P extends string,
  Path,
  Query,
  Headers,
  Cookies,
  Form,
  Body,
  Use,
  Answer,
>
  extends Defaults, Reads<Param<P>, Path, Query, Headers, Cookies, Use> {
  /** One schema, `file()` or `files()` a field; or one schema of an object of texts. */
  readonly form?: Bodied<
    M,
    Shape<Form, Names<Param<P>, Query, Headers, Cookies> & Taken<NamesOf<Use>, "in use">, true>
  >;
  /** The schema of the JSON body. */
  readonly body?: Bodied<M, Body>;
  /** What leaves: the handler's value is checked by it and filtered to it. */
  readonly response?: Schema<Answer>;
  /** Default 200. */
  readonly status?: SuccessStatus;
  readonly summary?: string;
  readonly description?: string;
  readonly operationId?: string;
}

/** No body. */
export interface None extends Schema<unknown, unknown> {
  readonly none: never;
}

/** A spec as the platform reads it, its types forgotten. */
export interface RouteSpec extends Defaults {
  /** What is said of who may ask, here and around: each has to let a request in. */
  readonly guards?: readonly Guarded[];
  readonly path?: Fields;
  readonly query?: Fields;
  readonly headers?: Fields;
  readonly cookies?: Fields;
  readonly form?: Fields;
  readonly body?: Schema;
  readonly use?: Uses;
  readonly response?: Schema;
  readonly status?: number;
  readonly summary?: string;
  readonly description?: string;
  readonly operationId?: string;
  readonly responses?: Responses;
}

/** What a handler gets: one flat object. */
export type Input<
  P extends string,
  Path = {},
  Query = {},
  Headers = {},
  Cookies = {},
  Form = {},
  Body = None,
  Use = {},
> = Flat<
  Omit<PathParams<P>, NamesOf<Path>> &
    Values<Path> &
    Values<Query> &
    Values<Headers> &
    Values<Cookies> &
    Values<Form> &
    Provisions<Use> &
    ([Body] extends [None] ? {} : { body: Out<Body> }) &
    RequestInput
>;

/**
 * With a response schema the handler returns what it accepts, or a Response. A conditional type, so
 * that a literal in a returned object is read as the schema's; `infer`, as NoInfer would show in messages.
 */
export type Handler<I, Answer, R> = [I, Answer] extends [infer J, infer A]
  ? unknown extends A
    ? (input: J) => R
    : (input: J) => Awaitable<A | AnyResponse>
  : never;
