import type { Type } from "./compare-alternative.ts";

/** Keywords that are understood. */
const understood = new Set(
  (
    "type enum const $ref allOf anyOf oneOf minimum exclusiveMinimum maximum exclusiveMaximum " +
    "minLength maxLength contentSchema items prefixItems minItems maxItems properties required " +
    "additionalProperties propertyNames minProperties maxProperties"
  ).split(" "),
);

const remarks = new Set(
  (
    "title description default examples example deprecated readOnly writeOnly id discriminator " +
    "externalDocs xml $comment $id $anchor $schema $defs definitions"
  ).split(" "),
);

/** Whether every value fits, whatever the keyword says. */
export function isRemark(keyword: string): boolean {
  return remarks.has(keyword) || keyword.startsWith("x-");
}

const typesByRule = new Map<string, readonly Type[]>([
  ["format", ["string", "number"]],
  ...rulesOf("string", "pattern contentEncoding contentMediaType"),
  ...rulesOf("number", "multipleOf"),
  ...rulesOf("array", "uniqueItems contains minContains maxContains unevaluatedItems"),
  ...rulesOf(
    "object",
    "patternProperties dependentRequired dependentSchemas unevaluatedProperties",
  ),
]);

function rulesOf(type: Type, keywords: string): [string, readonly Type[]][] {
  return keywords.split(" ").map((keyword) => [keyword, [type]]);
}

/** Whether the text of a keyword is all that can be compared; of an unknown one it counts for every type. */
export function isRule(keyword: string, type: Type): boolean {
  if (understood.has(keyword) || isRemark(keyword)) return false;
  return typesByRule.get(keyword)?.includes(type) ?? true;
}
