import { HTTPException, NexusError } from "../exceptions.ts";
import { mayContinue, refusedBy } from "./conditions.ts";
import { contentDisposition } from "./disposition.ts";
import { type FileSource, openFile, type OpenSource } from "./file-source.ts";
import { Headers } from "./headers.ts";
import { unknownType } from "./media-type.ts";
import { manyPieces, onePiece } from "./pieces.ts";
import { type Range, readRanges } from "./ranges.ts";
import type { Request } from "./request.ts";
import { Response, type ResponseOptions, withCharset } from "./response.ts";

export interface FileResponseOptions extends ResponseOptions {
  /** What it is called when it is kept; folders are left out. */
  readonly filename?: string | undefined;
  /** Whether browsers keep it or show it; default `attachment` with a filename, else nothing is said. */
  readonly disposition?: "attachment" | "inline" | undefined;
}

/**
 * A file, or the parts of it that a client asks for; nothing when the client has it already.
 * It is looked at when the answer leaves the handler: one that is not there is then a 500.
 */
export class FileResponse extends Response {
  readonly #file: string | FileSource;
  readonly #name: string | undefined;

  /**
   * @param file a path, or what can be read like a file
   * @param options `mediaType` is by default the source's, else what the name's ending says
   */
  constructor(file: string | FileSource, options: FileResponseOptions = {}) {
    const { filename, disposition, ...rest } = options;
    super(null, rest);
    if (
      typeof file !== "string" &&
      typeof (file as Partial<FileSource> | undefined)?.read !== "function"
    )
      throw new NexusError("NX_FILE", "A FileResponse was made of what is no file.", {
        cure: "Await what finds the file, and answer 404 where there is none.",
      });
    this.#file = file;
    this.#name = filename;
    const isSaid = filename !== undefined || disposition !== undefined;
    if (isSaid && !this.headers.has("content-disposition"))
      this.headers.set("Content-Disposition", contentDisposition(filename, disposition));
  }

  override async answerTo(request: Request): Promise<Response> {
    const isHead = request.method === "HEAD";
    const file: OpenSource =
      typeof this.#file === "string" ? await openFile(this.#file, isHead) : this.#file;
    try {
      return await this.#answer(file, request, isHead);
    } catch (error) {
      await file.close?.();
      throw error;
    }
  }

  async #answer(file: OpenSource, request: Request, isHead: boolean): Promise<Response> {
    const { status } = this;
    const headers = new Headers(pairsOf(this.headers));
    const add = (name: string, value: string | undefined): void => {
      if (value !== undefined && !headers.has(name)) headers.append(name, value);
    };
    add("ETag", tagOf(file));
    add("Last-Modified", dateOf(file));
    let ranges: readonly Range[] = [];
    if (status === 200 && (isHead || request.method === "GET")) {
      const refused = refusedBy(request.headers, headers);
      if (refused === 412)
        throw new HTTPException(412, "The file is not in the state that was asked for");
      if (refused) {
        await file.close?.();
        for (const name of describing) headers.delete(name);
        return new Response(null, { status: refused, headers: pairsOf(headers) });
      }
      add("Accept-Ranges", "bytes");
      const range = isHead ? null : request.headers.get("range");
      if (range !== null && mayContinue(request.headers, headers))
        ranges = readRanges(range, file.size);
    }
    add("Content-Type", withCharset(file.contentType ?? (await this.#guess())));
    const [range] = ranges;
    if (ranges.length > 1) {
      const pieces = manyPieces(file, ranges, headers.get("content-type")!);
      headers.set("Content-Type", pieces.mediaType);
      return answer(206, headers, pieces);
    }
    if (range) headers.set("Content-Range", `bytes ${range.start}-${range.end - 1}/${file.size}`);
    const pieces = onePiece(file, range ?? { start: 0, end: file.size });
    return answer(range ? 206 : status, headers, isHead ? { ...pieces, body: null } : pieces);
  }

  async #guess(): Promise<string> {
    // Loaded by those who send files only.
    const { lookup } = await import("mrmime");
    const path = typeof this.#file === "string" ? this.#file : "";
    return lookup(this.#name ?? "") ?? lookup(path) ?? unknownType;
  }
}

/** What describes a body: a 304 has none. */
const describing = [
  ..."content-type content-length content-disposition content-encoding".split(" "),
  ..."content-language content-range".split(" "),
];

function tagOf({ etag }: FileSource): string | undefined {
  return etag === undefined || etag.includes('"') ? etag : `"${etag}"`;
}

function dateOf({ modified }: FileSource): string | undefined {
  if (!modified || Number.isNaN(modified.getTime())) return undefined;
  // A date to come would make every later change seem old.
  return new Date(Math.min(modified.getTime(), Date.now())).toUTCString();
}

function answer(
  status: number,
  headers: Headers,
  { body, length }: { readonly body: AsyncIterable<Uint8Array> | null; readonly length: number },
): Response {
  headers.set("Content-Length", String(length));
  return new Response(body, { status, headers: pairsOf(headers) });
}

/** Each field as it stands: those of one name are not joined. */
function pairsOf({ raw }: Headers): [name: string, value: string][] {
  return raw.flatMap((name, i) => (i % 2 ? [] : [[name, raw[i + 1]!]]));
}
