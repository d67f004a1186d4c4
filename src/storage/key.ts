import { NexusError } from "../exceptions.ts";

/** Bytes of UTF-8, the least that the known places for files allow. */
const longest = 1024;

/**
 * Refuses a key that is no path of plain names.
 * @throws NX_STORAGE_KEY
 */
export function checkKey(key: string): void {
  const fault = faultOf(key);
  if (fault === undefined) return;
  throw new NexusError("NX_STORAGE_KEY", `The key ${shown(key)} ${fault}.`, {
    cure: 'Use names with "/" between them, such as "exports/2026/users.csv"; what people call a file belongs into its metadata.',
  });
}

function faultOf(key: unknown): string | undefined {
  if (typeof key !== "string") return "is no text";
  if (key === "") return "is empty";
  if (Buffer.byteLength(key) > longest) return `is longer than ${longest} bytes`;
  if (!key.isWellFormed()) return "has half of a surrogate pair";
  if (key.includes("\\")) return "has a backslash";
  if (/[\u0000-\u001f\u007f-\u009f]/.test(key)) return "has a control character";
  for (const name of key.split("/")) {
    if (name === "") return "begins or ends with a slash, or has two in a row";
    if (name === "." || name === "..") return `has a part "${name}"`;
  }
  return undefined;
}

function shown(key: unknown): string {
  const text = JSON.stringify(key) ?? String(key);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
