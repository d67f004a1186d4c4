import type { Context } from "../context.ts";
import type { Fields, HeadReads } from "../dependency.ts";
import type { ErrorItem } from "../exceptions.ts";
import type { Request } from "../message/index.ts";
import { isSchema } from "../validation/index.ts";
import { type Checked, compileField, compileObject, dashed, type Place } from "./field.ts";
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

/** Reads the parts in their order; only from the first one that takes time on, the whole takes time. */
export function readAll(parts: readonly Part[], start = 0): Read {
  return (context, into, faults) => {
    for (let at = start; at < parts.length; at++) {
      const { name, read } = parts[at]!;
      const checked = read(context);
      if (checked instanceof Promise) {
        return checked.then((settled) => {
          keep(name, settled, into, faults);
          return readAll(parts, at + 1)(context, into, faults);
        });
      }
      keep(name, checked, into, faults);
    }
  };
}

function keep(
  name: string | undefined,
  checked: Checked,
  into: HandlerInput,
  faults: ErrorItem[],
): void {
  if (checked.faults) for (const fault of checked.faults) faults.push(fault);
  else if (name !== undefined) into[name] = checked.value;
  else {
    // A loose schema lets any name through, also one that would hide what is ours.
    for (const [member, value] of Object.entries(checked.value as object))
      if (!reserved.has(member) && !Object.hasOwn(into, member)) into[member] = value;
  }
}

/** Finds a field's text in a request. */
export interface Source {
  /** Of several values the one that counts. */
  readonly one: (request: Request, wire: string) => string | undefined;
  readonly all: (request: Request, wire: string) => readonly string[] | undefined;
  /** Every name with its values. */
  readonly group: (request: Request) => ReadonlyMap<string, readonly string[]>;
}

export function compilePart(place: Place, fields: Fields | undefined, source: Source): Part[] {
  if (!fields) return [];
  if (!isSchema(fields)) {
    return Object.entries(fields).map(([name, schema]) => {
      const field = compileField(place, name, schema);
      const { wire, check } = field;
      const find = field.many ? source.all : source.one;
      return { name, read: ({ request }) => check(find(request, wire)) };
    });
  }
  const object = compileObject(place, fields);
  const isHeader = place === "header";
  return [
    {
      read({ request }) {
        const given = source.group(request);
        // What the schema does not name goes along too: it may be strict about it. A request has
        // more headers than anybody names.
        const names =
          isHeader && object.names.length
            ? object.names
            : new Set([...object.names, ...given.keys()]);
        return object.check(
          Array.from(names, (name) => {
            const values = given.get(isHeader ? dashed(name) : name);
            if (object.many(name)) return [name, values];
            return [name, isHeader ? values?.join(", ") : values?.at(-1)];
          }),
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

/** The values of each name. */
export function grouped(pairs: Iterable<readonly [string, string]>): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const known = groups.get(name);
    if (known) known.push(value);
    else groups.set(name, [value]);
  }
  return groups;
}

const fromQuery: Source = {
  one: (request, wire) => (request.query ? request.searchParams.getAll(wire).at(-1) : undefined),
  all: (request, wire) =>
    request.searchParams.has(wire) ? request.searchParams.getAll(wire) : undefined,
  group: (request) => grouped(request.searchParams),
};

const fromHeaders: Source = {
  one: (request, wire) => request.headers.get(wire) ?? undefined,
  all: (request, wire) => (request.headers.has(wire) ? request.headers.getAll(wire) : undefined),
  group: ({ headers }) =>
    new Map(Array.from(headers.keys(), (name) => [name, headers.getAll(name)])),
};

const fromCookies: Source = {
  one: (request, wire) => request.cookies.get(wire),
  all: (request, wire) => (request.cookies.has(wire) ? [request.cookies.get(wire)!] : undefined),
  group: (request) => grouped(request.cookies),
};
