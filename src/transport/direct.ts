import type { AsyncResource } from "node:async_hooks";
import type { ServerResponse } from "node:http";
import { Headers, type Response, tooLarge } from "../message/index.ts";
import { brokeOff } from "./broke-off.ts";
import type { Connection } from "./connection.ts";
import type { HeadWriter, Piece } from "./head.ts";
import { responseTo, type ServedSocket } from "./parser.ts";
import { RequestTurn } from "./request-turn.ts";

/**
 * Stands on a socket where node:http has its responses, while requests are answered past them: otherwise
 * it would close its side as soon as the client has closed the other.
 */
export const nobody = {
  finished: false,
  // One for all sockets: what node:http says of the last answer of one of them is not kept.
  get _last() {
    return false;
  },
  set _last(_) {},
  emit: () => true,
};

/** A request as the parser found it, and its answer, written past node:http where it is one text. */
export class DirectTurn extends RequestTurn {
  readonly target: string;
  readonly #heads: HeadWriter;
  readonly #fields: string[];
  readonly #size: number;
  /** Bytes of the body that have not come. */
  #missing: number;
  #chunks: Uint8Array[] | undefined;
  #news: PromiseWithResolvers<void> | undefined;
  #isBrokenOff = false;
  /** What waits until all before it has left. */
  #piece: Piece | undefined;
  #whenWritten: (() => void) | undefined;
  #outgoing: ReturnType<typeof responseTo> | undefined;

  constructor(
    connection: Connection,
    scheme: "http" | "https",
    heads: HeadWriter,
    method: string,
    target: string,
    fields: string[],
    size: number,
  ) {
    super(connection, scheme, method);
    this.target = target;
    this.#heads = heads;
    this.#fields = fields;
    this.#size = size;
    this.#missing = size;
  }

  get headers(): Headers {
    return Headers.of(this.#fields);
  }

  /** A part of the body has come. */
  take(chunk: Uint8Array): void {
    this.#missing -= chunk.byteLength;
    this.queue.weigh(chunk.byteLength);
    (this.#chunks ??= []).push(chunk);
    this.#news?.resolve();
    this.#news = undefined;
  }

  override get isArriving(): boolean {
    return this.#missing > 0;
  }

  get hasBody(): boolean {
    return this.#size > 0;
  }

  get isSmall(): boolean {
    return this.#size > 0;
  }

  get body(): AsyncIterable<Uint8Array> | undefined {
    return this.#size ? { [Symbol.asyncIterator]: () => this.#pieces() } : undefined;
  }

  /** Nobody stands between the parser and it. */
  override origin(): AsyncResource {
    return this.queue.origin;
  }

  read(limit: number): Uint8Array | Promise<Uint8Array> {
    if (this.#size > limit) return Promise.reject(tooLarge(limit));
    return this.#missing ? this.#arrival().then(() => this.#whole) : this.#whole;
  }

  get #whole(): Uint8Array {
    const chunks = this.#chunks ?? [];
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; ;) {
      while (at < (this.#chunks?.length ?? 0)) yield this.#chunks![at++]!;
      if (!this.#missing) return;
      await this.#next();
    }
  }

  async #arrival(): Promise<void> {
    while (this.#missing) await this.#next();
  }

  /** Waits for more of the body. @throws 400 where none comes any more */
  #next(): Promise<void> {
    if (this.#isBrokenOff) return Promise.reject(brokeOff());
    return (this.#news ??= Promise.withResolvers()).promise;
  }

  drain(): Promise<void> {
    return this.#arrival().catch(() => {});
  }

  override part(): void {
    super.part();
    this.#breakOff();
  }

  override withdraw(): void {
    this.#breakOff();
  }

  #breakOff(): void {
    this.#isBrokenOff = this.isArriving;
    if (this.#isBrokenOff) this.#news?.reject(brokeOff());
  }

  override get hasBegun(): boolean {
    return this.#outgoing?.headersSent === true;
  }

  write(response: Response): boolean {
    const { socket } = this;
    if (this.#outgoing || !socket.writable) return false;
    const piece = this.#heads.write(response, this.method === "HEAD", !this.isLast);
    if (!piece) return false;
    if (!this.isNext) this.#piece = piece;
    else if (!this.queue.outlet.hold(piece)) socket.write(piece.text, piece.encoding);
    return true;
  }

  override get hasLeft(): boolean {
    return this.#piece === undefined && super.hasLeft;
  }

  override wait(event: "drain" | "finish"): Promise<void> {
    if (this.#outgoing) return super.wait(event);
    if (!this.#piece) return this.leaving();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.onLost(resolve);
    this.#whenWritten = resolve;
    return promise;
  }

  get outgoing(): ServerResponse {
    if (this.#outgoing) return this.#outgoing;
    const outgoing = responseTo(this.method, this.socket.writableHighWaterMark);
    this.#outgoing = outgoing;
    outgoing.shouldKeepAlive = !this.isLast;
    outgoing._keepAliveTimeout = this.#heads.keepAlive;
    if (this.isNext) this.#assign(outgoing);
    return outgoing;
  }

  #assign(outgoing: ServerResponse): void {
    (this.socket as ServedSocket)._httpMessage = null;
    outgoing.assignSocket(this.socket);
  }

  override come(): void {
    if (this.isCut) this.destroy();
    else if (this.#outgoing) this.#assign(this.#outgoing);
    else if (this.#piece) {
      const { text, encoding } = this.#piece;
      if (this.queue.outlet.hold(this.#piece)) this.#whenWritten?.();
      else this.socket.write(text, encoding, this.#whenWritten);
      this.#piece = undefined;
    }
  }

  override over(): void {
    const { socket } = this;
    const outgoing = this.#outgoing;
    if (this.#size) this.queue.weigh(this.#missing - this.#size);
    if (outgoing?.socket) {
      outgoing.detachSocket(socket);
      (socket as ServedSocket)._httpMessage = nobody;
    }
    // node:http says so too where the client has closed its side; but there may be more for it.
    if (this.isLast || (outgoing?._last && !socket.readableEnded)) socket.destroySoon();
  }
}
