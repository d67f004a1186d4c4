import { NexusError } from "./exceptions.ts";
import type { Request } from "./message/index.ts";
import { currentScope, findScope, Scope } from "./scope.ts";

/** One request being answered: the scope that its values live in. */
export class Context extends Scope {
  request: Request;
  /** The request's id, in its log lines and problem documents. */
  id: string | undefined;
  /** Path parameters, still text. */
  params: Readonly<Record<string, string>> = noParams;
  /** What was thrown while answering, if anything. */
  error: unknown;
  #values: Map<string, unknown> | undefined;

  constructor(request: Request, app: Scope) {
    super("request", "", app);
    this.request = request;
  }

  get values(): Map<string, unknown> {
    return (this.#values ??= new Map());
  }

  override toString(): string {
    return `the request ${this.request.method} ${this.request.rawPath}`;
  }
}

const noParams: Readonly<Record<string, string>> = Object.freeze({});

/** A typed name for a value of the request. */
export interface ContextKey<T> {
  readonly kind: "context";
  readonly name: string;
  readonly initial: (() => T) | undefined;
}

/** @param initial makes the value when it is first asked for and nobody has set it */
export const contextKey = <T>(name: string, initial?: () => T): ContextKey<T> => ({
  kind: "context",
  name,
  initial,
});

export function findContext(): Context | undefined {
  let scope = findScope();
  while (scope && !(scope instanceof Context)) scope = scope.parent;
  return scope;
}

/**
 * Keeps a value for the rest of the request, background work included.
 * @throws NX_NO_REQUEST outside a request
 */
export function setRequestContext<T>(key: ContextKey<T> | string, value: NoInfer<T>): void {
  const context = findContext();
  if (context) context.values.set(nameOf(key), value);
  else {
    currentScope("setRequestContext()");
    throw new NexusError("NX_NO_REQUEST", "setRequestContext() was called outside a request.", {
      cure: "Call it in a handler, a dependency or a middleware.",
    });
  }
}

/** A copy of all values of this request; outside a request an empty one. */
export function getRequestContext(): Readonly<Record<string, unknown>>;
/** One value of this request. */
export function getRequestContext<T>(key: ContextKey<T>): T | undefined;
export function getRequestContext(key?: ContextKey<unknown>): unknown {
  const context = findContext();
  if (!key) return Object.fromEntries(context?.values ?? []);
  return context && valueOf(context, key);
}

/** The value of a key in a request, made by the key's `initial` when nobody has set it. */
export function valueOf<T>(context: Context, key: ContextKey<T>): T | undefined {
  if (!context.values.has(key.name) && key.initial) context.values.set(key.name, key.initial());
  return context.values.get(key.name) as T | undefined;
}

function nameOf(key: { readonly name: string } | string): string {
  return typeof key === "string" ? key : key.name;
}
