import type { Context } from "../context.ts";
import type { Fields, HeadReads } from "../dependency.ts";
import type { ErrorItem } from "../exceptions.ts";
import type { Request } from "../message/index.ts";
import { isSchema, type Schema } from "../validation/index.ts";
import {
  type Checked,
  compileField,
  compileObject,
  dashed,
  type Place,
  type Raw,
} from "./field.ts";
import { eachInTurn, type Pending } from "./in-turn.ts";
import { converters, type Segment } from "./template.ts";
import { fromCookies, fromHeaders, fromQuery, type Source, type Texts } from "./texts.ts";

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
export type Read = (context: Context, into: HandlerInput, faults: ErrorItem[]) => Pending;

/** Compiles what stands before the body; `undefined` when there is nothing to read. */
export function compileHead(reads: HeadReads, segments: readonly Segment[] = []): Read | undefined {
  return inOrder([
    ...compilePath(reads.path, segments),
    ...compileTexts("query", reads.query, fromQuery),
    ...compileTexts("header", reads.headers, fromHeaders),
    ...compileTexts("cookie", reads.cookies, fromCookies),
  ]);
}

/** One reading after the other; only from the first one that takes time on, the whole takes time. */
export function inOrder(reads: readonly Read[]): Read | undefined {
  if (reads.length < 2) return reads[0];
  return (context, into, faults) => eachInTurn(reads, (read) => read(context, into, faults));
}

/** Compiled by the first request: what schemas say takes longer to learn than all else of an app's start. */
export function lazily(compile: () => Read): Read {
  let read: Read | undefined;
  return (context, into, faults) => (read ??= compile())(context, into, faults);
}

/** Compiles the reading of named texts: one schema a name, or a schema of an object. */
export function compileTexts(place: Place, fields: Fields | undefined, source: Source): Read[] {
  if (!fields) return [];
  return [
    lazily(() =>
      isSchema(fields) ? readObject(place, fields, source) : readFields(place, fields, source),
    ),
  ];
}

function readFields(place: Place, schemas: Record<string, Schema>, source: Source): Read {
  const fields = Object.entries(schemas).map(([name, schema]) => compileField(place, name, schema));
  const readFrom = (
    start: number,
    texts: Texts,
    into: HandlerInput,
    faults: ErrorItem[],
  ): Pending => {
    for (let at = start; at < fields.length; at++) {
      const { name, wire, many, check } = fields[at]!;
      const keeping = keep(name, check(many ? texts.all(wire) : texts.one(wire)), into, faults);
      if (keeping) return keeping.then(() => readFrom(at + 1, texts, into, faults));
    }
    return undefined;
  };
  return ({ request }, into, faults) => readFrom(0, source(request), into, faults);
}

function readObject(place: Place, schema: Schema, source: Source): Read {
  const object = compileObject(place, schema);
  const isHeader = place === "header";
  return ({ request }, into, faults) => {
    const given = source(request).group();
    // What the schema does not name goes along too: it may be strict about it. A request has more
    // headers than anybody names.
    const names =
      isHeader && object.names.length ? object.names : new Set([...object.names, ...given.keys()]);
    const raw = Array.from(names, (name): [string, Raw] => {
      const values = given.get(isHeader ? dashed(name) : name);
      if (object.many(name)) return [name, values];
      return [name, isHeader ? values?.join(", ") : values?.at(-1)];
    });
    return keep(undefined, object.check(raw), into, faults);
  };
}

function compilePath(fields: Fields | undefined, segments: readonly Segment[]): Read[] {
  if (isSchema(fields)) {
    const read = lazily(() => {
      const object = compileObject("path", fields);
      return ({ params }, into, faults) =>
        keep(undefined, object.check(Object.entries(params)), into, faults);
    });
    return [read];
  }
  const bare = segments.flatMap((segment): Read[] => {
    if (segment.kind === "literal" || (fields && Object.hasOwn(fields, segment.name))) return [];
    const { name, converter } = segment;
    return [
      ({ params }, into) => {
        // The router has let pass only what the converter reads.
        into[name] = (converters[converter](params[name]!) as { value: unknown }).value;
        return undefined;
      },
    ];
  });
  const checked = Object.entries(fields ?? {}).map(([name, schema]) =>
    lazily(() => {
      const { check } = compileField("path", name, schema);
      return ({ params }, into, faults) => keep(name, check(params[name]), into, faults);
    }),
  );
  return [...bare, ...checked];
}

/** Takes what was checked among the inputs: under its name, or (without one) each of its members. */
export function keep(
  name: string | undefined,
  checked: Checked | Promise<Checked>,
  into: HandlerInput,
  faults: ErrorItem[],
): Pending {
  if (checked instanceof Promise)
    return checked.then((settled) => void keep(name, settled, into, faults));
  if (checked.faults) for (const fault of checked.faults) faults.push(fault);
  else if (name !== undefined) into[name] = checked.value;
  else {
    // A loose schema lets any name through, also one that would hide what is ours.
    for (const [member, value] of Object.entries(checked.value as object))
      if (!reserved.has(member) && !Object.hasOwn(into, member)) into[member] = value;
  }
  return undefined;
}
