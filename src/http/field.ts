import type { ErrorItem } from "../exceptions.ts";
import {
  describeWhole,
  isSecret,
  itemsOf,
  type JSONSchema,
  readerOf,
  type Result,
  type Schema,
  shorten,
  validatorOf,
  wantsList,
} from "../validation/index.ts";

/** Where an input stands, as clients read it in an error. */
export type Place = "path" | "query" | "header" | "cookie" | "body";
export type Raw = string | readonly string[] | undefined;

/** A named piece of text from a request, and the schema that makes a value of it. */
export interface Field {
  readonly name: string;
  /** Its name in the request. */
  readonly wire: string;
  /** Several values of the name are wanted. */
  readonly many: boolean;
  readonly check: (raw: Raw) => Checked | Promise<Checked>;
}
export type Checked =
  | { readonly value: unknown; readonly faults?: undefined }
  | { readonly faults: readonly ErrorItem[] };

const wireName = Symbol("nexus.wireName");

/** Names an input differently from its name in the request, where that one is taken or reserved. */
export function alias<S extends Schema>(wire: string, schema: S): S {
  // Its own, as ArkType's looks at `this`.
  const standard = { value: schema["~standard"] };
  return Object.create(schema, { [wireName]: { value: wire }, "~standard": standard });
}

/** What a field is called in a request: headers have dashes where a name has underscores. */
export function wireNameOf(place: Place, name: string, schema: Schema): string {
  const own = (schema as { [wireName]?: string })[wireName];
  return own ?? (place === "header" ? dashed(name) : name);
}

/** The name of a header as it travels. */
export function dashed(name: string): string {
  return name.replaceAll("_", "-").toLowerCase();
}

/** Compiles a schema for text: read as what the JSON Schema says, then checked by the schema. */
export function compileField(place: Place, name: string, schema: Schema): Field {
  const json = describeWhole(schema, "input");
  const wire = wireNameOf(place, name, schema);
  const loc = [place, wire];
  const many = wantsList(json);
  const read = readerOf(json);
  const validate = validatorOf(schema);
  const repeat = repeatable(place, json);
  const conclude = (result: Result, value: unknown, raw: Raw): Checked =>
    result.issues
      ? { faults: itemsOf(result.issues, loc, value, json).map((item) => asSent(item, raw)) }
      : { value: result.value };
  const check: Field["check"] = (raw) => {
    const reading = raw === undefined ? { value: undefined } : read(raw);
    if (reading.fault) return { faults: [readingFault(reading.fault, loc, raw, repeat)] };
    const result = validate(reading.value);
    return result instanceof Promise
      ? result.then((settled) => conclude(settled, reading.value, raw))
      : conclude(result, reading.value, raw);
  };
  return { name, wire, many, check };
}

/**
 * Compiles a schema of an object whose members are pieces of text.
 * @returns a check of all of them at once, each member read as its own JSON Schema says
 */
export function compileObject(place: Place, schema: Schema): ObjectField {
  const json = describeWhole(schema, "input");
  const parts = membersOf(json);
  const readers = new Map([...parts].map(([name, part]) => [name, readerOf(part)]));
  const lists = new Set([...parts].flatMap(([name, part]) => (wantsList(part) ? name : [])));
  const validate = validatorOf(schema);
  return {
    names: [...readers.keys()],
    many: (name) => lists.has(name),
    check(raw) {
      const faults: ErrorItem[] = [];
      const members: [string, unknown][] = [];
      for (const [name, text] of raw) {
        if (text === undefined) continue;
        const reading = readers.get(name)?.(text) ?? { value: lastOf(text) };
        if (!reading.fault) members.push([name, reading.value]);
        else {
          const repeat = repeatable(place, parts.get(name));
          faults.push(readingFault(reading.fault, [place, name], text, repeat));
        }
      }
      const value: unknown = Object.fromEntries(members);
      const conclude = (result: Result): Checked => {
        if (!result.issues && !faults.length) return { value: result.value };
        const sent = new Map<string | number | undefined, Raw>(raw);
        const unread = new Set(faults.map(({ loc }) => loc[1]));
        for (const item of itemsOf(result.issues ?? [], [place], value, json)) {
          if (!unread.has(item.loc[1])) faults.push(asSent(item, sent.get(item.loc[1])));
        }
        return { faults: place === "header" ? faults.map(asTravels) : faults };
      };
      const result = validate(value);
      return result instanceof Promise ? result.then(conclude) : conclude(result);
    },
  };
}

export interface ObjectField {
  /** The members that the schema names; empty where its library cannot tell. */
  readonly names: readonly string[];
  readonly many: (name: string) => boolean;
  readonly check: (raw: readonly (readonly [string, Raw])[]) => Checked | Promise<Checked>;
}

/** The members of an object schema, those of its parts and alternatives included. */
export function membersOf(schema: JSONSchema | undefined): Map<string, JSONSchema> {
  const members = new Map(Object.entries(schema?.properties ?? {}));
  const parts = [...(schema?.allOf ?? []), ...(schema?.anyOf ?? []), ...(schema?.oneOf ?? [])];
  for (const [name, part] of parts.flatMap((part) => [...membersOf(part)])) {
    const known = members.get(name);
    members.set(name, known ? { anyOf: [known, part] } : part);
  }
  return members;
}

function lastOf(text: string | readonly string[]): string | undefined {
  return typeof text === "string" ? text : text.at(-1);
}

/** A client knows the text that it sent, not the number that it was read as. */
function asSent(item: ErrorItem, raw: Raw): ErrorItem {
  return typeof raw === "string" && "input" in item ? { ...item, input: shorten(raw) } : item;
}

/** A schema of all headers may name them in its own way. */
function asTravels(item: ErrorItem): ErrorItem {
  const [place, name, ...rest] = item.loc;
  return typeof name === "string" ? { ...item, loc: [place!, dashed(name), ...rest] } : item;
}

function readingFault(
  fault: { readonly type: string; readonly msg: string; readonly at?: number },
  loc: readonly (string | number)[],
  raw: Raw,
  repeat: boolean,
): ErrorItem {
  const text = typeof raw === "string" ? raw : raw?.[fault.at ?? raw.length - 1];
  const where = fault.at === undefined ? loc : [...loc, fault.at];
  return { loc: where, type: fault.type, msg: fault.msg, ...(repeat && { input: shorten(text) }) };
}

/** Headers and cookies often carry credentials: they are never repeated to a client. */
function repeatable(place: Place, schema: JSONSchema | undefined): boolean {
  return place !== "header" && place !== "cookie" && !isSecret(schema, []);
}
