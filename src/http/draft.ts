import { rm } from "node:fs/promises";
import type { OpenDraft } from "../drafts.ts";
import type { Spool } from "./spool.ts";

/** Bytes of a file that stay in memory. */
const mostInMemory = 64 * 1024;
/** What tells one type of file from another stands in so many bytes. */
const sampleSize = 4100;

/** How many bytes a whole request may still have in memory. */
export interface Room {
  left: number;
}

/** A file while it arrives: in memory as long as it is small, then on the disk. */
export class Draft {
  size = 0;
  readonly #spool: () => Spool;
  readonly #room: Room;
  readonly #inspect: (beginning: Buffer) => void | Promise<void>;
  #pieces: Buffer[] = [];
  #file: OpenDraft | undefined;

  /** @param inspect sees the beginning, or the whole of a small file, before anything of it is kept */
  constructor(
    spool: () => Spool,
    room: Room,
    inspect: (beginning: Buffer) => void | Promise<void>,
  ) {
    this.#spool = spool;
    this.#room = room;
    this.#inspect = inspect;
  }

  async add(piece: Buffer): Promise<void> {
    this.size += piece.byteLength;
    if (this.#file) return this.#file.handle.appendFile(piece);
    this.#pieces.push(piece);
    this.#room.left -= piece.byteLength;
    const isCrowded = this.#room.left < 0 && this.size > sampleSize;
    if (this.size > mostInMemory || isCrowded) await this.#spill();
  }

  /** @returns the content, or the path of the file that has it */
  async finish(): Promise<Buffer | string> {
    if (this.#file) {
      await this.#file.handle.close();
      return this.#file.path;
    }
    // One copy, so that a small file does not hold on to all that came along with it.
    const whole = Buffer.concat(this.#pieces);
    await this.#inspect(whole);
    return whole;
  }

  async discard(): Promise<void> {
    if (!this.#file) return;
    try {
      await this.#file.handle.close();
    } finally {
      await rm(this.#file.path, { force: true });
    }
  }

  async #spill(): Promise<void> {
    const beginning = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#room.left += beginning.byteLength;
    await this.#inspect(beginning);
    this.#file = await this.#spool().open();
    await this.#file.handle.appendFile(beginning);
  }
}
