import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type Request, Response } from "../http/index.ts";

/** Something that is the same for everybody until it changes. */
export interface Asset {
  readonly body: string | Uint8Array;
  readonly mediaType: string;
  readonly etag: string;
}

export function createAsset(body: string | Uint8Array, mediaType: string): Asset {
  return {
    body,
    mediaType,
    etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`,
  };
}

/** The files of Swagger UI, read from disk when first asked for. */
export class SwaggerFiles {
  readonly #files = new Map<string, Promise<Asset>>();

  get(name: string, mediaType: string): Promise<Asset> {
    const known = this.#files.get(name);
    if (known) return known;
    const asset = read(name, mediaType);
    this.#files.set(name, asset);
    // A file that could not be read may be there the next time.
    asset.catch(() => this.#files.delete(name));
    return asset;
  }
}

async function read(name: string, mediaType: string): Promise<Asset> {
  const path = createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`);
  return createAsset(await readFile(path), mediaType);
}

/** Sends an asset, or 304 to who has it: browsers ask each time, so that nobody sees an old one. */
export function sendAsset(
  request: Request,
  { body, mediaType, etag }: Asset,
  headers: Record<string, string> = {},
): Response {
  const caching = { ...headers, ETag: etag, "Cache-Control": "no-cache" };
  const known = (request.headers.get("if-none-match") ?? "")
    .split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""));
  if (known.includes(etag) || known.includes("*"))
    return new Response(null, { status: 304, headers: caching });
  return new Response(body, { mediaType, headers: caching });
}
