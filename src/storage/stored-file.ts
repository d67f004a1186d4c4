import { decodeUtf8, type FileSource, readAll } from "../message/index.ts";
import type { FileInfo } from "./engine.ts";

export type Read = (file: FileInfo, start: number, end: number) => AsyncIterable<Uint8Array>;

/** A stored file, as it was when it was asked for: `new FileResponse(file)` sends it. */
export class StoredFile implements FileInfo, FileSource {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly modified: Date;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #read: Read;

  constructor(info: FileInfo, read: Read) {
    this.key = info.key;
    this.size = info.size;
    this.etag = info.etag;
    this.modified = info.modified;
    this.contentType = info.contentType;
    this.metadata = info.metadata;
    this.#read = read;
  }

  /**
   * The bytes from `start` to before `end`.
   * @throws RangeError; NX_STORAGE_CHANGED when it was replaced or removed in the meantime
   */
  read(start: number, end: number): AsyncIterable<Uint8Array> {
    const fits = Number.isInteger(start) && Number.isInteger(end);
    if (!fits || start < 0 || end < start || end > this.size)
      throw new RangeError(
        `"${this.key}" has no bytes ${start} to ${end}: its size is ${this.size}.`,
      );
    return this.#read(this, start, end);
  }

  stream(): AsyncIterable<Uint8Array> {
    return this.read(0, this.size);
  }

  /** All of it, in memory. */
  async bytes(): Promise<Uint8Array> {
    return readAll(this.stream(), Infinity);
  }

  async text(): Promise<string> {
    return decodeUtf8(await this.bytes());
  }
}
