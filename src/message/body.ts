import { HTTPException, NexusError } from "../exceptions.ts";

/** Reads a stream of bytes to its end. @throws 413 as soon as there are more than `limit` bytes */
export async function readAll(
  stream: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}

export function tooLarge(limit: number): HTTPException {
  return new HTTPException(413, `The body is larger than ${limit} bytes`, {
    errorCode: "BODY_TOO_LARGE",
  });
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws TypeError where the bytes are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  return strict.decode(bytes);
}

export type Size = number | `${number}${"B" | "KB" | "MB" | "GB"}`;

/** Bytes: `"10MB"` is 10 × 1024 × 1024. @throws NX_SIZE */
export function bytesOf(size: Size): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(B|KB|MB|GB)$/.exec(String(size)) ?? [];
  const bytes =
    typeof size === "number"
      ? size
      : Number(amount) * 1024 ** ["B", "KB", "MB", "GB"].indexOf(unit ?? "");
  if (bytes >= 0) return Math.floor(bytes);
  // Nothing is larger than NaN: it would be no limit at all.
  throw new NexusError("NX_SIZE", `${JSON.stringify(size)} is no size.`, {
    cure: 'Write bytes, or "10MB".',
  });
}
