import type { Fields } from "../dependency.ts";
import { wireNameOf } from "../http/index.ts";
import { describe, isSchema, type JSONSchema, type Schema, validatorOf } from "../validation/index.ts";
import { resolveRoot } from "./components.ts";

/** A named input, described. */
export interface Field {
  /** Its name in the request. */
  readonly name: string;
  readonly schema: JSONSchema;
  readonly required: boolean;
}

/** The inputs of one place: of one schema a name, or of one schema of an object. */
export function fieldsOf(place: Parameters<typeof wireNameOf>[0], fields: Fields | undefined): Field[] {
  if (!fields) return [];
  if (isSchema(fields)) return membersOf(describe(fields, "input") ?? {});
  return Object.entries(fields).map(([name, schema]) => {
    const described = describe(schema, "input") ?? {};
    return { name: wireNameOf(place, name, schema), schema: described, required: isRequired(schema, described) };
  });
}

function membersOf(schema: JSONSchema): Field[] {
  const { $defs } = schema;
  const { properties = {}, required = [], allOf = [] } = resolveRoot(schema);
  const own = Object.entries(properties).map(
    ([name, part]): Field => ({ name, schema: $defs ? { ...part, $defs } : part, required: required.includes(name) }),
  );
  return [...own, ...allOf.flatMap((part) => membersOf($defs ? { ...part, $defs } : part))];
}

/** JSON Schema says of an object which members it needs, but of a single value nothing: ask the schema. */
export function isRequired(schema: Schema, described: JSONSchema | undefined = {}): boolean {
  if ("default" in described) return false;
  try {
    const result = validatorOf(schema)(undefined);
    if (!(result instanceof Promise)) return result.issues !== undefined;
    // Nobody waits for it here.
    result.catch(() => {});
    return true;
  } catch {
    return true;
  }
}
