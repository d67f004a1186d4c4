import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";

/** A schema of any library that speaks Standard Schema. */
export type Schema<I = unknown, O = unknown> = StandardSchemaV1<I, O>;
/** What a schema accepts. */
export type In<S> = S extends Schema ? NonNullable<S["~standard"]["types"]>["input"] : never;
/** What a schema makes of it. */
export type Out<S> = S extends Schema ? NonNullable<S["~standard"]["types"]>["output"] : never;

export type Result<T = unknown> = StandardSchemaV1.Result<T>;
export type Issue = StandardSchemaV1.Issue;
export type Validate<T = unknown> = (value: unknown) => Result<T> | Promise<Result<T>>;

export function isSchema(value: unknown): value is Schema {
  const standard = (value as Partial<Schema> | null | undefined)?.["~standard"];
  return typeof standard === "object" && typeof standard.validate === "function";
}

/** What a library can do with its schemas that the standard has no word for. */
export interface Library {
  /** Makes a faster schema of a slower one; of one that it cannot compile, that one. */
  readonly compile: (schema: Schema) => Schema;
  /** Whether JSON.stringify says all of what a schema makes, and nothing else. */
  readonly makesJSON?: (schema: Schema) => boolean;
}
const libraries = new Map<string, Library>();

/** Names what is to be done with the schemas of a library (`~standard.vendor`). */
export function useLibrary(vendor: string, library: Library): void {
  libraries.set(vendor, library);
}

const libraryOf = (schema: Schema): Library | undefined =>
  libraries.get(schema["~standard"].vendor);

const validators = new WeakMap<Schema, Validate>();

/** The check of a schema, compiled by its first value where its library can do that. */
export function validatorOf(schema: Schema): Validate {
  const known = validators.get(schema);
  if (known) return known;
  let standard: Schema["~standard"] | undefined;
  // Not sooner: that takes half a millisecond, and most schemas of an app that starts wait for long.
  const validate: Validate = (value) =>
    (standard ??= (libraryOf(schema)?.compile(schema) ?? schema)["~standard"]).validate(value);
  validators.set(schema, validate);
  return validate;
}

/** Whether whatever a schema makes is plain JSON, as far as its library can tell. */
export function makesJSON(schema: Schema): boolean {
  return libraryOf(schema)?.makesJSON?.(schema) ?? false;
}

/** JSON Schema 2020-12, as far as this package reads it. */
export interface JSONSchema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly properties?: Readonly<Record<string, JSONSchema>>;
  readonly required?: readonly string[];
  readonly items?: JSONSchema | boolean;
  readonly prefixItems?: readonly JSONSchema[];
  readonly additionalProperties?: JSONSchema | boolean;
  readonly anyOf?: readonly JSONSchema[];
  readonly oneOf?: readonly JSONSchema[];
  readonly allOf?: readonly JSONSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly writeOnly?: boolean;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JSONSchema>>;
  readonly [keyword: string]: unknown;
}

/** Marks, in what `describe` returns, the places where the program's value is not what JSON has. */
export const nativeType = "x-native-type";

/**
 * A schema as JSON Schema, from the outside (`input`: what is accepted) or the inside (`output`:
 * what it makes). `undefined` where its library cannot say it. Dates are `string`/`date-time` and
 * bigints `integer`, both with the mark `nativeType`.
 */
export function describe(schema: Schema, direction: "input" | "output"): JSONSchema | undefined {
  const convert = (schema["~standard"] as Partial<StandardJSONSchemaV1.Props>).jsonSchema?.[
    direction
  ];
  if (!convert) return undefined;
  try {
    const { $schema: _, ...json } = convert({ target: "draft-2020-12", libraryOptions });
    return json;
  } catch {
    return undefined;
  }
}

/** As `describe`, with what is named put where it is referred to; what refers to itself is left open. */
export function describeWhole(
  schema: Schema,
  direction: "input" | "output",
): JSONSchema | undefined {
  const json = describe(schema, direction);
  return json?.$defs || json?.$ref ? (inline(json, json, []) as JSONSchema) : json;
}

function inline(part: unknown, root: JSONSchema, within: readonly string[]): unknown {
  if (Array.isArray(part)) return part.map((one) => inline(one, root, within));
  if (typeof part !== "object" || part === null) return part;
  const { $ref, $defs: _, ...rest } = part as JSONSchema;
  const own = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, inline(value, root, within)]),
  );
  if ($ref === undefined) return own;
  const name = /^#\/\$defs\/(.*)$/.exec($ref)?.[1];
  const target = name === undefined || within.includes(name) ? undefined : root.$defs?.[name];
  return target ? { ...(inline(target, root, [...within, name!]) as object), ...own } : own;
}

interface Described {
  readonly zodSchema?: { readonly _zod: { readonly def: { readonly type: string } } };
  readonly jsonSchema: Record<string, unknown>;
}

// Without these Zod throws at a date, a bigint or a transform.
const libraryOptions = {
  unrepresentable: "any",
  override({ zodSchema, jsonSchema }: Described): void {
    const type = zodSchema?._zod.def.type;
    if (type === "date")
      Object.assign(jsonSchema, { type: "string", format: "date-time", [nativeType]: "date" });
    if (type === "bigint") Object.assign(jsonSchema, { type: "integer", [nativeType]: "bigint" });
  },
};
