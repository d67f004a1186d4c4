import type { ErrorItem } from "../exceptions.ts";
import type { Issue, JSONSchema } from "./schema.ts";

/** What Zod says beside the standard's `message` and `path`. */
interface RichIssue extends Issue {
  readonly code?: string;
  readonly expected?: string;
  readonly origin?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly inclusive?: boolean;
  readonly exact?: boolean;
  readonly divisor?: number;
  readonly format?: string;
  readonly pattern?: string;
  readonly values?: readonly unknown[];
  readonly keys?: readonly string[];
}

/** The most that one answer tells: a small body can have ever so many faults. */
const most = 1000;

/**
 * A library's issues as the items that clients see.
 * @param at where the value was found: `["query", "page"]`
 * @param schema finds what is secret; its values are not repeated
 */
export function itemsOf(
  issues: readonly Issue[],
  at: readonly (string | number)[],
  value: unknown,
  schema?: JSONSchema,
): ErrorItem[] {
  return issues.slice(0, most).flatMap((issue: RichIssue) => {
    // Not `map`: ArkType's path is a list of its own kind, whose map adds a segment.
    const path = Array.from(issue.path ?? [], segment);
    if (issue.code === "unrecognized_keys") {
      // Not repeated: it may be a secret under a mistyped name.
      return (issue.keys ?? []).slice(0, most).map((key) => ({
        loc: [...at, ...path, key],
        type: "extra_forbidden",
        msg: "Extra inputs are not permitted",
      }));
    }
    const { found, missing } = walk(value, path);
    // A rule of one's own may be about a field that may be absent: its words stay.
    if (missing && issue.code !== "custom")
      return [{ loc: [...at, ...path], type: "missing", msg: "Field required" }];
    const hidden = at[0] === "header" || at[0] === "cookie" || isSecret(schema, path);
    const [type, ctx] = nameOf(issue, found);
    return [
      {
        loc: [...at, ...path],
        type,
        msg: hidden && repeats(issue.message, found) ? "Input is not valid" : issue.message,
        ...(!hidden && isScalar(found) && { input: shorten(found) }),
        ...(ctx && { ctx }),
      },
    ];
  });
}

/** A value as it may be repeated to a client: at most 100 characters. */
export function shorten(value: unknown): unknown {
  if (typeof value === "bigint") return shorten(`${value}`);
  return typeof value === "string" && value.length > 100 ? `${value.slice(0, 100)}…` : value;
}

/** Valibot and ArkType repeat the value in their messages, a text in quotes. */
function repeats(message: string, value: unknown): boolean {
  if (typeof value === "string")
    return message.includes(`"${value}"`) || message.includes(JSON.stringify(value));
  return (typeof value === "number" || typeof value === "bigint") && message.includes(`${value}`);
}

function isScalar(value: unknown): boolean {
  return value === null || ["string", "number", "boolean", "bigint"].includes(typeof value);
}

function segment(part: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof part === "object" ? part.key : part;
  return typeof key === "number" ? key : String(key);
}

function walk(
  value: unknown,
  path: readonly (string | number)[],
): { found: unknown; missing: boolean } {
  let found = value;
  for (const part of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, part))
      return { found: undefined, missing: true };
    found = (found as Record<string | number, unknown>)[part];
  }
  return { found, missing: found === undefined };
}

/** Whether a value, or anything it stands in, is marked `writeOnly` or `format: "password"`. */
export function isSecret(
  schema: JSONSchema | undefined,
  path: readonly (string | number)[],
): boolean {
  if (!schema) return false;
  if (schema.writeOnly === true || schema.format === "password") return true;
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  if (parts.some((part) => isSecret(part, path))) return true;
  const [first, ...rest] = path;
  if (first === undefined) return false;
  const next =
    typeof first === "number"
      ? (schema.prefixItems?.[first] ?? schema.items)
      : (schema.properties?.[first] ?? schema.additionalProperties);
  return typeof next === "object" && isSecret(next, rest);
}

type Named = readonly [type: string, ctx?: Readonly<Record<string, unknown>>];

/** One table from Zod's codes to the names that FastAPI's users know; other libraries give `value_error`. */
function nameOf(issue: RichIssue, found: unknown): Named {
  switch (issue.code) {
    case "invalid_type":
      if (issue.expected === "int" && typeof found === "number") return ["int_from_float"];
      // Only an integer beyond 2^53 is read as a bigint.
      if (typeof found === "bigint" && (issue.expected === "number" || issue.expected === "int"))
        return ["int_parsing_size"];
      return [typeNames[issue.expected ?? ""] ?? "value_error"];
    case "too_small":
      return bound(issue.origin, issue.minimum, issue.inclusive !== false, small);
    case "too_big":
      return bound(issue.origin, issue.maximum, issue.inclusive !== false, big);
    case "invalid_format":
      return issue.format === "regex"
        ? ["string_pattern_mismatch", { pattern: issue.pattern }]
        : ["value_error"];
    case "invalid_value":
      return [
        "literal_error",
        { expected: issue.values?.map((value) => JSON.stringify(value)).join(" or ") },
      ];
    case "not_multiple_of":
      return ["multiple_of", { multiple_of: Number(issue.divisor) }];
    case "invalid_union":
      return ["union_error"];
    default:
      return ["value_error"];
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: "string_type",
  number: "float_type",
  int: "int_type",
  bigint: "int_type",
  boolean: "bool_type",
  array: "list_type",
  tuple: "list_type",
  object: "model_attributes_type",
  record: "dict_type",
  date: "datetime_type",
  null: "none_required",
};

interface Bounds {
  readonly text: Named[0];
  readonly textKey: string;
  readonly list: string;
  readonly listKey: string;
  readonly inclusive: readonly [type: string, key: string];
  readonly exclusive: readonly [type: string, key: string];
}
const small: Bounds = {
  text: "string_too_short",
  textKey: "min_length",
  list: "too_short",
  listKey: "min_length",
  inclusive: ["greater_than_equal", "ge"],
  exclusive: ["greater_than", "gt"],
};
const big: Bounds = {
  text: "string_too_long",
  textKey: "max_length",
  list: "too_long",
  listKey: "max_length",
  inclusive: ["less_than_equal", "le"],
  exclusive: ["less_than", "lt"],
};

function bound(
  origin: string | undefined,
  limit: number | bigint | undefined,
  inclusive: boolean,
  names: Bounds,
): Named {
  const value = typeof limit === "bigint" ? Number(limit) : limit;
  if (origin === "string") return [names.text, { [names.textKey]: value }];
  if (
    origin === "array" ||
    origin === "set" ||
    origin === "map" ||
    origin === "object" ||
    origin === "file"
  ) {
    return [names.list, { [names.listKey]: value }];
  }
  const [type, key] = inclusive ? names.inclusive : names.exclusive;
  return [type, { [key]: value }];
}
