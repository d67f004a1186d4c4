import { Headers } from "./headers.ts";
import { Request } from "./request.ts";
import { encoded, Response } from "./response.ts";

type WebRequest = globalThis.Request;
type WebResponse = globalThis.Response;

/** A request of the web's kind as one of ours: for adapters, `app.fetch` and tests. */
export function fromWebRequest(request: WebRequest): Request {
  const { pathname, search, protocol, host } = new URL(request.url);
  const headers = new Headers(request.headers);
  if (!headers.has("host")) headers.raw.push("host", host);
  return new Request({
    method: request.method,
    target: pathname + search,
    headers,
    body: request.body ?? undefined,
    scheme: protocol === "https:" ? "https" : "http",
    signal: () => request.signal,
  });
}

export function toWebResponse(response: Response): WebResponse {
  const headers = new globalThis.Headers();
  for (const [name, value] of response.headers) headers.append(name, value);
  const { body } = response;
  const bare = body === null || response.status === 204 || response.status === 304;
  return new globalThis.Response(
    bare ? null : typeof body === "string" || body instanceof Uint8Array ? (body as string) : ReadableStream.from(encoded(body)),
    { status: response.status, headers },
  );
}

export function fromWebResponse(response: WebResponse): Response {
  return new Response(response.body, { status: response.status, headers: response.headers });
}

export function isWebResponse(value: unknown): value is WebResponse {
  return value instanceof globalThis.Response;
}
