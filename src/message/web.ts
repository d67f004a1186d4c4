import { AsyncLocalStorage } from "node:async_hooks";
import { isBodiless } from "./bodiless.ts";
import { Headers } from "./headers.ts";
import { Request } from "./request.ts";
import { Response } from "./response.ts";
import { discard } from "./source.ts";

type WebRequest = globalThis.Request;
type WebResponse = globalThis.Response;

/** A request of the web's kind as one of ours: for adapters, `app.fetch` and tests. */
export function fromWebRequest(request: WebRequest): Request {
  const { pathname, search, protocol, host } = new URL(request.url);
  const headers = new Headers(request.headers);
  if (!headers.has("host")) headers.put("host", host);
  return new Request({
    method: request.method,
    target: pathname + search,
    headers,
    body: request.body ?? undefined,
    scheme: protocol === "https:" ? "https" : "http",
    signal: () => request.signal,
  });
}

/** @param done is called when a streamed body has ended, or nobody wants the rest */
export function toWebResponse(
  response: Response,
  method = "GET",
  done: () => void = () => {},
): WebResponse {
  const headers = new globalThis.Headers();
  for (const [name, value] of response.headers) headers.append(name, value);
  const { body, status } = response;
  const init = { status, headers };
  const bare = method === "HEAD" || isBodiless(status);
  if (body === null || typeof body === "string" || body instanceof Uint8Array) {
    return new globalThis.Response(bare ? null : (body as string | null), init);
  }
  if (!bare) return new globalThis.Response(ReadableStream.from(ended(body, done)), init);
  // Nobody is left who could be told of a source that does not end well.
  void discard(body).then(done, done);
  return new globalThis.Response(null, init);
}

/** No generator: the end of one that was never begun passes unnoticed. */
function ended(
  body: AsyncIterable<Uint8Array | string>,
  done: () => void,
): AsyncIterable<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  // Whoever reads it does so outside of the request, but the source belongs to it.
  const within = AsyncLocalStorage.snapshot();
  const steps: AsyncIterator<Uint8Array> = {
    async next() {
      try {
        const { value, done: isLast } = await within(() => source.next());
        if (isLast) done();
        else return { value: typeof value === "string" ? Buffer.from(value) : value };
      } catch (error) {
        done();
        throw error;
      }
      return { done: true, value: undefined };
    },
    async return() {
      try {
        await within(() => source.return?.());
      } finally {
        done();
      }
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => steps };
}

export function fromWebResponse(response: WebResponse): Response {
  const { body, status } = response;
  const headers = new Headers(response.headers);
  // What has been fetched speaks of another connection; and `fetch` has decoded it.
  if (response.url) {
    for (const name of ofConnection) headers.delete(name);
    if (body && isDecoded(headers.get("content-encoding"))) {
      headers.delete("content-encoding");
      headers.delete("content-length");
    }
  }
  return new Response(body, { status, headers });
}

const ofConnection = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

const decoded =
  /^\s*(?:x-)?(?:gzip|deflate|br|zstd)\s*(?:,\s*(?:x-)?(?:gzip|deflate|br|zstd)\s*)*$/i;

/** Whether these are the codings that `fetch` takes away: where it does not know one, it leaves all. */
function isDecoded(codings: string | null): boolean {
  return codings !== null && decoded.test(codings);
}

export function isWebResponse(value: unknown): value is WebResponse {
  // By its name for itself: to name the class would load all of fetch.
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === "Response"
  );
}
