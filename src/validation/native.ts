import { type JSONSchema, nativeType } from "./schema.ts";
import { readDate } from "./strings.ts";

/** Whether somewhere in it a schema wants a bigint, as far as one can see: one that cannot say may want it. */
export function mayWantBigInt(schema: JSONSchema | undefined): boolean {
  return !schema || JSON.stringify(schema).includes(`"${nativeType}":"bigint"`);
}

export type Revive = (value: unknown) => unknown;

/**
 * JSON has no dates and no large integers: at the places where a schema wants one, a JSON value is
 * turned into it. `undefined` when a schema has no such place, so that most bodies are not walked.
 */
export function reviverOf(schema: JSONSchema | undefined): Revive | undefined {
  if (!schema) return undefined;
  const native = schema[nativeType];
  if (native === "date") return toDate;
  if (native === "bigint") return toBigInt;
  const options = [
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    ...(schema.allOf ?? []),
  ].flatMap((part) => reviverOf(part) ?? []);
  const item = typeof schema.items === "object" ? reviverOf(schema.items) : undefined;
  const extra =
    typeof schema.additionalProperties === "object"
      ? reviverOf(schema.additionalProperties)
      : undefined;
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
    const revive = reviverOf(part);
    return revive ? [[name, revive] as const] : [];
  });
  const places = schema.prefixItems?.map(reviverOf) ?? [];
  const hasPlaces = places.some((revive) => revive);
  if (!options.length && !item && !extra && !fields.length && !hasPlaces) return undefined;
  return (value) => {
    if ((item || hasPlaces) && Array.isArray(value)) {
      return value.map((one, at) => {
        const revive = at < places.length ? places[at] : item;
        return revive ? revive(one) : one;
      });
    }
    if (isRecord(value) && (fields.length || extra)) {
      const changed: [string, unknown][] = [];
      for (const [name, revive] of fields) {
        if (Object.hasOwn(value, name)) changed.push([name, revive(value[name])]);
      }
      if (extra) for (const name of Object.keys(value)) changed.push([name, extra(value[name])]);
      return Object.fromEntries([...Object.entries(value), ...changed]);
    }
    return options.reduce((revived, revive) => revive(revived), value);
  };
}

const toDate: Revive = (value) => (typeof value === "string" ? (readDate(value) ?? value) : value);
const toBigInt: Revive = (value) => (Number.isSafeInteger(value) ? BigInt(value as number) : value);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
