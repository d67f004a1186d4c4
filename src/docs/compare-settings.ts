import {
  describe,
  itemsOf,
  type JSONSchema,
  type Schema,
  validatorOf,
} from "../validation/index.ts";
import type { Change } from "./compare-change.ts";
import { SchemaComparison } from "./compare-schemas.ts";
import { goneWords } from "./compare-words.ts";

/**
 * What is different in the settings of a plugin. What the values do not fit is breaking: one that is
 * missing, one that may not be so any more, one for a setting that is gone. No value is repeated.
 * @param values all that is set, wherever that was said
 */
export async function compareSettings(
  before: Schema | undefined,
  after: Schema | undefined,
  values: Readonly<Record<string, unknown>> = {},
): Promise<Change[]> {
  const [known, now] = [describeSettings(before), describeSettings(after)];
  const faults = await faultsOf(after, values);
  const changes = new SchemaComparison(known, now)
    .of(known, now, "input")
    // A setting that nobody named is refused in any case.
    .filter(({ path, kind }) => kind !== "field" || !path.endsWith(".*"))
    .map(({ path, what }): Change => {
      const key = path.replace(/^\./, "");
      const isLeft = isGone(what) && has(values, key);
      const fault = isLeft ? "it is set" : faults.get(key);
      faults.delete(key);
      return changeOf(
        key,
        fault === undefined ? what : `${what}, but ${fault}`,
        fault !== undefined,
      );
    });
  return [...changes, ...[...faults].map(([key, fault]) => changeOf(key, fault, true))];
}

function changeOf(key: string, words: string, breaking: boolean): Change {
  return { kind: "setting", what: `${key || "all"}: ${words}`, breaking };
}

/** A plugin without a schema has no settings. */
function describeSettings(schema: Schema | undefined): JSONSchema {
  if (!schema) return { type: "object", additionalProperties: false };
  return describe(schema, "input") ?? {};
}

async function faultsOf(schema: Schema | undefined, values: object): Promise<Map<string, string>> {
  const { issues = [] } = schema ? await validatorOf(schema)(values) : {};
  return new Map(
    itemsOf(issues, [], values).map(({ loc, type }) => [
      loc.join("."),
      type === "missing" ? "it has no value" : "its value does not fit",
    ]),
  );
}

function isGone(what: string): boolean {
  return what === goneWords.ignored || what === goneWords.refused;
}

function has(values: unknown, key: string): boolean {
  let found = values;
  for (const part of key.split("."))
    found = (found as Record<string, unknown> | null | undefined)?.[part];
  return found !== undefined;
}
