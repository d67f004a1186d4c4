import { NexusError } from "../exceptions.ts";
import {
  type Chunks,
  EventStream,
  isMediaRange,
  isMediaType,
  mapped,
  type Response,
  type ServerEvent,
  sourceOf,
  StreamingResponse,
  toJSON,
} from "../message/index.ts";
import type { In, Out, Schema } from "../validation/index.ts";
import type { AnyResponse } from "./spec.ts";

const brand: unique symbol = Symbol.for("nexus.answer");

/** A response that is no single JSON value. */
export type AnswerForm = ItemsForm | { readonly kind: "media"; readonly types: readonly string[] };

/** Many items. */
export type ItemsForm =
  | { readonly kind: "stream"; readonly item: Schema }
  | { readonly kind: "events"; readonly item: Schema; readonly about: EventsOptions<never> };

/** What an event says beside its item. */
export interface EventsOptions<Item> {
  /** What a client names when it comes back: `lastEventId(request)`. */
  readonly id?: (item: Item) => string | number;
  /** What listeners are called for; default `message`. */
  readonly event?: string | ((item: Item) => string);
}

/** For `response`: many items, each checked and filtered, sent one a line as they come (JSON Lines). */
export function streamOf<S extends Schema>(item: S): Schema<Chunks<In<S>>, Chunks<Out<S>>> {
  return answerSchema({ kind: "stream", item });
}

/** What gives items, or a function of the signal that fires when nobody hears them any more. */
export type Items<T> = Chunks<T> | ((signal: AbortSignal) => Chunks<T>);

/** For `response`: many items, each checked and filtered, sent as server-sent events of JSON. */
export function eventsOf<S extends Schema>(
  item: S,
  about: EventsOptions<Out<S>> = {},
): Schema<Items<In<S>>, Items<Out<S>>> {
  return answerSchema({ kind: "events", item, about });
}

/**
 * For `response`: no JSON; the handler returns a FileResponse or another Response.
 * @param types `application/pdf`, or all of a kind: `image/*`
 * @throws NX_MEDIA_TYPE
 */
export function media(...types: [string, ...string[]]): Schema<AnyResponse, AnyResponse> {
  for (const type of types.length ? types : [undefined]) {
    if (type === "*/*" || (type && (isMediaRange(type) || isMediaType(type)))) continue;
    throw new NexusError("NX_MEDIA_TYPE", `media() was given ${JSON.stringify(type)}.`, {
      cure: 'Name types as in media("application/pdf", "image/*").',
    });
  }
  return answerSchema({ kind: "media", types });
}

/** The form that a response schema stands for, when it stands for one of these. */
export function formOf(schema: Schema | undefined): AnswerForm | undefined {
  return (schema as { readonly [brand]?: AnswerForm } | undefined)?.[brand];
}

/** Checks an item, and filters it. */
type Check = (item: unknown) => unknown;

/** What a handler gave for a schema of `streamOf` or `eventsOf`; `undefined` when it gives no items. */
export function streamed(
  form: ItemsForm,
  items: unknown,
  check: Check,
  status: number,
): Response | undefined {
  if (form.kind === "stream") return isMany(items) ? linesOf(items, check, status) : undefined;
  const write = eventOf(form.about);
  const open = (chunks: Chunks<unknown>) => mapped(mapped(sourceOf(chunks), check), write);
  if (isMany(items)) return new EventStream(open(items), { status });
  if (typeof items !== "function") return undefined;
  // The compiler has seen to it that it is one of a signal.
  const source = items as (signal: AbortSignal) => Chunks<unknown>;
  return new EventStream((signal) => open(source(signal)), { status });
}

function eventOf({ id, event }: EventsOptions<never>): (data: unknown) => ServerEvent {
  return (data) => {
    // What the schema has let through.
    const item = data as never;
    const name = typeof event === "function" ? event(item) : event;
    return {
      data,
      ...(id && { id: String(id(item)) }),
      ...(name !== undefined && { event: name }),
    };
  };
}

function isMany(items: unknown): items is Chunks<unknown> {
  if (typeof items !== "object" || items === null) return false;
  return Symbol.asyncIterator in items || Symbol.iterator in items;
}

function linesOf(items: Chunks<unknown>, check: Check, status: number): Response {
  const lines = mapped(mapped(sourceOf(items), check), (item) => `${toJSON(item)}\n`);
  return new StreamingResponse(lines, { status, mediaType: "application/x-ndjson" });
}

/** A schema for the compiler, and for those who look for one; what it says is in its form. */
function answerSchema<I, O>(form: AnswerForm): Schema<I, O> {
  const schema: Schema<I, O> = {
    "~standard": {
      version: 1,
      vendor: "nexus",
      validate: (value) => ({ value: value as O }),
    },
  };
  return Object.defineProperty(schema, brand, { value: form });
}
