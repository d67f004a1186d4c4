import { z } from "zod";
import { type Schema, useLibrary } from "./validation/index.ts";

// Loaded as soon as a route has a Zod schema: such schemas are compiled.
useLibrary("zod", {
  compile: (schema) => z.compile(schema as Schema & z.ZodType),
  makesJSON: (schema) => makesJSON(schema as Schema & z.core.$ZodType, new Set()),
});

/** Those that leave a value as it is. */
const checks: ReadonlySet<string> = new Set([
  "greater_than",
  "length_equals",
  "less_than",
  "max_length",
  "min_length",
  "multiple_of",
  "number_format",
  "string_format",
]);

/**
 * Whether all that a schema makes are texts, finite numbers, true, false, null, valid dates, and lists
 * and objects of these. What Zod learns to make beside them is none of these until it stands here.
 * @param known those that are being looked at: one that stands in itself makes nothing else
 */
function makesJSON(schema: z.core.$ZodType, known: Set<z.core.$ZodType>): boolean {
  if (known.has(schema)) return true;
  known.add(schema);
  // Zod 3 has no such member.
  const { def } = (schema as Partial<z.core.$ZodTypes>)._zod ?? {};
  if (!def || def.checks?.some((check) => !checks.has(check._zod.def.check))) return false;
  const all = (parts: readonly z.core.$ZodType[]) => parts.every((part) => makesJSON(part, known));
  switch (def.type) {
    case "string":
    case "number":
    case "boolean":
    case "null":
    case "undefined":
    case "date":
    case "never":
    case "template_literal":
      return true;
    case "literal":
      return def.values.every(isJSON);
    case "enum":
      return Object.values(def.entries).every(isJSON);
    case "optional":
    case "nullable":
    case "nonoptional":
    case "readonly":
    case "prefault":
      return all([def.innerType]);
    case "object":
      return all([...Object.values(def.shape), ...(def.catchall ? [def.catchall] : [])]);
    case "array":
      return all([def.element]);
    case "tuple":
      return all([...def.items, ...(def.rest ? [def.rest] : [])]);
    case "record":
      return def.mode !== "loose" && all([def.valueType]);
    case "union":
      return all(def.options);
    case "intersection":
      return all([def.left, def.right]);
    case "pipe":
      return all([def.out]);
    default:
      return false;
  }
}

function isJSON(value: unknown): boolean {
  return typeof value === "number" ? Number.isFinite(value) : typeof value !== "bigint";
}
