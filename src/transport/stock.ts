import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Headers, type Response, tooLarge } from "../message/index.ts";
import { brokeOff } from "./broke-off.ts";
import type { Connection } from "./connection.ts";
import type { HeadWriter } from "./head.ts";
import { RequestTurn } from "./request-turn.ts";
import { authorityOf, originForm } from "./target.ts";

/** The most that is read, and thrown away, of a body that was refused, so that its sender sees why. */
const drainLimit = 64 * 1024 * 1024;

/** The most bytes of a body that its request waits for, for a moment. */
const small = 16 * 1024;

/** A request and its answer as node:http has them. */
export class StockTurn extends RequestTurn {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly #heads: HeadWriter;
  readonly #length: number;
  /** Its answer was written past `outgoing`, which does not learn when it leaves. */
  #isPassedBy = false;

  /** @param length bytes of the body; Infinity where that is not known */
  constructor(
    connection: Connection,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    scheme: "http" | "https",
    heads: HeadWriter,
    length: number,
  ) {
    super(connection, scheme, incoming.method ?? "GET");
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.#length = length;
    // What it tells the client; the time itself is the server's affair.
    (outgoing as ServerResponse & Unwritten)._keepAliveTimeout = heads.keepAlive;
    this.#heads = heads;
  }

  get hasBody(): boolean {
    return this.#length > 0;
  }

  get isSmall(): boolean {
    // Somebody may already take it from node:http.
    const isFree = !this.awaitsContinue && !this.incoming.readableFlowing;
    return isFree && this.#length > 0 && this.#length <= small;
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

  read(limit: number): Uint8Array | Promise<Uint8Array> {
    const { incoming } = this;
    if (!this.isSmall || !incoming.complete || incoming.readableLength < this.#length)
      return this.#arrival(limit);
    if (this.#length > limit) return Promise.reject(tooLarge(limit));
    const whole = incoming.read(this.#length) as Uint8Array;
    // Only who asks for more hears that it has ended.
    incoming.read();
    return whole;
  }

  /** By its events: an iterator of a stream takes longer than all the rest of a small request. */
  #arrival(limit: number): Promise<Uint8Array> {
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
    const { outlet } = this.queue;
    const written = (error?: Error | null): void => {
      if (!error) outgoing.emit("finish");
    };
    if (this.scheme === "https") {
      // Told at once, node:http would read on within what it is reading.
      if (outlet.hold(piece, written)) return true;
    } else if (outlet.hold(piece)) {
      // Told at once, it lets the next one of the connection write.
      this.#isPassedBy = true;
      this.#tellFinished();
      return true;
    }
    socket.write(piece.text, piece.encoding, written);
    return true;
  }

  /** What fails of those who listen is theirs, as where Node calls them. */
  #tellFinished(): void {
    try {
      this.outgoing.emit("finish");
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  override wait(event: "drain" | "finish"): Promise<void> {
    return this.#isPassedBy ? this.leaving() : super.wait(event);
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

  protected override disconnect(): void {
    // Without chunks the end of the connection is the end of the body: it must be no clean one.
    if (this.incoming.httpVersion === "1.0") this.socket.resetAndDestroy();
    else super.disconnect();
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
