import { endingKey } from "../ending.ts";
import { phrase } from "../exceptions.ts";
import { currentLog } from "../log.ts";
import { findScope } from "../scope.ts";
import { isBodiless, type Response } from "../message/index.ts";
import type { Turn } from "./turn.ts";

/**
 * Resolves when the answer has left or the client has gone; nothing, where it was written in one piece.
 * @throws what the body's source throws while there is a client
 */
export function sendResponse(response: Response, turn: Turn): Promise<void> | undefined {
  if (turn.isArriving || turn.awaitsContinue || !turn.write(response))
    return sendByParts(response, turn);
  // Of a long text the system may take the rest later.
  return turn.hasLeft ? undefined : turn.wait("finish");
}

async function sendByParts(response: Response, turn: Turn): Promise<void> {
  const { outgoing } = turn;
  const { body, status, headers } = response;
  const isWhole = body === null || typeof body === "string" || body instanceof Uint8Array;
  const isBare = isBodiless(status);
  // Without a length the client would wait for the body of a 205.
  if (status === 205) headers.put("Content-Length", "0");
  else if (isWhole && !isBare && !headers.has("content-length"))
    headers.put("Content-Length", String(body === null ? 0 : Buffer.byteLength(body)));
  // Whether that body comes after all cannot be known: no request can follow.
  if (turn.awaitsContinue || turn.isLast) outgoing.shouldKeepAlive = false;
  outgoing.writeHead(status, phrase(status), [...headers.raw]);
  if (isWhole && (!turn.isArriving || turn.awaitsContinue)) {
    outgoing.end(isBare ? null : body);
  } else {
    if (!isWhole) await pump(body, turn, isBare || turn.method === "HEAD");
    else if (body === null || isBare) outgoing.flushHeaders();
    else outgoing.write(body);
    // To end what is not whole would be an error, but it is nobody's fault.
    if (turn.gone) return;
    // A connection that ends while its client still sends is reset, and the answer lost with it.
    if (turn.isArriving && !turn.awaitsContinue) await turn.drain();
    outgoing.end();
  }
  await turn.wait("finish");
}

/** Writes as fast as the client reads; when it goes, the source's `finally` runs. */
async function pump(
  body: AsyncIterable<Uint8Array | string>,
  turn: Turn,
  isBare: boolean,
): Promise<void> {
  const { outgoing } = turn;
  const source = body[Symbol.asyncIterator]();
  const end = async (): Promise<void> => void (await source.return?.());
  if (isBare) return end();
  outgoing.strictContentLength = true;
  outgoing.flushHeaders();
  // A source that waits for something is told at once, not after its next chunk.
  const undo = turn.onGone(() => void end().catch(() => {}));
  // A plugin that ends waits for its streams, but not for ever.
  const over = findScope()?.find(endingKey)?.over;
  const cut = (): void => turn.cut();
  over?.addEventListener("abort", cut, { once: true });
  try {
    for await (const chunk of { [Symbol.asyncIterator]: () => source }) {
      if (turn.gone) break;
      if (!outgoing.write(chunk)) await turn.wait("drain");
    }
  } catch (error) {
    // A source that listens to the request's signal fails by it, as it should.
    if (!turn.gone) {
      // What came before the error leaves before the connection is cut.
      await new Promise((resolve) => setImmediate(resolve));
      await turn.wait("drain");
      throw error;
    }
    currentLog().debug({ err: error }, "A stream failed after its client had gone");
  } finally {
    undo();
    over?.removeEventListener("abort", cut);
  }
}
