import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { Headers, Request, type Response } from "../message/index.ts";

/** Answers one request: `send` resolves when the answer has left, or the client has gone. */
export type Exchange = (
  request: Request,
  send: (response: Response) => Promise<void>,
) => Promise<void>;

export interface HttpServerOptions {
  /** Seconds for the head of a request to arrive; default 30. */
  readonly headersTimeout?: number;
  /** Seconds for a whole request to arrive; default 300. */
  readonly requestTimeout?: number;
  /** Seconds that an idle connection is kept; default 5. */
  readonly keepAliveTimeout?: number;
}

export interface HttpServer {
  readonly address: AddressInfo;
  /** Stops accepting and waits for what runs; after the deadline connections are cut. */
  close(deadline: number): Promise<void>;
}

/** Serves over node:http. @throws where the port cannot be had */
export async function createHttpServer(
  exchange: Exchange,
  { port, host }: { readonly port: number; readonly host: string },
  options: HttpServerOptions = {},
): Promise<HttpServer> {
  let closing = false;
  const server = createServer(
    {
      headersTimeout: (options.headersTimeout ?? 30) * 1000,
      requestTimeout: (options.requestTimeout ?? 300) * 1000,
      keepAliveTimeout: (options.keepAliveTimeout ?? 5) * 1000,
      optimizeEmptyRequests: true,
    },
    (incoming, outgoing) => {
      const transfer = async (response: Response): Promise<void> => {
        if (closing) outgoing.shouldKeepAlive = false;
        await send(response, incoming, outgoing);
        if (!incoming.complete) drain(incoming);
      };
      exchange(toRequest(incoming, outgoing), transfer).catch(() => outgoing.destroy());
    },
  );
  server.on("clientError", refuse);
  server.on("checkExpectation", (_, outgoing: ServerResponse) => outgoing.writeHead(417).end());
  server.listen(port, host);
  await once(server, "listening");
  return {
    address: server.address() as AddressInfo,
    async close(deadline) {
      closing = true;
      await close(server, deadline);
    },
  };
}

function toRequest(incoming: IncomingMessage, outgoing: ServerResponse): Request {
  const { headers } = incoming;
  const length = headers["content-length"];
  const hasBody =
    headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
  return new Request({
    method: incoming.method ?? "GET",
    target: originForm(incoming.url ?? "/"),
    headers: Headers.of(incoming.rawHeaders),
    // Whoever stops reading early still wants to answer: the connection stays.
    body: hasBody
      ? { [Symbol.asyncIterator]: () => incoming.iterator({ destroyOnReturn: false }) }
      : undefined,
    address: incoming.socket.remoteAddress,
    signal: () => goneSignal(outgoing),
  });
}

/** `http://host/path`, as proxies are asked, becomes `/path`. */
function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const [, path = "/"] = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([/?].*)?$/i.exec(target) ?? [];
  return path.startsWith("/") ? path : `/${path}`;
}

function goneSignal(outgoing: ServerResponse): AbortSignal {
  const gone = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) gone.abort(new Error("The client has gone"));
  });
  return gone.signal;
}

/** Resolves when the answer has left or the client has gone. @throws what the body's source throws; the connection is cut then */
async function send(
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { body, status } = response;
  const { raw } = response.headers;
  const bodiless = status === 204 || status === 304;
  if (body === null || typeof body === "string" || body instanceof Uint8Array) {
    const length = body === null ? 0 : Buffer.byteLength(body);
    if (!bodiless && !response.headers.has("content-length"))
      raw.push("Content-Length", String(length));
    outgoing.writeHead(status, raw);
    outgoing.end(bodiless || body === null ? undefined : body);
    return finished(outgoing);
  }
  outgoing.writeHead(status, raw);
  if (bodiless || incoming.method === "HEAD") {
    outgoing.end();
    await body[Symbol.asyncIterator]().return?.();
    return finished(outgoing);
  }
  outgoing.flushHeaders();
  try {
    // As fast as the client reads; when it goes, the source's `finally` runs.
    await pipeline(body, outgoing);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  }
}

function finished(outgoing: ServerResponse): Promise<void> {
  if (outgoing.destroyed || outgoing.writableFinished) return Promise.resolve();
  return new Promise((resolve) => {
    outgoing.once("finish", resolve);
    outgoing.once("close", resolve);
  });
}

/** The most that is read, and thrown away, of a body that was refused, so that its sender sees why. */
const drainLimit = 64 * 1024 * 1024;

function drain(incoming: IncomingMessage): void {
  let size = 0;
  incoming.on("data", (chunk: Uint8Array) => {
    size += chunk.byteLength;
    if (size > drainLimit) incoming.destroy();
  });
  incoming.resume();
}

/** What the parser could not read, or did not get in time. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [status, title] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? [431, "Request Header Fields Too Large"]
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? [408, "Request Timeout"]
        : [400, "Bad Request"];
  const body = JSON.stringify({ type: "about:blank", title, status, detail: title });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}

async function close(server: Server, deadline: number): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), deadline * 1000);
  await closed;
  clearTimeout(timer);
}
