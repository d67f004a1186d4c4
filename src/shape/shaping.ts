import type { StandardJSONSchemaV1 } from "@standard-schema/spec";
import {
  describe,
  type Issue,
  type JSONSchema,
  type Result,
  type Schema,
} from "../validation/index.ts";

/** A schema of what it looks like from outside, and how it is checked. */
export function shape<I, O>(
  json: JSONSchema,
  validate: (value: unknown) => Result<O>,
): Schema<I, O> {
  const jsonSchema = { input: () => json, output: () => json } as StandardJSONSchemaV1.Converter;
  const standard = { version: 1, vendor: "nexus", validate, jsonSchema } as const;
  return { "~standard": standard };
}

/** The schemas of this module answer at once. */
export function check(schema: Schema, value: unknown): Result {
  return schema["~standard"].validate(value) as Result;
}

/** A schema as it stands inside another one: what has a name is referred to. */
export function partOf(schema: Schema): {
  readonly json: JSONSchema;
  readonly defs?: { readonly $defs: Readonly<Record<string, JSONSchema>> };
} {
  const { $defs = {}, ...json } = describe(schema, "input") ?? {};
  const { id } = json;
  if (typeof id === "string")
    return { json: { $ref: `#/$defs/${id}` }, defs: { $defs: { ...$defs, [id]: json } } };
  return Object.keys($defs).length ? { json, defs: { $defs } } : { json };
}

export function gather<K extends PropertyKey, T>(
  results: readonly (readonly [K, Result])[],
  make: (pairs: (readonly [K, unknown])[]) => T,
): Result<T> {
  const issues = results.flatMap(([name, { issues = [] }]) =>
    issues.map((issue) => ({ ...issue, path: [name, ...(issue.path ?? [])] })),
  );
  if (issues.length) return { issues };
  return {
    value: make(results.map(([name, result]) => [name, (result as { value: unknown }).value])),
  };
}

export function fault(message: string, more: object = {}): { readonly issues: readonly Issue[] } {
  return { issues: [{ message, ...more }] };
}

export function wrongType(expected: string, words: string): { readonly issues: readonly Issue[] } {
  return fault(`Input should be ${words}`, { code: "invalid_type", expected });
}

export function bound(
  code: "too_small" | "too_big",
  origin: string,
  limit: number,
  words: string,
  verb = "have",
): { readonly issues: readonly Issue[] } {
  const key = code === "too_small" ? "minimum" : "maximum";
  return fault(`Input should ${verb} ${words}`, { code, origin, [key]: limit, inclusive: true });
}
