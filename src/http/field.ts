import type { ErrorItem } from "../exceptions.ts";
import {
  describeWhole,
  isSecret,
  itemsOf,
  type JSONSchema,
  type Reader,
  readerOf,
  type Result,
  type Schema,
  shorten,
  type Validate,
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
  return Object.create(schema, { [wireName]: { value: wire } });
}

/** What a field is called in a request: headers have dashes where a name has underscores. */
export function wireNameOf(place: Place, name: string, schema: Schema): string {
  const own = (schema as { [wireName]?: string })[wireName];
  return own ?? (place === "header" ? name.replaceAll("_", "-").toLowerCase() : name);
}

/** Compiles a schema for text: read as what the JSON Schema says, then checked by the schema. */
export function compileField(place: Place, name: string, schema: Schema): Field {
  const json = describeWhole(schema, "input");
  const wire = wireNameOf(place, name, schema);
  const loc = [place, wire];
  const many = wantsList(json);
  const read = readerOf(json);
  const validate = validatorOf(schema);
  const conclude = (result: Result, value: unknown, raw: Raw): Checked => {
    if (!result.issues) return { value: result.value };
    const faults = itemsOf(result.issues, loc, value, json);
    // A client knows the text that it sent, not the number that it was read as.
    return {
      faults: faults.map((item) =>
        repeatable(place, json) && typeof raw === "string" && "input" in item
          ? { ...item, input: shorten(raw) }
          : item,
      ),
    };
  };
  const check: Field["check"] = (raw) => {
    const reading = raw === undefined ? { value: undefined } : read(raw);
    if (reading.fault)
      return { faults: [readingFault(reading.fault, loc, raw, repeatable(place, json))] };
    const result = validate(reading.value);
    if (result instanceof Promise)
      return result.then((settled) => conclude(settled, reading.value, raw));
    return result.issues ? conclude(result, reading.value, raw) : { value: result.value };
  };
  return { name, wire, many, check };
}

/**
 * Compiles a schema of an object whose members are pieces of text.
 * @returns a check of all of them at once, each member read as its own JSON Schema says
 */
export function compileObject(place: Place, schema: Schema): ObjectField {
  const json = describeWhole(schema, "input");
  const readers = new Map<string, Reader>();
  for (const [name, part] of Object.entries(json?.properties ?? {}))
    readers.set(name, readerOf(part));
  return {
    names: [...readers.keys()],
    many: (name) => wantsList(json?.properties?.[name]),
    check: (raw) => checkObject(place, json, readers, validatorOf(schema), raw),
  };
}

export interface ObjectField {
  /** The members that the schema names; empty where its library cannot tell. */
  readonly names: readonly string[];
  readonly many: (name: string) => boolean;
  readonly check: (raw: readonly (readonly [string, Raw])[]) => Checked | Promise<Checked>;
}

async function checkObject(
  place: Place,
  json: JSONSchema | undefined,
  readers: ReadonlyMap<string, Reader>,
  validate: Validate,
  raw: readonly (readonly [string, Raw])[],
): Promise<Checked> {
  const faults: ErrorItem[] = [];
  const members: [string, unknown][] = [];
  for (const [name, text] of raw) {
    if (text === undefined) continue;
    const reading = readers.get(name)?.(text) ?? {
      value: typeof text === "string" ? text : text.at(-1),
    };
    if (reading.fault)
      faults.push(
        readingFault(
          reading.fault,
          [place, name],
          text,
          repeatable(place, json?.properties?.[name]),
        ),
      );
    else members.push([name, reading.value]);
  }
  const value = Object.fromEntries(members);
  const result = await validate(value);
  if (!result.issues && !faults.length) return { value: result.value };
  const read = new Set(faults.map(({ loc }) => loc[1]));
  const issues = itemsOf(result.issues ?? [], [place], value, json).filter(
    ({ loc }) => !read.has(loc[1]),
  );
  return { faults: [...faults, ...issues] };
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
