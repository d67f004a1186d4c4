import { HTTPException } from "../exceptions.ts";
import { decodeUtf8, readAll, tooLarge } from "./body.ts";
import { parseCookies } from "./cookies.ts";
import { Headers } from "./headers.ts";

/** What a transport knows of a request. */
export interface RequestSource {
  readonly method: string;
  /** Path and query as they came, still encoded: `/users/7?full=yes`. */
  readonly target: string;
  /** Asked for once. */
  readonly headers?: Headers;
  readonly body?: AsyncIterable<Uint8Array> | undefined;
  /** Default: whether there is a `body`. */
  readonly hasBody?: boolean;
  /** The whole body, where that is faster than in pieces. @throws 413 where it has more bytes */
  readonly read?: (limit: number) => Uint8Array | Promise<Uint8Array>;
  readonly scheme?: "http" | "https";
  /** Of the other end of the connection. */
  readonly address?: string | undefined;
  /** Asked for at most once: a signal that fires when the client has gone. */
  readonly signal?: () => AbortSignal;
}

/** A request, shaped like the web's, with what costs time made when it is first asked for. */
export class Request {
  readonly method: string;
  readonly target: string;
  /** The most bytes that `bytes`, `text` and `json` read; set by the route. */
  bodyLimit = 1024 * 1024;

  readonly #source: RequestSource;
  readonly #query: number;
  #headers: Headers | undefined;
  #path: string | undefined;
  #searchParams: URLSearchParams | undefined;
  #cookies: Map<string, string> | undefined;
  #bytes: Uint8Array | Promise<Uint8Array> | undefined;
  #signal: AbortSignal | undefined;
  #ended: AbortController | undefined;

  constructor(source: RequestSource) {
    this.#source = source;
    this.method = source.method;
    this.target = source.target;
    this.#query = source.target.indexOf("?");
  }

  get headers(): Headers {
    return (this.#headers ??= this.#source.headers ?? new Headers());
  }

  /** Of the other end of the connection. */
  get address(): string | undefined {
    return this.#source.address;
  }

  /** The whole address, as the client wrote it: with its `Host`, still encoded. */
  get url(): string {
    const host = this.headers.get("host") ?? "localhost";
    return `${this.#source.scheme ?? "http"}://${host}${this.target}`;
  }

  /** The path without the query, still encoded. */
  get rawPath(): string {
    return this.#query < 0 ? this.target : this.target.slice(0, this.#query);
  }

  /** The path, decoded. @throws 400 where it is not well formed */
  get path(): string {
    return (this.#path ??= decodePath(this.rawPath));
  }

  /** What follows the question mark, still encoded. */
  get query(): string {
    return this.#query < 0 ? "" : this.target.slice(this.#query + 1);
  }

  /** The query, decoded. */
  get searchParams(): URLSearchParams {
    return (this.#searchParams ??= new URLSearchParams(this.query));
  }

  /** Whether somebody has asked for `searchParams`, and may have changed them. */
  get isQueryDecoded(): boolean {
    return this.#searchParams !== undefined;
  }

  get cookies(): ReadonlyMap<string, string> {
    return (this.#cookies ??= parseCookies(this.headers.get("cookie")));
  }

  /** Fires when the client has gone, the route's time is up, or its plugin can wait no longer. */
  get signal(): AbortSignal {
    if (this.#signal) return this.#signal;
    const { signal } = (this.#ended ??= new AbortController());
    const gone = this.#source.signal?.();
    return (this.#signal = gone ? AbortSignal.any([gone, signal]) : signal);
  }

  /** Replaces the signal for all who ask from now on. */
  set signal(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Fires the signal. */
  abort(reason: Error): void {
    (this.#ended ??= new AbortController()).abort(reason);
  }

  get hasBody(): boolean {
    return this.#source.hasBody ?? this.#source.body !== undefined;
  }

  /** The body as it arrives, once; `null` when there is none. What was read whole is there again. */
  get body(): AsyncIterable<Uint8Array> | null {
    const { body = null } = this.#source;
    return this.#bytes && body ? inOne(this.#bytes) : body;
  }

  /** The whole body; asked for again it is the same. @throws 413 */
  async bytes(): Promise<Uint8Array> {
    return this.whole();
  }

  /** As `bytes`, but at once where the whole has already arrived. @throws 413 */
  whole(): Uint8Array | Promise<Uint8Array> {
    return (this.#bytes ??= this.#read());
  }

  #read(): Uint8Array | Promise<Uint8Array> {
    const source = this.#source;
    if (!this.hasBody) return nothing;
    if (Number(this.headers.get("content-length")) > this.bodyLimit)
      return Promise.reject(tooLarge(this.bodyLimit));
    return source.read ? source.read(this.bodyLimit) : readAll(source.body!, this.bodyLimit);
  }

  /** @throws 413, and 400 where the bytes are not UTF-8 */
  async text(): Promise<string> {
    return this.wholeText();
  }

  /** As `text`, but at once where the whole has already arrived. @throws 413 400 */
  wholeText(): string | Promise<string> {
    const bytes = this.whole();
    return bytes instanceof Promise ? bytes.then(textOf) : textOf(bytes);
  }

  /** The body as JSON, unchecked; routes say `body: schema` instead. @throws 413 400 */
  async json(): Promise<unknown> {
    const text = await this.text();
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new HTTPException(400, "The body is not JSON", { errorCode: "MALFORMED_JSON", cause });
    }
  }
}

const nothing = new Uint8Array();

function textOf(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new HTTPException(400, "The body is not UTF-8", { cause });
  }
}

async function* inOne(bytes: Uint8Array | Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await bytes;
}

function decodePath(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    throw new HTTPException(400, "The path is not well encoded", { errorCode: "MALFORMED_PATH" });
  }
}
