import { create } from "content-disposition";

/**
 * The value of a Content-Disposition: nothing in a file's name can break out of it, and folders in
 * the name are left out (RFC 6266).
 * @param filename what the file is called when it is kept; old clients see underscores for what is not ASCII
 */
export function contentDisposition(
  filename?: string,
  type: "attachment" | "inline" = "attachment",
): string {
  const name = filename
    ?.toWellFormed()
    .replaceAll(unsayable, "")
    .replace(/^.*[/\\]/s, "");
  if (!name) return type;
  // Some clients take "%41" for an encoded A.
  const fallback = name.replaceAll(/[^\x20-\x7e]|%(?=[\da-f]{2})/giu, "_");
  // Quoted always: it is how everybody else writes it.
  return create(name, { type, fallback }).replace(/^(\w+; filename=)([^";]+)/, '$1"$2"');
}

// Control characters, and marks that turn the direction of what follows: "gpj.exe" reads "exe.jpg".
const unsayable = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
