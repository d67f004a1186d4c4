import { createHash } from "node:crypto";
import { messageOf, NexusError } from "../exceptions.ts";
import { toJSON } from "../message/index.ts";
import {
  describeWhole,
  itemsOf,
  mayWantBigInt,
  reviverOf,
  type Schema,
  validatorOf,
} from "../validation/index.ts";
import type { Task } from "./task.ts";

/** Characters of JSON that one task may have; more belongs into a file, whose name the task gets. */
export const largest = 10_000_000;

/** What a schema made of a value, or why it does not fit. */
export type Reading = { readonly value: unknown } | { readonly faults: string };

/**
 * An input as it is stored: JSON, from which the task can make its own again.
 * @throws NX_TASK_INPUT
 */
export async function writeInput(
  name: string,
  { spec, place }: Task,
  input: unknown,
): Promise<{ readonly json: string; readonly uniqueKey: string | null }> {
  const fail = (what: string, cause?: unknown): never => {
    throw new NexusError("NX_TASK_INPUT", `The task "${name}" was given an input that ${what}.`, {
      cure: `It is stored as JSON, and has to fit the schema at ${place}.`,
      cause,
    });
  };
  if (!spec.input && input !== undefined) fail("it does not take");
  let json = "";
  try {
    if (input !== undefined) json = toJSON(input);
  } catch (error) {
    fail(`JSON cannot say: ${messageOf(error)}`, error);
  }
  if (json.length > largest) fail(`is longer than ${largest} characters`);
  const reading = await readInput(spec.input, json);
  if ("faults" in reading) return fail(`does not fit: ${reading.faults}`);
  return { json, uniqueKey: uniqueKeyOf(spec.unique, json, reading.value) };
}

/** The other way round; the schema may have changed since. */
export async function readInput(schema: Schema | undefined, json: string): Promise<Reading> {
  if (!schema) return { value: undefined };
  return check(schema, json === "" ? undefined : parserOf(schema)(json));
}

/** A value checked by a schema, and what is wrong with it in one line. */
export async function check(schema: Schema, value: unknown): Promise<Reading> {
  const result = await validatorOf(schema)(value);
  if (!result.issues) return { value: result.value };
  const faults = itemsOf(result.issues, [], value).map(({ loc, msg }) =>
    loc.length ? `${loc.join(".")}: ${msg}` : msg,
  );
  return { faults: faults.join("; ") };
}

const parsers = new WeakMap<Schema, (json: string) => unknown>();

/** Reads JSON, with dates and bigints where the schema wants them. */
function parserOf(schema: Schema): (json: string) => unknown {
  const known = parsers.get(schema);
  if (known) return known;
  const described = describeWhole(schema, "input");
  const revive = reviverOf(described);
  const wantsLarge = mayWantBigInt(described);
  const parser = (json: string): unknown => {
    const value: unknown =
      wantsLarge && /\d{16}/.test(json) ? JSON.parse(json, keepLarge) : JSON.parse(json);
    return revive ? revive(value) : value;
  };
  parsers.set(schema, parser);
  return parser;
}

/** An integer that a number would round. */
function keepLarge(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source ?? "";
  const isLarge = typeof value === "number" && !Number.isSafeInteger(value);
  return isLarge && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function uniqueKeyOf(unique: Task["spec"]["unique"], json: string, input: unknown): string | null {
  if (unique === undefined) return null;
  // What it takes is what the schema has made.
  const text = unique === true ? sorted(json) : `=${unique(input as never)}`;
  return createHash("sha256").update(text).digest("base64url");
}

/** Equal values, equal texts, whatever the order of their members. */
function sorted(json: string): string {
  if (json === "") return "";
  return toJSON(JSON.parse(json, inOrder));
}

function inOrder(...[name, value, context]: Parameters<typeof keepLarge>): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : keepLarge(name, value, context);
}
