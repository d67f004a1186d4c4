import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { HTTPException } from "../exceptions.ts";
import { Headers, type Response, tooLarge } from "../message/index.ts";
import type { Connection } from "./connection.ts";
import type { HeadWriter } from "./head.ts";
import { RequestTurn } from "./request-turn.ts";
import { authorityOf, originForm } from "./target.ts";

/** The most that is read, and thrown away, of a body that was refused, so that its sender sees why. */
const drainLimit = 64 * 1024 * 1024;

/** A request and its answer as node:http has them. */
export class StockTurn extends RequestTurn {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly hasBody: boolean;
  readonly #heads: HeadWriter;

  constructor(
    connection: Connection,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    scheme: "http" | "https",
    heads: HeadWriter,
  ) {
    super(connection, scheme, incoming.method ?? "GET");
    this.incoming = incoming;
    this.outgoing = outgoing;
    // What it tells the client; the time itself is the server's affair.
    (outgoing as ServerResponse & Unwritten)._keepAliveTimeout = heads.keepAlive;
    this.#heads = heads;
    const { "content-length": length, "transfer-encoding": coding } = incoming.headers;
    this.hasBody = coding !== undefined || (length !== undefined && Number(length) !== 0);
  }

  get target(): string {
    return originForm(this.incoming.url ?? "/");
  }

  get headers(): Headers {
    const { url, rawHeaders } = this.incoming;
    const authority = authorityOf(url);
    const headers = Headers.of(rawHeaders);
    // The whole address says for which host it is, whatever else does (RFC 9112, 3.2.2).
    if (authority !== undefined) headers.put("Host", authority);
    return headers;
  }

  get body(): AsyncIterable<Uint8Array> | undefined {
    return this.hasBody ? { [Symbol.asyncIterator]: () => this.#pieces() } : undefined;
  }

  /** node:http itself says so of a request without a body, for a moment. */
  override get isArriving(): boolean {
    return this.hasBody && !this.incoming.complete;
  }

  /** By its events: an iterator of a stream takes longer than all the rest of a small request. */
  read(limit: number): Promise<Uint8Array> {
    const { incoming } = this;
    this.#giveLeave();
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      const stop = (): void => {
        incoming.off("data", take).off("end", end).off("error", fail).off("close", fail);
      };
      const take = (chunk: Uint8Array): void => {
        size += chunk.byteLength;
        chunks.push(chunk);
        if (size <= limit) return;
        stop();
        incoming.pause();
        reject(tooLarge(limit));
      };
      const end = (): void => {
        stop();
        resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size));
      };
      const fail = (cause?: unknown): void => {
        stop();
        reject(brokeOff(cause));
      };
      if (incoming.readableEnded || incoming.destroyed) fail();
      else incoming.on("data", take).on("end", end).on("error", fail).on("close", fail);
    });
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    this.#giveLeave();
    try {
      // Whoever stops reading early still wants to answer: the connection stays.
      yield* this.incoming.iterator({ destroyOnReturn: false });
    } catch (cause) {
      throw brokeOff(cause);
    }
  }

  #giveLeave(): void {
    if (this.awaitsContinue) this.outgoing.writeContinue();
    this.awaitsContinue = false;
  }

  drain(): Promise<void> {
    const { incoming } = this;
    const { promise, resolve } = Promise.withResolvers<void>();
    let size = 0;
    incoming.on("data", (chunk: Uint8Array) => {
      size += chunk.byteLength;
      if (size > drainLimit) incoming.destroy();
    });
    incoming.once("end", resolve);
    this.onLost(resolve);
    incoming.resume();
    return promise;
  }

  override get hasBegun(): boolean {
    return this.outgoing.headersSent;
  }

  write(response: Response): boolean {
    const { socket } = this;
    const outgoing = this.outgoing as ServerResponse & Unwritten;
    if (
      (socket as Socket & { _httpMessage?: unknown })._httpMessage !== outgoing ||
      this.isLast ||
      !outgoing.shouldKeepAlive ||
      outgoing._header !== null ||
      outgoing._headerSent !== false ||
      typeof outgoing._finish !== "function" ||
      !socket.writable
    )
      return false;
    const piece = this.#heads.write(response, this.method === "HEAD", true);
    if (!piece) return false;
    // What writeHead() and end() would do, but for taking the head apart and checking it once more.
    outgoing.statusCode = response.status;
    outgoing._header = piece.text;
    outgoing._headerSent = true;
    outgoing.finished = true;
    // Whoever measures requests hears of it.
    outgoing._finish();
    socket.write(piece.text, piece.encoding, (error) => {
      if (!error) outgoing.emit("finish");
    });
    return true;
  }

  override part(): void {
    super.part();
    const outgoing = this.outgoing as ServerResponse & Unwritten;
    // node:http ends the connection with its own last answer; of a refusal behind it it knows nothing.
    if (outgoing.shouldKeepAlive && !this.isLatest) outgoing._last = false;
  }

  /** node:http would write what was said for it when its turn comes. */
  override withdraw(): void {
    this.outgoing.assignSocket = () => {};
  }

  protected override destroy(): void {
    // Without chunks the end of the connection is the end of the body: it must be no clean one.
    if (this.incoming.httpVersion === "1.0") this.socket.resetAndDestroy();
    else this.socket.destroy();
  }
}

/** Part of Node, though of no documentation; where something has another name, answers go the long way. */
interface Unwritten {
  _header: string | null;
  _last: boolean;
  _keepAliveTimeout: number;
  _headerSent: boolean | undefined;
  finished: boolean;
  _finish(): void;
}

export function brokeOff(cause?: unknown): HTTPException {
  // Nobody's fault here, so nothing for the log.
  return new HTTPException(400, "The body broke off", { errorCode: "BODY_BROKE_OFF", cause });
}

/** Whether a request would go on in another protocol. */
export function offersUpgrade({ headers: { upgrade, connection = "" } }: IncomingMessage): boolean {
  return upgrade !== undefined && /(?:^|,)\s*upgrade\s*(?:,|$)/i.test(connection);
}
