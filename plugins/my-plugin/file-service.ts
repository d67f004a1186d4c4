import { extname } from "node:path";
import { inject, Service } from "nexus-platform";
import { Database } from "nexus-platform/database";
import type { UploadFile } from "nexus-platform/http";
import { Storage, type StoredFile } from "nexus-platform/storage";

interface FileRow {
  file_id: string;
  /** As whoever uploaded it called it: shown, and never opened by. */
  filename: string;
  content_type: string;
  size: number;
  storage_key: string;
  uploaded_by: string;
  created_at: Date;
}

/** Uploaded files: a row for what is known of each, and the content in the storage. */
export class FileService extends Service {
  #db = inject(Database<{ my_plugin_files: FileRow }>);
  #storage = inject(Storage);

  async save(upload: UploadFile, uploadedBy: string): Promise<FileRow> {
    const { filename, contentType, size } = upload;
    const file_id = crypto.randomUUID();
    const storage_key = `my-plugin/uploads/${file_id}${extensionOf(filename)}`;
    await this.#storage.put(storage_key, upload.stream(), { contentType });
    try {
      return await this.#db
        .insertInto("my_plugin_files")
        .values({
          file_id,
          filename,
          content_type: contentType,
          size,
          storage_key,
          uploaded_by: uploadedBy,
          created_at: new Date(),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
    } catch (error) {
      await this.#storage.delete(storage_key);
      throw error;
    }
  }

  async info(fileId: string): Promise<FileRow | undefined> {
    return this.#db
      .selectFrom("my_plugin_files")
      .selectAll()
      .where("file_id", "=", fileId)
      .executeTakeFirst();
  }

  /** @returns undefined when only the row is left */
  async content({ storage_key }: FileRow): Promise<StoredFile | undefined> {
    return this.#storage.get(storage_key);
  }
}

/** In pieces of this size, the last one excepted. */
export async function* inChunks(
  source: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = Buffer.alloc(0);
  for await (const piece of source) {
    const bytes = rest.length ? Buffer.concat([rest, piece]) : piece;
    let at = 0;
    for (; at + size <= bytes.length; at += size) yield bytes.subarray(at, at + size);
    rest = bytes.subarray(at);
  }
  if (rest.length) yield rest;
}

/** Of a name that a client chose, only what can be nothing but an extension. */
function extensionOf(filename: string): string {
  return /^\.[a-z0-9]{1,10}$/i.exec(extname(filename))?.[0].toLowerCase() ?? "";
}
