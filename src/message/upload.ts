import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { NexusError } from "../exceptions.ts";

/** What a reader of forms knows of a file. */
export interface UploadSource {
  readonly filename: string;
  readonly contentType: string;
  readonly size: number;
  /** The bytes, or the path of the temporary file that has them. */
  readonly content: Uint8Array | string;
}

/** A file of a form. It can be read until its request has ended, background work included. */
export class UploadFile {
  /** As the client says: it may be a path, a lie, or empty. Never open a file by it. */
  readonly filename: string;
  /** As the client says, parameters and all; of a sniffed file what it is. */
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  #content: Uint8Array | string | undefined;
  #isLinked = false;

  constructor({ filename, contentType, size, content }: UploadSource) {
    this.filename = filename;
    this.contentType = contentType;
    this.size = size;
    this.#content = content;
  }

  /** The content, from its beginning each time it is called. @throws NX_UPLOAD_GONE */
  stream(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    this.#get();
    // Read later, it may be gone by then.
    return chunksOf(() => this.#get());
  }

  /** @throws NX_UPLOAD_GONE */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const content = this.#get();
    return typeof content === "string" ? readFile(content) : Uint8Array.from(content);
  }

  /** As UTF-8; what is none becomes U+FFFD. @throws NX_UPLOAD_GONE */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /**
   * Keeps the file under a path, all of it or nothing; only the owner of the process may read it there.
   * The folder must exist.
   * @throws EEXIST where something has that path, unless `overwrite`; NX_UPLOAD_GONE
   */
  async saveTo(path: string, { overwrite = false }: { overwrite?: boolean } = {}): Promise<void> {
    const content = this.#get();
    const beside = join(dirname(path), `.${randomUUID()}.part`);
    try {
      if (typeof content !== "string")
        await writeFile(beside, content, { flag: "wx", mode: 0o600 });
      // Two that are kept are two files: who changes one means not the other.
      else if (this.#isLinked) await copyFile(content, beside, constants.COPYFILE_FICLONE);
      else {
        this.#isLinked = true;
        await linkOrCopy(content, beside);
      }
      if (overwrite) await rename(beside, path);
      else await linkOrCopy(beside, path);
    } finally {
      await rm(beside, { force: true });
    }
  }

  /** Gives the file up before its request ends: a large one frees its place on the disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    const content = this.#content;
    this.#content = undefined;
    if (typeof content === "string") await rm(content, { force: true });
  }

  /** For logs. */
  toJSON(): object {
    const { filename, contentType, size } = this;
    return { filename, contentType, size };
  }

  #get(): Uint8Array | string {
    if (this.#content !== undefined) return this.#content;
    throw new NexusError(
      "NX_UPLOAD_GONE",
      `The uploaded file ${JSON.stringify(this.filename.slice(0, 100))} was read after its request had ended.`,
      {
        cure: "Read it in the handler or in its background work; what is needed for longer goes to Storage, or saveTo().",
      },
    );
  }
}

const chunk = 64 * 1024;

async function* chunksOf(get: () => Uint8Array | string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const content = get();
  if (typeof content !== "string") {
    // Copies: whoever reads may change what he gets.
    for (let at = 0; at < content.byteLength; at += chunk)
      yield Uint8Array.from(content.subarray(at, at + chunk));
    return;
  }
  await using handle = await open(content);
  for (;;) {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(chunk));
    if (!bytesRead) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Never over what is there already. A second name of the same file costs nothing; not every disk has them. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_EXCL));
}
