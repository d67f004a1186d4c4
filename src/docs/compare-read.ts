import type { JSONSchema } from "../validation/index.ts";
import {
  type Alternative,
  type Bound,
  type Bounded,
  bothOf,
  isWithin,
  type Join,
  type Meaning,
  type Measure,
  measures,
  possible,
  type Type,
  types,
} from "./compare-alternative.ts";
import { isRemark, isRule } from "./compare-keywords.ts";
import type { Direction } from "./components.ts";

/** What a schema is read in. */
export interface Surroundings {
  readonly direction: Direction;
  readonly join: Join;
  /** Of no schema: that every value fits. */
  readonly meaningOf: (...schemas: readonly (JSONSchema | boolean)[]) => Meaning;
  readonly find: (reference: string) => JSONSchema | undefined;
  readonly textOf: (value: unknown) => string;
}

/** What fits a schema and all that it refers to. */
export function alternativesOf(
  schema: JSONSchema,
  around: Surroundings,
  within: readonly JSONSchema[] = [],
): readonly Alternative[] {
  const { $ref, allOf = [], anyOf, oneOf, enum: values, not } = schema;
  // What is only itself again adds nothing; and what must not be anything cannot be.
  if (within.includes(schema) || not === true || (isSchema(not) && saysNothing(not))) return [];
  const each = (parts: readonly JSONSchema[]): readonly Alternative[] =>
    parts.flatMap((part) => alternativesOf(part, around, [...within, schema]));
  const target = $ref === undefined ? undefined : around.find($ref);
  const all = [
    ...(values ? [values.map((value) => exactly(value, around))] : []),
    ...("const" in schema ? [[exactly(schema.const, around)]] : []),
    // Of what is elsewhere only the name can be compared.
    ...($ref === undefined ? [] : [target ? each([target]) : typed({ reference: $ref }, around)]),
    ...allOf.map((part) => each([part])),
    ...[anyOf, oneOf].flatMap((parts) => (parts ? [each(parts)] : [])),
  ];
  return all.reduce((one, other) => bothOf(one, other, around.join), typed(schema, around));
}

/** Whether every value fits. */
export function saysNothing(schema: JSONSchema): boolean {
  return Object.keys(schema).every((keyword) => isRemark(keyword));
}

/** What the schema says itself: one alternative for each type that it lets in. */
function typed(schema: JSONSchema, around: Surroundings): readonly Alternative[] {
  return [schema.type ?? types].flat().flatMap((name) => {
    const type = (name === "integer" ? "number" : name) as Type;
    const rules = Object.entries(schema)
      .filter(([keyword]) => isRule(keyword, type))
      .map(([keyword, value]) => [keyword, new Set([around.textOf(value)])] as const);
    const one = possible({
      ...blank(type, around),
      ...insideOf(schema, type, around),
      bounds: boundsOf(schema, type),
      rules: new Map([...rules, ...(name === "integer" ? whole : [])]),
    });
    const values = type === "boolean" ? [true, false] : type === "null" ? [null] : undefined;
    if (!one || !values) return one ?? [];
    const each = values.map((value) => exactly(value, around));
    return bothOf([one], each, around.join);
  });
}

const whole: Alternative["rules"] = new Map([["type", new Set(["integer"])]]);

/** What fits is this one value. */
function exactly(value: unknown, around: Surroundings): Alternative {
  const type = Array.isArray(value) ? "array" : value === null ? "null" : (typeof value as Type);
  const rules = Number.isInteger(value) ? whole : new Map<never, never>();
  return { ...blank(type, around), only: around.textOf(value), bounds: sizeOf(value), rules };
}

function blank(type: Type, around: Surroundings): Alternative {
  const none = new Map<never, never>();
  const any = around.meaningOf();
  const required = new Set<string>();
  const inside = { members: none, others: any, required, names: any, content: any };
  return { type, only: undefined, bounds: none, rules: none, ...inside };
}

function sizeOf(value: unknown): Alternative["bounds"] {
  if (typeof value === "number") return only("imum", value);
  if (typeof value === "string") return only("Length", Array.from(value).length);
  if (Array.isArray(value)) return only("Items", value.length);
  return isSchema(value) ? only("Properties", Object.keys(value).length) : new Map();
}

function only(measure: Measure, at: number): Alternative["bounds"] {
  const bound = { at, isOpen: false };
  return new Map<Bounded, Bound>([
    [`min${measure}`, bound],
    [`max${measure}`, bound],
  ]);
}

const measured: Readonly<Record<Measure, Type>> = {
  imum: "number",
  Length: "string",
  Items: "array",
  Properties: "object",
};

function boundsOf(schema: JSONSchema, type: Type): Alternative["bounds"] {
  const bounds = new Map<Bounded, Bound>();
  const add = (name: Bounded, at: unknown, isOpen = false): void => {
    // That a number is one of JavaScript says nothing.
    if (typeof at !== "number" || Math.abs(at) >= Number.MAX_SAFE_INTEGER) return;
    const bound = { at, isOpen };
    const known = bounds.get(name);
    if (!known || isWithin(name, bound, known)) bounds.set(name, bound);
  };
  for (const measure of measures.filter((one) => measured[one] === type))
    for (const name of [`min${measure}`, `max${measure}`] as const) add(name, schema[name]);
  if (type === "number") {
    add("minimum", schema["exclusiveMinimum"], true);
    add("maximum", schema["exclusiveMaximum"], true);
  }
  if (type === "array" && schema.items === false) add("maxItems", schema.prefixItems?.length ?? 0);
  return bounds;
}

type Inside = Pick<Alternative, "members" | "others" | "required" | "names" | "content">;

function insideOf(schema: JSONSchema, type: Type, around: Surroundings): Partial<Inside> {
  const { direction, meaningOf } = around;
  const part = (keyword: string): Meaning => {
    const found = schema[keyword];
    return meaningOf(typeof found === "boolean" || isSchema(found) ? found : true);
  };
  if (type === "string") return { content: part("contentSchema") };
  if (type === "array") {
    const members = (schema.prefixItems ?? []).map(
      (item, at) => [`${at}`, meaningOf(item)] as const,
    );
    // That there are no further ones is a bound.
    return { members: new Map(members), others: meaningOf(schema.items || true) };
  }
  if (type !== "object") return {};
  const { properties = {}, required = [], additionalProperties = true } = schema;
  // Of an answer "no others" would promise that none is ever added.
  const others = meaningOf(additionalProperties || direction === "output");
  const fields = Object.entries(properties).map(
    ([name, field]) => [name, meaningOf(field)] as const,
  );
  const members = new Map([...required.map((name) => [name, others] as const), ...fields]);
  return { members, others, required: new Set(required), names: part("propertyNames") };
}

function isSchema(value: unknown): value is JSONSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
