import { MIMEType } from "node:util";
import { HTTPException } from "../exceptions.ts";
import { tooLarge } from "../message/index.ts";
import { type PartHead, readPartHead } from "./part-head.ts";
import { malformed, PartSplitter } from "./part-splitter.ts";

export interface Part extends PartHead {
  /** The content, once; what is not asked for is read away before the next part. */
  readonly content: AsyncIterable<Buffer>;
}

/**
 * The parts of a multipart body, one after the other as they arrive: no faster than they are taken.
 * @param limit of the whole body, in bytes
 * @throws 400 413
 */
export async function* readParts(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  limit: number,
): AsyncGenerator<Part> {
  const source = bounded(body, limit);
  const splitter = new PartSplitter(source, boundary);
  try {
    await begin(splitter);
    while (!splitter.isOver) {
      const head = readPartHead(await splitter.head());
      yield { ...head, content: piecesOf(splitter) };
      await skip(splitter);
    }
    // What stands after all parts means nothing, but a connection is good for the next request only after it.
    while (!(await source.next()).done);
  } finally {
    await source.return(undefined);
  }
}

/** RFC 2046. To look for a long one can be made to take its length times that of the body. */
const longestBoundary = 70;

/** @throws 400 where a multipart type does not say what its parts are divided by */
export function boundaryOf(contentType: string): string {
  let boundary: string | null = null;
  try {
    boundary = new MIMEType(contentType).params.get("boundary");
  } catch {
    // It is no media type at all.
  }
  if (boundary && boundary.length > longestBoundary)
    throw malformed(`its boundary is longer than ${longestBoundary} characters`);
  if (boundary) return boundary;
  throw new HTTPException(400, "Missing boundary in multipart.", {
    errorCode: "MALFORMED_MULTIPART",
  });
}

async function* piecesOf(splitter: PartSplitter): AsyncGenerator<Buffer> {
  for (let piece = await splitter.piece(); piece; piece = await splitter.piece()) yield piece;
}

/** Before the first boundary stands nothing: what does would be a part that nobody sees. */
async function begin(splitter: PartSplitter): Promise<void> {
  for await (const piece of piecesOf(splitter)) {
    if (piece.some((byte) => byte !== 0x0d && byte !== 0x0a))
      throw malformed("it does not begin with its boundary");
  }
}

async function skip(splitter: PartSplitter): Promise<void> {
  while (await splitter.piece());
}

async function* bounded(
  body: AsyncIterable<Uint8Array>,
  limit: number,
): AsyncGenerator<Uint8Array, void> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(limit);
    yield chunk;
  }
}
