import { notFound } from "../exceptions.ts";
import { FileResponse, get, Routes } from "../http/index.ts";
import type { Links } from "./links.ts";
import type { StoredFile } from "./stored-file.ts";

/** Answers the links that the app itself has signed. */
export class StorageRoutes extends Routes {
  readonly #get: (key: string) => Promise<StoredFile | undefined>;
  readonly #links: Links;

  constructor(get: (key: string) => Promise<StoredFile | undefined>, links: Links) {
    super();
    this.#get = get;
    this.#links = links;
  }

  file = get("/storage/{key:path}", { hidden: true }, async ({ key, request }) => {
    const link = await this.#links.open(key, new URLSearchParams(request.query));
    const file = (await this.#get(key)) ?? notFound("File not found");
    const type = link.isInline ? file.contentType : "";
    return new FileResponse(file, {
      filename: link.filename,
      disposition: shown.test(type) || played.test(type) ? "inline" : "attachment",
      headers: { ...guarded, "Content-Security-Policy": played.test(type) ? open : closed },
    });
  });
}

/** What a browser can show and that cannot run: no HTML, no SVG, no PDF. */
const shown = /^(?:image\/(?:png|jpeg|gif|webp|avif)|text\/plain)\s*(?:;|$)/i;
// Without "+": whatever ends in "+xml" is a page to browsers.
const played = /^(?:audio|video)\/[\w.-]+\s*(?:;|$)/i;

// It was somebody's upload perhaps: whatever it says that it is, it must not act for this origin.
const guarded = {
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "private, no-cache",
  "Referrer-Policy": "no-referrer",
};
const open = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'";
// In a sandbox a browser plays nothing: it may not ask for the sound again, part by part.
const closed = `sandbox; ${open}`;
