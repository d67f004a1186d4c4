import type { Context } from "../context.ts";
import type { Fields, HeadReads } from "../dependency.ts";
import type { ErrorItem } from "../exceptions.ts";
import type { Request } from "../message/index.ts";
import { isSchema } from "../validation/index.ts";
import { type Checked, compileField, compileObject, type Place, type Raw } from "./field.ts";
import { converters, type Segment } from "./template.ts";

/** The one flat object that a handler or a dependency gets: its values are members of its own. */
export class HandlerInput {
  readonly #context: Context;
  [name: string]: unknown;

  constructor(context: Context) {
    this.#context = context;
  }

  get request(): Request {
    return this.#context.request;
  }

  /** Fires when the client has gone, or the route's time is up. */
  get signal(): AbortSignal {
    return this.#context.request.signal;
  }
}

/** Names that no input may have. */
export const reserved: ReadonlySet<string> = new Set(["body", "request", "signal", "__proto__"]);

/** Reads inputs of a request into an object; faults are gathered, so that a client sees all at once. */
export type Read = (
  context: Context,
  into: HandlerInput,
  faults: ErrorItem[],
) => void | Promise<void>;

/** Compiles what stands before the body; `undefined` when there is nothing to read. */
export function compileHead(reads: HeadReads, segments: readonly Segment[] = []): Read | undefined {
  const parts = [
    ...compilePath(reads.path, segments),
    ...compilePart("query", reads.query, fromQuery),
    ...compilePart("header", reads.headers, fromHeaders),
    ...compilePart("cookie", reads.cookies, fromCookies),
  ];
  return parts.length ? readAll(parts) : undefined;
}

/** One step of reading: a name with its value, or (without a name) several. */
export interface Part {
  readonly name?: string;
  readonly read: (context: Context) => Checked | Promise<Checked>;
}

/** Reads the parts in their order; only where one takes time the whole takes time. */
export function readAll(parts: readonly Part[]): Read {
  return (context, into, faults) => {
    const checked = parts.map((part) => part.read(context));
    if (checked.some((one) => one instanceof Promise)) {
      return Promise.all(checked).then((settled) => keep(parts, settled, into, faults));
    }
    keep(parts, checked as Checked[], into, faults);
  };
}

function keep(
  parts: readonly Part[],
  checked: readonly Checked[],
  into: HandlerInput,
  faults: ErrorItem[],
): void {
  for (const [at, one] of checked.entries()) {
    const { name } = parts[at]!;
    if (one.faults) faults.push(...one.faults);
    else if (name !== undefined) into[name] = one.value;
    else {
      // A loose schema lets any name through, also one that would hide what is ours.
      for (const [member, value] of Object.entries(one.value as object))
        if (!reserved.has(member)) into[member] = value;
    }
  }
}

/** Finds a field's text in a request. */
export interface Source {
  one(request: Request, wire: string): string | undefined;
  all(request: Request, wire: string): readonly string[] | undefined;
  names(request: Request): Iterable<string>;
}

export function compilePart(place: Place, fields: Fields | undefined, source: Source): Part[] {
  if (!fields) return [];
  const raw = (request: Request, wire: string, many: boolean): Raw =>
    many ? source.all(request, wire) : source.one(request, wire);
  if (!isSchema(fields)) {
    return Object.entries(fields).map(([name, schema]) => {
      const field = compileField(place, name, schema);
      return { name, read: ({ request }) => field.check(raw(request, field.wire, field.many)) };
    });
  }
  const object = compileObject(place, fields);
  return [
    {
      read({ request }) {
        // What the schema does not name goes along too: it may be strict about it.
        const names =
          place === "header" ? object.names : new Set([...object.names, ...source.names(request)]);
        return object.check(
          [...names].map((name) => [name, raw(request, name, object.many(name))]),
        );
      },
    },
  ];
}

function compilePath(fields: Fields | undefined, segments: readonly Segment[]): Part[] {
  const declared = fields && !isSchema(fields) ? fields : {};
  const bare = segments.flatMap((segment): Part[] => {
    if (segment.kind === "literal" || isSchema(fields) || Object.hasOwn(declared, segment.name))
      return [];
    const { name, converter } = segment;
    // The router has let pass only what the converter reads.
    return [
      {
        name,
        read: ({ params }) => ({
          value: (converters[converter](params[name]!) as { value: unknown }).value,
        }),
      },
    ];
  });
  const checked = Object.entries(declared).map(([name, schema]): Part => {
    const field = compileField("path", name, schema);
    return { name, read: ({ params }) => field.check(params[name]) };
  });
  if (!isSchema(fields)) return [...bare, ...checked];
  const object = compileObject("path", fields);
  return [{ read: ({ params }) => object.check(Object.entries(params)) }];
}

const fromQuery: Source = {
  one: (request, wire) => (request.query ? request.searchParams.getAll(wire).at(-1) : undefined),
  all: (request, wire) =>
    request.searchParams.has(wire) ? request.searchParams.getAll(wire) : undefined,
  names: (request) => request.searchParams.keys(),
};

const fromHeaders: Source = {
  one: (request, wire) => request.headers.get(wire) ?? undefined,
  all: (request, wire) => (request.headers.has(wire) ? request.headers.getAll(wire) : undefined),
  names: (request) => request.headers.keys(),
};

const fromCookies: Source = {
  one: (request, wire) => request.cookies.get(wire),
  all: (request, wire) => (request.cookies.has(wire) ? [request.cookies.get(wire)!] : undefined),
  names: (request) => request.cookies.keys(),
};
