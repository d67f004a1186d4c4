/**
 * JSON text. A bigint is written as a number, a Date as RFC 3339.
 * @throws TypeError for what JSON cannot say: rings, NaN, Infinity, promises, Maps and Sets
 */
export function toJSON(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError) || !/BigInt/i.test(error.message)) throw error;
    text = JSON.stringify(value, rawBigInt);
  }
  if (text === undefined) return "null";
  // NaN is written as null, a forgotten promise as {}: where there is one, look whether it is true.
  if (text.includes("null") || text.includes("{}")) refuseUnsayable(value);
  return text;
}

function rawBigInt(_: string, value: unknown): unknown {
  return typeof value === "bigint"
    ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(`${value}`)
    : value;
}

/** @param name of the member that it is, for the message */
function refuseUnsayable(value: unknown, name?: string | number): void {
  if (typeof value === "number" && !Number.isFinite(value))
    throw new TypeError(`JSON has no ${value}${placeOf(name)}.`);
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item !== "string" && isDoubtful(item)) refuseUnsayable(item, i);
    }
    return;
  }
  if ("toJSON" in value) return;
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) refuseKind(value, name);
  // Over names that stand in the object's shape: neither a list of them nor one of values is made.
  for (const key in value) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    // Most are texts: no call is made for them.
    if (typeof member === "string" || !isDoubtful(member)) continue;
    if (isPlain || Object.hasOwn(value, key)) refuseUnsayable(member, key);
  }
}

function isDoubtful(value: unknown): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  return typeof value === "object" && value !== null;
}

function refuseKind(value: object, name: string | number | undefined): void {
  if (value instanceof Promise) throw new TypeError(`A promise${placeOf(name)} was not awaited.`);
  if (value instanceof Map || value instanceof Set)
    throw new TypeError(
      `JSON has no ${value.constructor.name}${placeOf(name)}: make a list or an object of it.`,
    );
}

function placeOf(name: string | number | undefined): string {
  return name === undefined ? "" : ` (at "${name}")`;
}
