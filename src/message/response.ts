import { NexusError } from "../exceptions.ts";
import { type CookieOptions, serializeCookie } from "./cookies.ts";
import { decodeUtf8, readAll } from "./body.ts";
import { checkValue, Headers, type HeadersInit } from "./headers.ts";
import { toJSON } from "./json-text.ts";
import type { Request } from "./request.ts";
import { type Chunks, sourceOf } from "./source.ts";

/** What a body may be; text is sent as UTF-8. */
export type Body = string | Uint8Array | AsyncIterable<Uint8Array | string> | null;

export interface ResponseOptions {
  /** Default 200. */
  readonly status?: number | undefined;
  readonly headers?: HeadersInit | undefined;
  /** The Content-Type; `charset=utf-8` is added to text. */
  readonly mediaType?: string | undefined;
}

/** An answer. Middleware may change its headers; the body is sent once. */
export class Response {
  #status: number;
  readonly body: Body;
  #mediaType: string | undefined;
  #headers: Headers | undefined;

  constructor(body: Body = null, options: ResponseOptions = {}) {
    this.#status = checkedStatus(options.status ?? 200);
    const isWhole = body === null || typeof body === "string" || body instanceof Uint8Array;
    this.body = isWhole ? body : sourceOf(body);
    this.#mediaType = options.mediaType === json ? json : typeOf(options.mediaType, body);
    if (options.headers) {
      const headers = new Headers(options.headers);
      if (this.#mediaType && !headers.has("content-type"))
        headers.put("Content-Type", this.#mediaType);
      this.#headers = headers;
    }
  }

  get status(): number {
    return this.#status;
  }

  /** @throws NX_STATUS */
  set status(status: number) {
    this.#status = checkedStatus(status);
  }

  get headers(): Headers {
    return (this.#headers ??= Headers.of(this.#mediaType ? ["Content-Type", this.#mediaType] : []));
  }

  get ok(): boolean {
    return this.#status < 300;
  }

  /**
   * For answers that depend on the request: what is sent to it. Asked once, before any layer sees it.
   * @throws HTTPException for what this request cannot have
   */
  answerTo?(request: Request): Promise<Response>;

  setCookie(name: string, value: string, options?: CookieOptions): void {
    this.headers.append("Set-Cookie", serializeCookie(name, value, options));
  }

  async bytes(): Promise<Uint8Array> {
    const { body } = this;
    if (body === null) return new Uint8Array();
    if (typeof body === "string") return Buffer.from(body);
    return body instanceof Uint8Array ? body : readAll(encoded(body), Infinity);
  }

  async text(): Promise<string> {
    return typeof this.body === "string" ? this.body : decodeUtf8(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}

function checkedStatus(status: number): number {
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new NexusError("NX_STATUS", `A response cannot have the status ${status}.`, {
    cure: "Use a whole number from 200 to 599.",
  });
}

const json = "application/json";

function typeOf(mediaType: string | undefined, body: Body): string | undefined {
  if (mediaType !== undefined) checkValue("Content-Type", mediaType);
  return withCharset(mediaType ?? (typeof body === "string" ? "text/plain" : undefined));
}

/** JSON in its shortest form. */
export class JSONResponse<T = unknown> extends Response {
  /** Only for the compiler. */
  declare readonly content: T;
  /**
   * @param write makes the text
   * @throws where the content has a ring, NaN or Infinity
   */
  constructor(content: T, options: ResponseOptions = {}, write: (content: T) => string = toJSON) {
    super(write(content), { ...options, mediaType: options.mediaType ?? json });
  }
}

/** A body that is written as it comes; when the client goes, the source's `finally` runs. */
export class StreamingResponse extends Response {
  /** @param chunks a generator, a list, a web or a Node stream */
  constructor(chunks: Chunks<Uint8Array | string>, options: ResponseOptions = {}) {
    super(sourceOf(chunks), options);
  }
}

export class RedirectResponse extends Response {
  /** @param options `status` is 307 by default: the method is kept */
  constructor(location: string, options: ResponseOptions = {}) {
    super(null, { ...options, status: options.status ?? 307 });
    this.headers.set(
      "Location",
      location.toWellFormed().replaceAll(unsendable, encodeURIComponent),
    );
  }
}

// What may not stand in an address; what is encoded already stays as it is.
const unsendable = /[^\x21-\x7e]+|["<>\\^`{|}]/g;

export function withCharset<T extends string | undefined>(type: T): T | string {
  if (type === undefined || !/^text\//i.test(type) || /charset=/i.test(type)) return type;
  return `${type}; charset=utf-8`;
}

export async function* encoded(
  chunks: AsyncIterable<Uint8Array | string>,
): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
