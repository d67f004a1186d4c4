import {
  currentUser,
  get,
  HTTPException,
  type Identity,
  inject,
  NotFound,
  post,
  Routes,
  StreamingResponse,
} from "nexus-platform";
import { file, FileResponse, files, media, type UploadFile } from "nexus-platform/http";
import { currentLog } from "nexus-platform/log";
import { contentDisposition } from "nexus-platform/message";
import { z } from "zod";
import { FileService, inChunks } from "./file-service.ts";

const allowed = ["image/jpeg", "image/png", "image/gif", "application/pdf"] as const;
const maxSize = 10 * 1024 * 1024;
/** Beyond this a file is cut off while it arrives; up to it the handler says what is wrong. */
const hardCap = "11MB";

const StoredUpload = z
  .object({
    file_id: z.uuid(),
    filename: z.string(),
    content_type: z.string(),
    size: z.int(),
    download_url: z.string(),
  })
  .meta({ id: "StoredUpload" });
type StoredUpload = z.output<typeof StoredUpload>;

const UploadResult = z.discriminatedUnion("status", [
  z.object({ status: z.literal("success"), file: StoredUpload }),
  z.object({ status: z.literal("error"), filename: z.string(), error: z.string() }),
]);

/** Files in and out. Who knows a file's id may have it: nobody can guess one. */
export class FileRoutes extends Routes {
  files = inject(FileService);

  /** Upload a file: a picture or a PDF of at most 10 MiB. */
  upload = post(
    "/upload",
    {
      use: { me: currentUser },
      form: { file: file({ maxSize: hardCap }) },
      response: StoredUpload,
    },
    ({ file, me }) => this.#keep(file, me),
  );

  /** Upload up to ten files; one that is refused does not hold up the others. */
  uploadMultiple = post(
    "/upload/multiple",
    {
      use: { me: currentUser },
      form: { files: files({ max: 10, maxSize: hardCap }) },
      response: z.object({ results: z.array(UploadResult) }),
    },
    async ({ files, me }) => {
      const results: z.input<typeof UploadResult>[] = [];
      for (const upload of files) {
        try {
          results.push({ status: "success", file: await this.#keep(upload, me) });
        } catch (error) {
          results.push({ status: "error", filename: upload.filename, error: reasonOf(error) });
        }
      }
      return { results };
    },
  );

  /** Download a file by ID. */
  download = get(
    "/files/{file_id}/download",
    { response: media(...allowed), responses: { 404: NotFound } },
    async ({ file_id }) => {
      const { info, content } = await this.#find(file_id);
      return new FileResponse(content, { filename: info.filename, mediaType: info.content_type });
    },
  );

  /** Stream a file (useful for large files). */
  stream = get(
    "/files/{file_id}/stream",
    { response: media(...allowed), responses: { 404: NotFound } },
    async ({ file_id }) => {
      const { info, content } = await this.#find(file_id);
      return new StreamingResponse(inChunks(content.stream(), 8192), {
        mediaType: info.content_type,
        headers: { "Content-Disposition": contentDisposition(info.filename) },
      });
    },
  );

  async #keep(upload: UploadFile, me: Identity): Promise<StoredUpload> {
    const { filename, contentType, size } = upload;
    if (!allowed.some((type) => type === contentType))
      throw new HTTPException(400, `File type ${contentType} not allowed`);
    if (size > maxSize) throw new HTTPException(400, "File too large");
    const { file_id } = await this.files.save(upload, me.id);
    const download_url = `/my-plugin/files/${file_id}/download`;
    return { file_id, filename, content_type: contentType, size, download_url };
  }

  async #find(fileId: string) {
    const info = await this.files.info(fileId);
    if (!info) throw new HTTPException(404, "File not found");
    const content = await this.files.content(info);
    if (!content) throw new HTTPException(404, "File not found on disk");
    return { info, content };
  }
}

/** What a client may know of an error. */
function reasonOf(error: unknown): string {
  if (error instanceof HTTPException) return error.detail;
  currentLog().error({ err: error }, "A file could not be stored");
  return "The file could not be stored";
}
