import { AsyncResource } from "node:async_hooks";
import type { ServerResponse } from "node:http";
import type { Headers, Request, RequestSource, Response } from "../message/index.ts";
import { type Queue, Turn } from "./turn.ts";

/**
 * Sends the answer. What it returns, if anything, resolves when that has left, or the client has gone.
 * @param canWait it may leave with the answers to others, a moment later; default: at once
 */
export type Send = (response: Response, canWait?: boolean) => Promise<void> | undefined;

/** Answers one request. */
export type Exchange = (request: Request, send: Send) => Promise<void> | undefined;

/** One request and its answer, and what a transport knows of both. */
export abstract class RequestTurn extends Turn implements RequestSource {
  readonly scheme: "http" | "https";
  readonly method: string;
  /** The client waits for leave to send the body. */
  awaitsContinue = false;
  /** Somebody has sent an answer. */
  isAnswered = false;
  #origin: AsyncResource | undefined;

  constructor(queue: Queue, scheme: "http" | "https", method: string) {
    super(queue);
    this.scheme = scheme;
    this.method = method;
  }

  abstract get target(): string;
  abstract get headers(): Headers;
  abstract get hasBody(): boolean;
  /** Whether it has a body so small that the request waits for it until the end of the turn of the event loop. */
  abstract get isSmall(): boolean;
  abstract get body(): AsyncIterable<Uint8Array> | undefined;
  abstract read(limit: number): Uint8Array | Promise<Uint8Array>;
  /** Takes what still comes of the body, up to a limit, and throws it away. */
  abstract drain(): Promise<void>;
  /** What node:http writes answers with. */
  abstract get outgoing(): ServerResponse;
  /** Writes an answer in one piece, where that is possible. */
  abstract write(response: Response): boolean;

  /** The context in which this was first called; at a twentieth of what `AsyncLocalStorage.snapshot` costs. */
  origin(): AsyncResource {
    return (this.#origin ??= new AsyncResource("NexusRequest"));
  }

  /** Whether what was written in one piece is as good as sent. */
  get hasLeft(): boolean {
    return this.queue.outlet.hasLeft;
  }

  get address(): string | undefined {
    return this.socket.remoteAddress;
  }

  /** Fires when the client closes its side: most of those that go away say no more than that. */
  signal(): AbortSignal {
    const parted = new AbortController();
    this.onParted(() => parted.abort(new Error("The client has gone")));
    return parted.signal;
  }

  /** A leading zero of the size of the next chunk; others end by the system's own questions. */
  override probe(): void {
    if (!this.hasBegun) return;
    const { outgoing, socket } = this;
    if (outgoing.chunkedEncoding && !outgoing.writableEnded) socket.write("0");
  }

  /** Waits until the system has taken all that was written past `outgoing`, or for the connection to end. */
  protected leaving(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const undo = this.onLost(resolve);
    // A write of nothing is done when all before it is.
    this.socket.write("", () => resolve());
    return promise.finally(undo);
  }

  /** Waits for the answer to say something, or for the connection to end. */
  async wait(event: "drain" | "finish"): Promise<void> {
    const { outgoing } = this;
    if (event === "drain" ? !outgoing.writableNeedDrain : outgoing.writableFinished) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    outgoing.once(event, resolve);
    const undo = this.onLost(resolve);
    await promise;
    outgoing.off(event, resolve);
    undo();
  }
}
