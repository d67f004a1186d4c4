import { HTTPException } from "../exceptions.ts";

/** Bytes that the head of one part may have. */
const maxHead = 16 * 1024;
/** Spaces that may stand between a boundary and the end of its line. */
const maxPadding = 100;

/** Cuts a multipart body at its boundary, piece by piece as it is asked for. */
export class PartSplitter {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #delimiter: Buffer;
  /** What has come and was not asked for. The first boundary has no line before it. */
  #rest: Buffer = Buffer.from("\r\n");
  #isInside = true;
  #isOver = false;

  constructor(source: AsyncIterator<Uint8Array>, boundary: string) {
    this.#source = source;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
  }

  /** Whether the last boundary was found. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * More of the part; `undefined` at its end. Before the first head: what stands before all parts.
   * @throws 400 where the body ends first
   */
  async piece(): Promise<Buffer | undefined> {
    let from = 0;
    while (this.#isInside) {
      const at = this.#rest.indexOf(this.#delimiter, from);
      if (at < 0) {
        const end = this.#certain(from);
        if (end > 0) return this.#take(end);
        await this.#more();
        continue;
      }
      const found = this.#follows(at + this.#delimiter.length);
      // A line that only begins as a boundary does is content.
      if (found === "content") from = at + 1;
      else if (at > 0) return this.#take(at);
      else if (found === "more") await this.#more();
      else {
        this.#take(found.end);
        this.#isInside = false;
        this.#isOver = found.isLast;
      }
    }
    return undefined;
  }

  /** The lines between a boundary and the empty line after it. @throws 400 */
  async head(): Promise<Buffer> {
    for (;;) {
      const at = this.#rest.indexOf("\r\n\r\n");
      if (at > maxHead || (at < 0 && this.#rest.length > maxHead))
        throw malformed(`the head of a part is larger than ${maxHead} bytes`);
      if (at < 0) await this.#more();
      else {
        this.#isInside = true;
        return this.#take(at + 4).subarray(2, at);
      }
    }
  }

  /** What stands at the end of a boundary: of a further one, its line break is left there. */
  #follows(start: number): "content" | "more" | { readonly end: number; readonly isLast: boolean } {
    const rest = this.#rest;
    if (rest[start] === dash) {
      if (rest.length === start + 1) return "more";
      return rest[start + 1] === dash ? { end: start + 2, isLast: true } : "content";
    }
    let end = start;
    while (rest[end] === space || rest[end] === tab) end++;
    if (end - start > maxPadding) return "content";
    if (rest.length < end + 2) return rest.length === end || rest[end] === cr ? "more" : "content";
    return rest[end] === cr && rest[end + 1] === lf ? { end, isLast: false } : "content";
  }

  /** Up to where what is there belongs to the part, though its end could be the beginning of a boundary. */
  #certain(from: number): number {
    const rest = this.#rest;
    let at = rest.indexOf(cr, Math.max(from, rest.length - this.#delimiter.length + 1));
    for (; at >= 0; at = rest.indexOf(cr, at + 1))
      if (this.#delimiter.subarray(0, rest.length - at).equals(rest.subarray(at))) return at;
    return rest.length;
  }

  #take(end: number): Buffer {
    const taken = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end);
    return taken;
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#source.next();
    if (done) throw malformed("it ends before its last boundary");
    this.#rest = this.#rest.length
      ? Buffer.concat([this.#rest, value])
      : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
}

const [cr, lf, dash, space, tab] = [0x0d, 0x0a, 0x2d, 0x20, 0x09];

export function malformed(what: string): HTTPException {
  return new HTTPException(400, `The multipart body is malformed: ${what}`, {
    errorCode: "MALFORMED_MULTIPART",
  });
}
