import type { Fields } from "../dependency.ts";
import { wireNameOf } from "../http/index.ts";
import {
  describe,
  isSchema,
  type JSONSchema,
  type Schema,
  validatorOf,
} from "../validation/index.ts";
import { resolveRoot } from "./definitions.ts";

/** A named input, described. */
export interface Field {
  /** Its name in the request. */
  readonly name: string;
  readonly schema: JSONSchema;
  readonly required: boolean;
}

/** The inputs of one place: of one schema a name, or of one schema of an object. */
export function fieldsOf(
  place: Parameters<typeof wireNameOf>[0],
  fields: Fields | undefined,
): Field[] {
  if (!fields) return [];
  if (isSchema(fields)) {
    const described = describe(fields, "input") ?? {};
    const { $defs } = described;
    return [...membersOf(described, $defs)].map(([name, { schema, required }]) => ({
      name: wireNameOf(place, name, fields),
      schema: $defs ? { ...schema, $defs } : schema,
      required,
    }));
  }
  return Object.entries(fields).map(([name, schema]) => {
    const described = describe(schema, "input") ?? {};
    return {
      name: wireNameOf(place, name, schema),
      schema: described,
      required: isRequired(schema, described),
    };
  });
}

type Members = Map<string, Omit<Field, "name">>;

/** The members of an object, of its parts, and of its alternatives: there, only what all require is required. */
function membersOf(schema: JSONSchema, $defs: JSONSchema["$defs"]): Members {
  const whole = resolveRoot($defs ? { ...schema, $defs } : schema);
  const { properties = {}, required = [], allOf = [], anyOf = [], oneOf = [] } = whole;
  const members: Members = new Map();
  for (const [name, part] of Object.entries(properties)) {
    members.set(name, { schema: part, required: required.includes(name) });
  }
  const inner = [
    ...allOf.map((part) => membersOf(part, $defs)),
    ...[anyOf, oneOf].map((options) => eitherOf(options.map((part) => membersOf(part, $defs)))),
  ];
  for (const [name, member] of inner.flatMap((part) => [...part])) {
    if (!members.has(name) || member.required) members.set(name, member);
  }
  return members;
}

function eitherOf(options: readonly Members[]): Members {
  const names = new Set(options.flatMap((option) => [...option.keys()]));
  return new Map(
    [...names].map((name) => {
      const found = options.flatMap((option) => option.get(name) ?? []);
      const [first, second] = found;
      const schema = second ? { anyOf: found.map((one) => one.schema) } : first!.schema;
      const required = found.length === options.length && found.every((one) => one.required);
      return [name, { schema, required }];
    }),
  );
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
