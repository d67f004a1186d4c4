import {
  describe,
  type In,
  type JSONSchema,
  nativeType,
  type Out,
  type Result,
  type Schema,
} from "../validation/index.ts";
import { bound, check, fault, gather, partOf, shape, wrongType } from "./shaping.ts";

// Which library checks is the user's choice, so the platform's own routes depend on none: these few
// schemas speak Standard Schema, and say their faults as Zod does, whose words clients know.

export interface TextRules {
  /** In characters, not in the units of JavaScript. */
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  /** What is said where the pattern does not fit. */
  readonly message?: string;
  /** Its values are not repeated, logged or shown. */
  readonly secret?: boolean;
  readonly description?: string;
  readonly format?: string;
}

export function text(rules: TextRules = {}): Schema<string, string> {
  const { min, max, pattern, message = "Invalid input", secret, description, format } = rules;
  const json: JSONSchema = {
    type: "string",
    ...(min !== undefined && { minLength: min }),
    ...(max !== undefined && { maxLength: max }),
    ...(pattern && { pattern: pattern.source }),
    ...(format && { format }),
    ...(secret && { format: "password", writeOnly: true }),
    ...(description && { description }),
  };
  return shape(json, (value) => {
    if (typeof value !== "string") return wrongType("string", "a string");
    // A text of so many units has at least half as many characters.
    const length =
      max !== undefined && value.length > 2 * max ? Infinity : Array.from(value).length;
    if (min !== undefined && length < min)
      return bound("too_small", "string", min, `at least ${count(min)}`);
    if (max !== undefined && length > max)
      return bound("too_big", "string", max, `at most ${count(max)}`);
    // What no column and no text file can hold is no text.
    if (value.includes("\0") || !value.isWellFormed()) return fault("Invalid characters");
    if (pattern && !pattern.test(value)) return fault(message);
    return { value };
  });
}

/** A text of somebody else's, which is handed on as it is: for answers. */
export function anyText(description?: string): Schema<string, string> {
  return shape({ type: "string", ...(description && { description }) }, (value) =>
    typeof value === "string" ? { value } : wrongType("string", "a string"),
  );
}

export interface NumberRules {
  readonly min?: number;
  readonly max?: number;
  readonly description?: string;
}

export function integer({ min, max, description }: NumberRules = {}): Schema<number, number> {
  const json = { type: "integer", ...bounds(min, max), ...(description && { description }) };
  return shape(json, (value) =>
    Number.isSafeInteger(value)
      ? within(value as number, min, max)
      : wrongType("int", "an integer"),
  );
}

/** Any number but NaN and the infinite ones. */
export function number({ min, max, description }: NumberRules = {}): Schema<number, number> {
  const json = { type: "number", ...bounds(min, max), ...(description && { description }) };
  return shape(json, (value) =>
    typeof value === "number" && Number.isFinite(value)
      ? within(value, min, max)
      : wrongType("number", "a number"),
  );
}

function bounds(min: number | undefined, max: number | undefined): JSONSchema {
  return { ...(min !== undefined && { minimum: min }), ...(max !== undefined && { maximum: max }) };
}

function within(value: number, min = -Infinity, max = Infinity): Result<number> {
  if (value < min)
    return bound("too_small", "number", min, `greater than or equal to ${min}`, "be");
  if (value > max) return bound("too_big", "number", max, `less than or equal to ${max}`, "be");
  return { value };
}

export function boolean(description?: string): Schema<boolean, boolean> {
  return shape({ type: "boolean", ...(description && { description }) }, (value) =>
    typeof value === "boolean" ? { value } : wrongType("boolean", "true or false"),
  );
}

export function date(description?: string): Schema<Date, Date> {
  const json = { type: "string", format: "date-time", [nativeType]: "date" };
  return shape({ ...json, ...(description && { description }) }, (value) =>
    value instanceof Date && !Number.isNaN(value.getTime())
      ? { value }
      : wrongType("date", "a date and time"),
  );
}

/** One of a few texts. */
export function oneOf<const T extends string>(
  values: readonly T[],
  description?: string,
): Schema<T, T> {
  return shape({ type: "string", enum: values, ...(description && { description }) }, (value) =>
    values.includes(value as T)
      ? { value: value as T }
      : fault(`Input should be ${values.join(" or ")}`, { code: "invalid_value", values }),
  );
}

/** Anything that JSON can say. */
export function anything(description?: string): Schema<unknown, unknown> {
  return shape({ ...(description && { description }) }, (value) => ({ value }));
}

export function list<S extends Schema>(item: S, max?: number): Schema<In<S>[], Out<S>[]> {
  const part = partOf(item);
  return shape(
    {
      type: "array",
      items: part.json,
      ...(max !== undefined && { maxItems: max }),
      ...part.defs,
    },
    (value) => {
      if (!Array.isArray(value)) return wrongType("array", "a list");
      if (max !== undefined && value.length > max)
        return bound("too_big", "array", max, `at most ${max} items`);
      return gather(
        value.map((one, at) => [at, check(item, one)]),
        (pairs) => pairs.map(([, one]) => one as Out<S>),
      );
    },
  );
}

export function nullable<S extends Schema>(inner: S): Schema<In<S> | null, Out<S> | null> {
  const { json, defs } = partOf(inner);
  return shape({ anyOf: [json, { type: "null" }], ...defs }, (value): Result<Out<S> | null> =>
    value === null ? { value } : (check(inner, value) as Result<Out<S> | null>),
  );
}

/** May be left out; with a second argument that is its value then. */
export function optional<S extends Schema>(inner: S): Schema<In<S> | undefined, Out<S> | undefined>;
export function optional<S extends Schema>(
  inner: S,
  normal: Out<S>,
): Schema<In<S> | undefined, Out<S>>;
export function optional(inner: Schema, normal?: unknown): Schema {
  const { $defs, ...json } = describe(inner, "input") ?? {};
  return shape(
    { ...json, ...(normal !== undefined && { default: normal }), ...($defs && { $defs }) },
    (value) => (value === undefined ? { value: normal } : check(inner, value)),
  );
}

type Members = Readonly<Record<string, Schema>>;
type Absent<M, Side extends "in" | "out"> = {
  [K in keyof M]: undefined extends (Side extends "in" ? In<M[K]> : Out<M[K]>) ? K : never;
}[keyof M];
type Flat<T> = { [K in keyof T]: T[K] } & {};
type Given<M> = Flat<
  { [K in Exclude<keyof M, Absent<M, "in">>]: In<M[K]> } & {
    [K in Absent<M, "in">]?: In<M[K]>;
  }
>;
type Made<M> = Flat<
  { [K in Exclude<keyof M, Absent<M, "out">>]: Out<M[K]> } & {
    [K in Absent<M, "out">]?: Out<M[K]>;
  }
>;

/**
 * An object of these members; others are left out without a word.
 * @param id its name in the documentation
 */
export function object<const M extends Members>(id: string, members: M): Schema<Given<M>, Made<M>> {
  const entries = Object.entries(members);
  const parts = entries.map(([name, member]) => [name, partOf(member)] as const);
  const required = entries.flatMap(([name, member]) =>
    check(member, undefined).issues ? name : [],
  );
  const $defs = Object.assign({}, ...parts.map(([, { defs }]) => defs?.$defs)) as object;
  const json: JSONSchema = {
    id,
    type: "object",
    properties: Object.fromEntries(parts.map(([name, part]) => [name, part.json])),
    ...(required.length && { required }),
    ...(Object.keys($defs).length && { $defs: $defs as Record<string, JSONSchema> }),
  };
  return shape(json, (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return wrongType("object", "an object");
    const own = entries.map(([name, member]) => {
      const given = Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined;
      return [name, check(member, given)] as const;
    });
    return gather(own, (pairs) => {
      const kept = pairs.filter(([, one]) => one !== undefined);
      // Built of the members that were checked.
      return Object.fromEntries(kept) as Made<M>;
    });
  });
}

function count(characters: number): string {
  return characters === 1 ? "1 character" : `${characters} characters`;
}
