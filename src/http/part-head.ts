import { MIMEType } from "node:util";
import { isMediaType } from "../message/index.ts";
import { malformed } from "./part-splitter.ts";

/** What stands before the content of a part. */
export interface PartHead {
  readonly name: string;
  /** A part without one is a text. */
  readonly filename: string | undefined;
  /** As it was sent; `undefined` where none was, or what was sent is none. */
  readonly contentType: string | undefined;
  /** Of a text, where the part says it. */
  readonly charset: string | undefined;
}

const maxFields = 100;

/** Reads the head of a part, as RFC 7578 has it. @throws 400 */
export function readPartHead(bytes: Buffer): PartHead {
  const headers = readFields(bytes.toString());
  const disposition = headers.get("content-disposition");
  if (disposition === undefined) throw malformed("a part has no Content-Disposition");
  const [kind, parameters] = readParameters(disposition);
  const name = parameters.get("name");
  if (kind !== "form-data" || !name) throw malformed("a part has no name");
  const encoding = headers.get("content-transfer-encoding")?.toLowerCase() ?? "binary";
  if (!["7bit", "8bit", "binary"].includes(encoding)) {
    // Nobody has sent it for years. To keep the text of an encoding as if it were the file would be a lie.
    throw malformed(`a part is encoded (${encoding.slice(0, 20)}), where it should stand as it is`);
  }
  const extended = parameters.get("filename*");
  const filename = readExtended(extended) ?? parameters.get("filename");
  // Without a name it would pass for a text.
  if (extended !== undefined && filename === undefined)
    throw malformed("a part has a filename* that cannot be read");
  const type = headers.get("content-type");
  const contentType = type !== undefined && isMediaType(type) ? type : undefined;
  return { name, filename, contentType, charset: contentType && charsetOf(contentType) };
}

function charsetOf(contentType: string): string | undefined {
  return new MIMEType(contentType).params.get("charset") ?? undefined;
}

const fieldName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const control = /[\x00-\x08\x0a-\x1f\x7f]/;

function readFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  // A value may go on in the next line, after a space.
  const lines = text === "" ? [] : text.replaceAll(/\r\n(?=[ \t])/g, "").split("\r\n");
  if (lines.length > maxFields) throw malformed(`a part has more than ${maxFields} header fields`);
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!fieldName.test(name) || control.test(line))
      throw malformed("a part has a broken header field");
    // Two readers would each believe another one.
    if (fields.has(name) && name.startsWith("content-"))
      throw malformed(`a part says ${name.slice(0, 50)} twice`);
    fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

/** `form-data; name="a"; filename="b"` */
function readParameters(text: string): [value: string, ReadonlyMap<string, string>] {
  const parameters = new Map<string, string>();
  const end = text.indexOf(";");
  const value = (end < 0 ? text : text.slice(0, end)).trim().toLowerCase();
  parameter.lastIndex = end < 0 ? text.length : end;
  while (parameter.lastIndex < text.length) {
    const [whole, name, quoted, bare] = parameter.exec(text) ?? [];
    if (whole === undefined) throw malformed("a part has a parameter that cannot be read");
    if (name === undefined) continue;
    const key = name.toLowerCase();
    if (parameters.has(key)) throw malformed(`a part says ${key.slice(0, 50)} twice`);
    parameters.set(key, quoted === undefined ? bare! : quoted.replaceAll(/\\(["\\])/g, "$1"));
  }
  return [value, parameters];
}

// Sticky, each step at least one character, no part that could be read in two ways: linear.
const parameter =
  /;[ \t]*(?:([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[^])*)"|([^\s";]+))[ \t]*)?/y;

/** `utf-8''n%C3%A4me.txt`; `undefined` where it cannot be read, so that the plain one counts. */
function readExtended(text: string | undefined): string | undefined {
  const [, encoded] = /^utf-8'[\w-]*'(.*)$/i.exec(text ?? "") ?? [];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
