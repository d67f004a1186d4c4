import type { ServerResponse } from "node:http";
import { endingKey } from "../ending.ts";
import { phrase } from "../exceptions.ts";
import { currentLog } from "../log.ts";
import { findScope } from "../scope.ts";
import { isBodiless, type Response } from "../message/index.ts";
import { fieldsOf, wantsClose } from "./fields.ts";
import type { RequestTurn } from "./request-turn.ts";

/**
 * Resolves when the answer has left, or is cut off; nothing, where it was written in one piece.
 * @throws what the body's source throws while there is a client
 */
export function sendResponse(response: Response, turn: RequestTurn): Promise<void> | undefined {
  if (turn.isArriving || turn.awaitsContinue || !turn.write(response))
    return sendByParts(response, turn);
  // Of a long text the system may take the rest later.
  return turn.hasLeft ? undefined : turn.wait("finish");
}

async function sendByParts(response: Response, turn: RequestTurn): Promise<void> {
  const { body, status } = response;
  const isWhole = body === null || typeof body === "string" || body instanceof Uint8Array;
  const isBare = isBodiless(status) || turn.method === "HEAD";
  if (wantsClose(response)) turn.isLast = true;
  const { outgoing } = turn;
  // Whether that body comes after all cannot be known: no request can follow.
  if (turn.awaitsContinue || turn.isLast) outgoing.shouldKeepAlive = false;
  outgoing.writeHead(status, phrase(status), fieldsOf(response, turn.method === "HEAD"));
  // Before what leave there is to send a body, node:http would put the head of bytes.
  if (body instanceof Uint8Array && !turn.isNext) flushHead(outgoing);
  if (isWhole && (!turn.isArriving || turn.awaitsContinue)) {
    outgoing.end(isBare ? null : asLatin1(body), "latin1");
  } else {
    if (!isWhole) await pump(body, turn, isBare);
    else if (body === null || isBare) flushHead(outgoing);
    else outgoing.write(asLatin1(body), "latin1");
    // What is not whole is not ended.
    if (turn.isCut || turn.isLost) return;
    // A connection that ends while its client still sends is reset, and the answer lost with it.
    if (turn.isArriving && !turn.awaitsContinue) await turn.drain();
    try {
      outgoing.end();
    } catch (error) {
      // A stream that is shorter than it said; it may have been ended early, as its client has gone.
      if (!turn.hasParted) throw error;
      return turn.cut();
    }
  }
  await turn.wait("finish");
}

/**
 * Writes as fast as the client reads; when the connection is dead, the source's `finally` runs. Where the
 * source does not come to its end, the answer is cut off.
 */
async function pump(
  body: AsyncIterable<Uint8Array | string>,
  turn: RequestTurn,
  isBare: boolean,
): Promise<void> {
  const { outgoing } = turn;
  const source = body[Symbol.asyncIterator]();
  const end = async (): Promise<void> => void (await source.return?.());
  if (isBare) return end();
  outgoing.strictContentLength = true;
  flushHead(outgoing);
  // A source that waits for something is told at once, not after its next chunk.
  const leave = (): void => void end().catch(() => {});
  const undo = turn.onLost(leave);
  // A plugin that ends waits for its streams, but not for ever.
  const over = findScope()?.find(endingKey)?.over;
  const cut = (): void => {
    turn.cut();
    leave();
  };
  over?.addEventListener("abort", cut, { once: true });
  try {
    for await (const chunk of { [Symbol.asyncIterator]: () => source }) {
      if (turn.isCut || turn.isLost) break;
      if (!outgoing.write(chunk)) await turn.wait("drain");
    }
  } catch (error) {
    // A source that listens to the request's signal fails by it, as it should.
    if (!turn.hasParted && !turn.isCut) {
      // What came before the error leaves before the connection is cut.
      await new Promise((resolve) => setImmediate(resolve));
      await turn.wait("drain");
      throw error;
    }
    currentLog().debug({ err: error }, "A stream failed after its client had gone");
    turn.cut();
  } finally {
    undo();
    over?.removeEventListener("abort", cut);
  }
}

/** A text as one of bytes: node:http writes a head in the encoding of the text behind it. */
function asLatin1<T>(body: T | string): T | string {
  if (typeof body !== "string" || Buffer.byteLength(body) === body.length) return body;
  return Buffer.from(body).toString("latin1");
}

/** In Latin-1, as heads are: `flushHeaders` would take UTF-8. */
function flushHead(outgoing: ServerResponse): void {
  const { _send: send } = outgoing as { _send?: (data: string, encoding: string) => void };
  if (send) send.call(outgoing, "", "latin1");
  else outgoing.flushHeaders();
}
