import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { messageOf, NexusError } from "../exceptions.ts";
import { findScope } from "../scope.ts";

/** Something that can be read from any place: a file on disk, in a storage, in a table. */
export interface FileSource {
  /** Bytes. */
  readonly size: number;
  readonly modified?: Date | undefined;
  /** Differs whenever the content does; quotes are added where they are missing. */
  readonly etag?: string | undefined;
  readonly contentType?: string | undefined;
  /** The bytes from `start` up to, but without, `end`. */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

/** A source that holds something until it is closed; to close it again does nothing. */
export interface OpenSource extends FileSource {
  close?(): Promise<void>;
}

/**
 * A file on disk as it is at this moment, whatever takes its name later.
 * @param bare only size and date are wanted: it is not opened
 * @throws NX_FILE
 */
export async function openFile(path: string, bare: boolean): Promise<OpenSource> {
  let handle: FileHandle | undefined;
  try {
    // A pipe would wait for a writer without it.
    handle = bare ? undefined : await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await (handle?.stat({ bigint: true }) ?? stat(path, { bigint: true }));
    if (!stats.isFile()) throw new Error("it is no file");
    const facts = {
      size: Number(stats.size),
      modified: stats.mtime,
      etag: `"${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}"`,
    };
    return handle ? new OpenFile(path, handle, facts) : { ...facts, read: () => nothing() };
  } catch (cause) {
    await handle?.close();
    throw new NexusError("NX_FILE", `The file ${path} cannot be sent: ${messageOf(cause)}.`, {
      cure: "See that it is there before a FileResponse is made of it.",
      cause,
    });
  }
}

const chunk = 64 * 1024;

class OpenFile implements OpenSource {
  readonly size: number;
  readonly modified: Date;
  readonly etag: string;
  readonly #path: string;
  #handle: FileHandle | undefined;

  constructor(
    path: string,
    handle: FileHandle,
    facts: { readonly size: number; readonly modified: Date; readonly etag: string },
  ) {
    this.size = facts.size;
    this.modified = facts.modified;
    this.etag = facts.etag;
    this.#path = path;
    this.#handle = handle;
    // An answer may be dropped on its way out, and its body never be asked for.
    const scope = findScope();
    if (scope?.kind === "request") scope.defer(() => this.close());
  }

  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    for (let at = start; at < end;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(chunk, end - at));
      const bytesRead = (await this.#handle?.read(buffer, 0, buffer.length, at))?.bytesRead;
      if (!bytesRead)
        throw new NexusError("NX_FILE", `The file ${this.#path} ended early while it was sent.`, {
          cure: "Write a new file beside it and rename that, so that readers keep the old one.",
        });
      at += bytesRead;
      yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
