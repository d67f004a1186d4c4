import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { messageOf, NexusError } from "../exceptions.ts";
import type { FileAbout, FileInfo } from "./engine.ts";
import { endOf, piece } from "./packed-file.ts";

/** Writes a new file, and resolves when it is on the disk; it is closed then, or when that failed. */
export async function writePacked(
  file: FileHandle,
  about: FileAbout,
  content: AsyncIterable<Uint8Array>,
): Promise<FileInfo> {
  try {
    const hash = createHash("sha256");
    const pieces = new Pieces((bytes) => onDisk(about, writeAll(file, bytes)));
    let size = 0;
    for await (const chunk of content) {
      hash.update(chunk);
      size += chunk.byteLength;
      await pieces.add(chunk);
    }
    const info = { ...about, size, etag: hash.digest("hex"), modified: new Date() };
    await pieces.add(endOf(info));
    await pieces.flush();
    await onDisk(about, file.sync());
    return info;
  } finally {
    await file.close();
  }
}

/** Gathers small chunks, so that a file of many lines is not written line by line. */
class Pieces {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  // Copied into: a source may use the bytes that it gave again.
  readonly #gathered = Buffer.allocUnsafeSlow(piece);
  #length = 0;

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  async add(chunk: Uint8Array): Promise<void> {
    if (this.#length + chunk.byteLength > piece) await this.flush();
    if (chunk.byteLength > piece) return this.#write(chunk);
    this.#gathered.set(chunk, this.#length);
    this.#length += chunk.byteLength;
  }

  async flush(): Promise<void> {
    if (this.#length) await this.#write(this.#gathered.subarray(0, this.#length));
    this.#length = 0;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    const { bytesWritten } = await file.write(bytes, at);
    at += bytesWritten;
  }
}

/** Tells a fault of the disk from one of the content's source. */
export async function onDisk<T>({ key }: { readonly key: string }, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new NexusError("NX_STORAGE_WRITE", `"${key}" could not be stored: ${messageOf(cause)}.`, {
      cure: "What was stored under it before is still there. Has the disk space, and may this process write there?",
      cause,
    });
  }
}
