import { type JSONSchema, nativeType } from "./schema.ts";

export type Reading =
  | { readonly value: unknown; readonly fault?: undefined }
  | { readonly fault: { readonly type: string; readonly msg: string; readonly at?: number } };

/** Turns the text of a query, path, header, cookie or form into what a schema wants. */
export type Reader = (text: string | readonly string[]) => Reading;

/** The reader for a JSON Schema; a schema that says nothing of types leaves the text as it is. */
export function readerOf(schema: JSONSchema | undefined): Reader {
  const types = typesOf(schema ?? {});
  if (types.has("array")) return listReader(schema!);
  const readers = [...types].flatMap((type) => scalars[type] ?? []);
  // A string that may also be a number is a number where it looks like one.
  const read =
    readers.length > 1 || types.has("string") ? firstOf(readers, types.has("string")) : readers[0];
  return (text) => {
    // Of a parameter given twice the last one counts.
    const last = typeof text === "string" ? text : (text.at(-1) ?? "");
    return read ? read(last) : { value: last };
  };
}

type Scalar = (text: string) => Reading;

function firstOf(readers: readonly Scalar[], orString: boolean): Scalar {
  return (text) => {
    let refused: Reading | undefined;
    for (const read of readers) {
      const reading = read(text);
      if (!reading.fault) return reading;
      refused ??= reading;
    }
    return orString ? { value: text } : (refused ?? { value: text });
  };
}

function listReader(schema: JSONSchema): Reader {
  const list = find(schema, (one) => one.type === "array" || [one.type].flat().includes("array"));
  const item = readerOf(typeof list?.items === "object" ? list.items : undefined);
  return (text) => {
    const values: unknown[] = [];
    for (const [at, one] of (typeof text === "string" ? [text] : text).entries()) {
      const reading = item(one);
      if (reading.fault) return { fault: { ...reading.fault, at } };
      values.push(reading.value);
    }
    return { value: values };
  };
}

/** Whether a schema wants several values of one name. */
export function wantsList(schema: JSONSchema | undefined): boolean {
  return typesOf(schema ?? {}).has("array");
}

/** The types a schema allows, in the order in which text is tried: the narrow ones first. */
function typesOf(schema: JSONSchema): Set<string> {
  const found = new Set<string>();
  collect(schema, found);
  return new Set(
    ["array", "bigint", "date", "integer", "number", "boolean", "string"].filter((type) =>
      found.has(type),
    ),
  );
}

function collect(schema: JSONSchema, into: Set<string>): void {
  const native = schema[nativeType];
  if (typeof native === "string") into.add(native);
  else for (const type of [schema.type ?? []].flat()) into.add(type);
  for (const value of schema.enum ?? ("const" in schema ? [schema.const] : [])) {
    if (!schema.type) into.add(typeof value);
  }
  for (const part of branches(schema)) collect(part, into);
}

function branches(schema: JSONSchema): readonly JSONSchema[] {
  return [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
}

function find(schema: JSONSchema, wanted: (schema: JSONSchema) => boolean): JSONSchema | undefined {
  if (wanted(schema)) return schema;
  for (const part of branches(schema)) {
    const found = find(part, wanted);
    if (found) return found;
  }
  return undefined;
}

const fault = (type: string, msg: string): Reading => ({ fault: { type, msg } });

const integer = /^[+-]?\d+(?:\.0+)?$/;
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const words = new Map<string, boolean>([
  ...["true", "1", "yes", "on", "y", "t"].map((word) => [word, true] as const),
  ...["false", "0", "no", "off", "n", "f"].map((word) => [word, false] as const),
]);

/** What most integers are, in a fifth of the time that the expression takes: a few digits. */
function digitsOf(text: string): number | undefined {
  if (text === "" || text.length > 15) return undefined;
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

export const readInteger: Scalar = (text) => {
  const digits = digitsOf(text);
  if (digits !== undefined) return { value: digits };
  const trimmed = text.trim();
  if (!integer.test(trimmed)) {
    return fault(
      "int_parsing",
      "Input should be a valid integer, unable to parse string as an integer",
    );
  }
  const value = Number(trimmed);
  // Above 2^53 a number would be rounded: ask for a bigint in the schema.
  if (!Number.isSafeInteger(value))
    return fault("int_parsing_size", "Input should be an integer between -(2^53 - 1) and 2^53 - 1");
  return { value: value === 0 ? 0 : value };
};

export const readFloat: Scalar = (text) => {
  const trimmed = text.trim();
  const value = Number(trimmed);
  if (decimal.test(trimmed) && Number.isFinite(value)) return { value };
  return fault(
    "float_parsing",
    "Input should be a valid number, unable to parse string as a number",
  );
};

const scalars: Readonly<Record<string, Scalar>> = {
  integer: readInteger,
  number: readFloat,
  bigint(text) {
    const trimmed = text.trim();
    if (integer.test(trimmed) && trimmed.length < 1000) {
      return { value: BigInt(trimmed.replace(/\.0+$/, "").replace(/^\+/, "")) };
    }
    return fault(
      "int_parsing",
      "Input should be a valid integer, unable to parse string as an integer",
    );
  },
  boolean(text) {
    const value = words.get(text) ?? words.get(text.trim().toLowerCase());
    if (value !== undefined) return { value };
    return fault("bool_parsing", "Input should be a valid boolean, unable to interpret input");
  },
  date(text) {
    const value = readDate(text);
    return value ? { value } : fault("datetime_parsing", "Input should be a valid date and time");
  },
};

const dateForm = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?$/;

/** RFC 3339 with a T or a space, a date alone, Unix seconds or milliseconds; without a zone it is UTC. */
export function readDate(text: string): Date | undefined {
  const trimmed = text.trim();
  if (/^[+-]?\d{1,16}(?:\.\d+)?$/.test(trimmed)) {
    const number = Number(trimmed);
    // As Python's users know it: what is too large for seconds is milliseconds.
    return valid(new Date(Math.abs(number) > 2e10 ? number : number * 1000));
  }
  if (!dateForm.test(trimmed)) return undefined;
  const [day, time] = trimmed.split(/[Tt ]/) as [string, string | undefined];
  if (new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) !== day) return undefined;
  if (time === undefined) return valid(new Date(`${day}T00:00:00Z`));
  const zone = /(?:[Zz]|[+-]\d\d:?\d\d)$/.exec(time)?.[0];
  return valid(new Date(`${day}T${zone ? time.toUpperCase() : `${time}Z`}`));
}

function valid(date: Date): Date | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date;
}
