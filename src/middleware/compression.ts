import { NexusError } from "../exceptions.ts";
import {
  bytesOf,
  discard,
  type Headers,
  isBodiless,
  type Request,
  Response,
  type Size,
} from "../message/index.ts";
import { type Encoding, encodings as known, readAcceptEncoding } from "./accept-encoding.ts";
import type { Layer } from "./compose.ts";
import { createEncoder, type Encoder } from "./encoder.ts";

export interface CompressionOptions {
  /** Below it a body of known length is not worth it; default 1 KB. */
  readonly threshold?: Size;
  /** The best first; default zstd, br, gzip. */
  readonly encodings?: readonly Encoding[];
}

/**
 * Compresses what is text in what the client takes. Streams stay streams: each chunk leaves when it
 * comes. What is asked for in ranges, and what says `no-transform`, stays as it is.
 */
export function compression(options: CompressionOptions = {}): Layer {
  const threshold = bytesOf(options.threshold ?? "1KB");
  const encoders = createEncoders(options.encodings ?? known);
  const offered = [...encoders.keys()];
  return async function compression(request, next) {
    const response = await next();
    const { headers, status } = response;
    if (!isCompressible(response)) return response;
    vary(headers);
    const wish = readAcceptEncoding(request.headers.get("accept-encoding"), offered);
    if (wish.encoding === undefined) return response;
    if (status === 304) {
      if (hasEncoded(request, headers)) weaken(headers);
      return response;
    }
    const size = lengthOf(response);
    const isSmall = size !== undefined && size < threshold && !wish.refusesPlain;
    if (isSmall || request.headers.has("range")) return response;
    return encode(response, request, wish.encoding, encoders.get(wish.encoding)!);
  };
}

function createEncoders(encodings: readonly Encoding[]): Map<Encoding, Encoder> {
  const unknown = encodings.filter((one) => !known.includes(one));
  if (encodings.length && !unknown.length)
    return new Map(encodings.map((one) => [one, createEncoder(one)]));
  throw new NexusError(
    "NX_COMPRESSION",
    `compression() was given ${unknown.length ? `the encoding "${unknown.join('", "')}"` : "no encodings"}.`,
    { cure: `Choose from ${known.join(", ")}.` },
  );
}

// Pictures, films, archives and fonts of the web are compressed already.
const compressible =
  /^(?:text\/|(?:application|image|model|font)\/(?:[\w.-]+\+(?:json|xml|text)|json|xml|javascript|ecmascript|x-javascript|x-ndjson|jsonl|graphql|sql|rtf|wasm|yaml|toml|x-sh|bmp|x-icon|vnd\.microsoft\.icon|ttf|otf)\s*(?:;|$))/i;

function isCompressible({ status, headers }: Response): boolean {
  if (/\bno-transform\b/i.test(headers.get("cache-control") ?? "")) return false;
  if (status === 304) return true;
  if (isBodiless(status) || status === 206) return false;
  if (headers.has("content-encoding") || headers.has("content-range")) return false;
  return compressible.test(headers.get("content-type") ?? "");
}

/** Bytes, where they are known beforehand. */
function lengthOf({ body, headers }: Response): number | undefined {
  const said = headers.get("content-length");
  if (said !== null) return Number(said);
  if (body === null) return 0;
  return typeof body === "string" || body instanceof Uint8Array
    ? Buffer.byteLength(body)
    : undefined;
}

async function encode(
  response: Response,
  { method }: Request,
  encoding: Encoding,
  encoder: Encoder,
): Promise<Response> {
  const { body } = response;
  const encoded = new Response(await encodedBody(body, method, encoder), {
    status: response.status,
    headers: response.headers,
  });
  const { headers } = encoded;
  // Nobody knows the length yet, and parts of it cannot be had.
  headers.delete("content-length");
  headers.delete("accept-ranges");
  headers.set("Content-Encoding", encoding);
  weaken(headers);
  return encoded;
}

async function encodedBody(
  body: Response["body"],
  method: string,
  encoder: Encoder,
): Promise<Response["body"]> {
  if (method === "HEAD") {
    await discard(body);
    // A stream, so that nobody works out the length of nothing.
    return nothing();
  }
  if (body === null) return encoder.whole(new Uint8Array());
  if (typeof body === "string") return encoder.whole(Buffer.from(body));
  return body instanceof Uint8Array ? encoder.whole(body) : encoder.stream(body);
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Says that others may get it otherwise. */
function vary(headers: Headers): void {
  const said = headers.get("vary");
  if (said === null) headers.set("Vary", "Accept-Encoding");
  else if (!/(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(said))
    headers.set("Vary", `${said}, Accept-Encoding`);
}

/** Whether a client that knows the answer has it compressed: its type would tell, but is not said again. */
function hasEncoded(request: Request, headers: Headers): boolean {
  const etag = headers.get("etag");
  return etag !== null && (request.headers.get("if-none-match") ?? "").includes(`W/${etag}`);
}

/** Byte for byte it is another body now. */
function weaken(headers: Headers): void {
  const etag = headers.get("etag");
  if (etag?.startsWith('"')) headers.set("ETag", `W/${etag}`);
}
