import { randomBytes } from "node:crypto";
import { NexusError } from "../exceptions.ts";
import type { OpenSource } from "./file-source.ts";
import type { Range } from "./ranges.ts";
import { done } from "./source.ts";

/** Bytes of a file as a body: parts of it, and what stands between them. */
export interface Pieces {
  readonly body: AsyncIterable<Uint8Array>;
  readonly length: number;
}

/** One part of a file. */
export function onePiece(file: OpenSource, range: Range): Pieces {
  return { body: new Body(file, [range]), length: range.end - range.start };
}

/** Several parts, as `multipart/byteranges`. */
export function manyPieces(
  file: OpenSource,
  ranges: readonly Range[],
  mediaType: string,
): Pieces & { readonly mediaType: string } {
  const boundary = randomBytes(16).toString("hex");
  const parts = ranges.flatMap((range, index): (Range | Uint8Array)[] => {
    const place = `bytes ${range.start}-${range.end - 1}/${file.size}`;
    const head = `--${boundary}\r\nContent-Type: ${mediaType}\r\nContent-Range: ${place}\r\n\r\n`;
    return [Buffer.from(index ? `\r\n${head}` : head, "latin1"), range];
  });
  parts.push(Buffer.from(`\r\n--${boundary}--\r\n`));
  const length = parts.reduce((sum, part) => sum + sizeOf(part), 0);
  return {
    body: new Body(file, parts),
    length,
    mediaType: `multipart/byteranges; boundary=${boundary}`,
  };
}

function sizeOf(part: Range | Uint8Array): number {
  return part instanceof Uint8Array ? part.byteLength : part.end - part.start;
}

/** No generator: the end of one that was never begun passes unnoticed, and the file would stay open. */
class Body implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #file: OpenSource;
  readonly #parts: (Range | Uint8Array)[];
  #reading: AsyncIterator<Uint8Array> | undefined;
  /** Bytes that the part being read still owes. */
  #owed = 0;

  constructor(file: OpenSource, parts: readonly (Range | Uint8Array)[]) {
    this.#file = file;
    this.#parts = [...parts];
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      return await this.#step();
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async #step(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      if (!this.#reading) {
        const part = this.#parts.shift();
        if (part instanceof Uint8Array) return { value: part };
        if (!part) return this.return();
        this.#owed = part.end - part.start;
        this.#reading = this.#file.read(part.start, part.end)[Symbol.asyncIterator]();
      }
      const step = await this.#reading.next();
      // It may have been ended meanwhile.
      if (!this.#reading) return done;
      if (step.done && this.#owed === 0) {
        this.#reading = undefined;
        continue;
      }
      if (!step.done) this.#owed -= step.value.byteLength;
      if (!step.done && this.#owed >= 0) return { value: step.value };
      throw new NexusError("NX_FILE", "A file gave other bytes than it was asked for.", {
        cure: "read(start, end) of a FileSource gives end - start bytes.",
      });
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    const reading = this.#reading;
    this.#parts.length = 0;
    this.#reading = undefined;
    this.#owed = 0;
    try {
      await reading?.return?.();
    } finally {
      await this.#file.close?.();
    }
    return done;
  }
}
