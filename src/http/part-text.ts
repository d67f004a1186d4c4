import { HTTPException } from "../exceptions.ts";
import type { Part } from "./multipart.ts";

/** The texts of one form: how much they may be together, and what they are written in. */
export class PartTexts {
  readonly #limit: number;
  #size = 0;
  #charset = "utf-8";

  /** @param limit in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws 413 400 */
  async read({ name, content, charset = this.#charset }: Part): Promise<string> {
    const pieces: Buffer[] = [];
    for await (const piece of content) {
      this.#size += piece.byteLength;
      if (this.#size > this.#limit) throw tooLarge(this.#limit);
      pieces.push(piece);
    }
    const text = decode(Buffer.concat(pieces), charset, name);
    // So a form says what all that follows is written in.
    if (name === "_charset_") this.#charset = text;
    return text;
  }
}

function decode(bytes: Buffer, charset: string, name: string): string {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const where = JSON.stringify(name.slice(0, 100));
    throw new HTTPException(400, `The text in ${where} is not ${charset.slice(0, 40)}`, { cause });
  }
}

function tooLarge(limit: number): HTTPException {
  return new HTTPException(413, `The texts of the form are larger than ${limit} bytes`, {
    errorCode: "BODY_TOO_LARGE",
  });
}
