import type { IncomingMessage } from "node:http";
import { HTTPException } from "../exceptions.ts";
import { Headers, Request } from "../message/index.ts";
import type { Turn } from "./connection.ts";

/** What node:http has read, as everyone here speaks of it. */
export function requestOf(turn: Turn): Request {
  const { incoming } = turn;
  return new Request({
    method: incoming.method ?? "GET",
    target: originForm(incoming.url ?? "/"),
    headers: Headers.of(incoming.rawHeaders),
    body: turn.hasBody ? { [Symbol.asyncIterator]: () => bodyOf(turn) } : undefined,
    address: incoming.socket.remoteAddress,
    signal: () => signalOf(turn),
  });
}

/** What makes a request unanswerable, though the parser took it. */
export function faultOf({
  httpVersion,
  rawHeaders,
  headers,
}: IncomingMessage): readonly [status: number, detail: string] | undefined {
  const coding = headers["transfer-encoding"]?.trim().toLowerCase();
  if (coding !== undefined && coding !== "chunked")
    return [501, "Of the transfer codings only chunked is understood"];
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === "host") hosts++;
  if (hosts > 1) return [400, "The request has more than one Host"];
  return hosts === 0 && httpVersion !== "1.0" ? [400, "The request has no Host"] : undefined;
}

async function* bodyOf(turn: Turn): AsyncGenerator<Uint8Array> {
  if (turn.awaitsContinue) turn.outgoing.writeContinue();
  turn.awaitsContinue = false;
  try {
    // Whoever stops reading early still wants to answer: the connection stays.
    yield* turn.incoming.iterator({ destroyOnReturn: false });
  } catch (cause) {
    // Nobody's fault here, so nothing for the log.
    throw new HTTPException(400, "The body broke off", { errorCode: "BODY_BROKE_OFF", cause });
  }
}

/** `http://host/path`, as proxies are asked, becomes `/path`. */
function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const [, path = "/"] = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([/?].*)?$/i.exec(target) ?? [];
  return path.startsWith("/") ? path : `/${path}`;
}

function signalOf(turn: Turn): AbortSignal {
  const gone = new AbortController();
  turn.onGone(() => gone.abort(new Error("The client has gone")));
  return gone.signal;
}
