import type { SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { NexusError } from "../exceptions.ts";

/**
 * What is stored for a value: `true` as 1, a Date as its ISO text, an object or array as JSON.
 * @throws NX_DATABASE_VALUE
 */
export function bind(value: unknown): SQLInputValue {
  switch (typeof value) {
    case "undefined":
      return null;
    case "boolean":
      return value ? 1n : 0n;
    case "number":
      // A number is bound as a float, and a text column would keep 12 as "12.0".
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case "string":
    case "bigint":
      return value;
  }
  if (value === null || ArrayBuffer.isView(value)) return value as SQLInputValue;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value) || isRecord(value)) return JSON.stringify(value);
  throw new NexusError("NX_DATABASE_VALUE", `A column cannot hold ${kindOf(value)}.`, {
    cure: "Store text, a number, a boolean, a Date, bytes, or what JSON can say.",
  });
}

/** Rows as objects, each value of the type that its column was declared with. */
export function readRows(statement: StatementSync, values: readonly SQLInputValue[]): object[] {
  // With setReturnArrays(true) a row is an array; the types do not know.
  const rows = statement.all(...values) as unknown as SQLOutputValue[][];
  if (rows.length === 0) return [];
  // Asked for each time: another process may have changed the table since.
  const columns = statement.columns().map(({ name, type }) => ({ name, read: readerOf(type) }));
  return rows.map((row) => {
    const object: Record<string, unknown> = {};
    for (const [index, { name, read }] of columns.entries()) object[name] = read(row[index]!);
    return object;
  });
}

type Read = (value: SQLOutputValue) => unknown;

const plain: Read = (value) => (typeof value === "bigint" ? toNumber(value) : value);

const readers: Readonly<Record<string, Read>> = {
  boolean: (value) => (typeof value === "bigint" ? value !== 0n : value),
  timestamp: toDate,
  timestamptz: toDate,
  datetime: toDate,
  json: toJson,
  jsonb: toJson,
};

/** The declared type without its length: `timestamp(3)` is `timestamp`. An expression has none. */
function readerOf(type: string | null): Read {
  const name = type?.toLowerCase().match(/^\w+/)?.[0] ?? "";
  return Object.hasOwn(readers, name) ? readers[name]! : plain;
}

function toNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function toDate(value: SQLOutputValue): unknown {
  if (typeof value !== "string") return plain(value);
  // SQLite's own functions write UTC as "2026-11-22 12:04:00".
  const date = new Date(/^[\d-]+ [\d:.]+$/.test(value) ? `${value.replace(" ", "T")}Z` : value);
  return Number.isNaN(date.getTime()) ? value : date;
}

function toJson(value: SQLOutputValue): unknown {
  if (typeof value !== "string") return plain(value);
  try {
    return JSON.parse(value) as unknown;
  } catch {
    // SQLite takes any text here; a row that nobody could read would help no one.
    return value;
  }
}

function isRecord(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object Object]";
}

function kindOf(value: unknown): string {
  return typeof value === "object" ? Object.prototype.toString.call(value) : `a ${typeof value}`;
}
