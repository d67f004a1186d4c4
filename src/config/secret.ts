import type { StandardJSONSchemaV1 } from "@standard-schema/spec";
import { describe, type JSONSchema, type Schema } from "../validation/index.ts";
import { isRecord, Place } from "./place.ts";

const masked = "********";

/** Marks a schema whose values no log, page, error or answer shows: `secret(z.string())`. */
export function secret<S extends Schema>(schema: S): S {
  const mark = { writeOnly: true, format: "password" };
  const { meta, configure } = schema as { meta?: unknown; configure?: unknown };
  // Zod, then ArkType: both carry a mark into the schemas that are made of this one.
  if (typeof meta === "function") return meta.call(schema, { ...meta.call(schema), ...mark }) as S;
  if (typeof configure === "function") return configure.call(schema, mark) as S;
  const standard = schema["~standard"] as Partial<StandardJSONSchemaV1.Props> & S["~standard"];
  const marked = (direction: "input" | "output") => (options: StandardJSONSchemaV1.Options) => ({
    ...standard.jsonSchema?.[direction](options),
    writeOnly: true,
  });
  const jsonSchema = { input: marked("input"), output: marked("output") };
  return Object.create(schema, { "~standard": { value: { ...standard, jsonSchema } } }) as S;
}

/**
 * A copy to show: what the schema calls secret reads `********`. Of a schema that cannot describe
 * itself everything does, and without one.
 */
export function mask(schema: Schema | undefined, value: unknown): unknown {
  if (!schema) return coverAll(value);
  const described = [describe(schema, "input"), describe(schema, "output")].filter(
    (json): json is JSONSchema => json !== undefined,
  );
  return described.length ? cover(value, Place.of(...described)) : coverAll(value);
}

function cover(value: unknown, place: Place): unknown {
  if (place.isSecret) return value === undefined || value === null ? value : masked;
  if (Array.isArray(value)) return value.map((item, at) => cover(item, place.item(at)));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, cover(one, place.property(key))]),
  );
}

function coverAll(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(coverAll);
  if (isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, coverAll(one)]));
  }
  return value === undefined || value === null ? value : masked;
}

/** Takes secrets out of a text that others wrote, such as a validator's message. */
export function hide(text: string, value: unknown, place: Place): string {
  return secretsOf(value, place)
    .filter((secret) => secret.length > 3) // A shorter one would tear holes into words.
    .reduce((hidden, secret) => hidden.replaceAll(secret, masked), text);
}

function secretsOf(value: unknown, place: Place, isSecret = place.isSecret): string[] {
  if (typeof value !== "object" || value === null) return isSecret ? [String(value)] : [];
  return Object.entries(value).flatMap(([key, one]) => {
    const inner = Array.isArray(value) ? place.item(Number(key)) : place.property(key);
    return secretsOf(one, inner, isSecret || inner.isSecret);
  });
}
