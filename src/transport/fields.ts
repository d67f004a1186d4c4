import type { Response } from "../message/index.ts";

/** Whether a field speaks of the connection: who sends the answer says that, and nobody else. */
export function isOfConnection(name: string): boolean {
  switch (name.length) {
    case 2:
    case 7:
    case 10:
    case 16:
    case 17:
      return ofConnection.test(name);
    default:
      return false;
  }
}

const ofConnection =
  /^(?:te|trailer|upgrade|connection|keep-alive|proxy-connection|transfer-encoding)$/i;

export function isLength(name: string): boolean {
  return name.length === 14 && name.toLowerCase() === "content-length";
}

/** Whether an answer wants its connection to end with it. */
export function wantsClose(response: Response): boolean {
  return /(?:^|,)\s*close\s*(?:,|$)/i.test(response.headers.get("connection") ?? "");
}

/** The fields that an answer is sent with: its length is the true one, or one that a stream is held to. */
export function fieldsOf(response: Response, isHead: boolean): string[] {
  const { raw } = response.headers;
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    if (!isOfConnection(name) && !isLength(name)) fields.push(name, raw[i + 1]!);
  }
  const length = lengthOf(response, isHead);
  if (length !== undefined) fields.push("Content-Length", length);
  return fields;
}

function lengthOf({ body, status, headers }: Response, isHead: boolean): string | undefined {
  if (status === 204) return undefined;
  // Without a length the client would wait for the body of a 205.
  if (status === 205) return "0";
  const said = headers.get("content-length");
  const declared = said !== null && /^\d+$/.test(said) ? said : undefined;
  if (status === 304) return declared;
  if (body === null) return isHead ? (declared ?? "0") : "0";
  const isWhole = typeof body === "string" || body instanceof Uint8Array;
  return isWhole ? String(Buffer.byteLength(body)) : declared;
}
