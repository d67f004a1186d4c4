import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Headers, Request, RequestSource, Response } from "../message/index.ts";

/** Sends the answer. What it returns, if anything, resolves when that has left, or the client has gone. */
export type Send = (response: Response) => Promise<void> | undefined;

/** Answers one request. */
export type Exchange = (request: Request, send: Send) => Promise<void> | undefined;

/** One request and its answer, and what a transport knows of both. */
export abstract class Turn implements RequestSource {
  readonly socket: Socket;
  readonly scheme: "http" | "https";
  readonly method: string;
  /** The client waits for leave to send the body. */
  awaitsContinue = false;
  /** The connection ends with its answer. */
  isLast = false;
  #gone = false;
  #whenGone: Set<() => void> | undefined;
  #whenLost: Set<() => void> | undefined;

  constructor(socket: Socket, scheme: "http" | "https", method: string) {
    this.socket = socket;
    this.scheme = scheme;
    this.method = method;
  }

  abstract get target(): string;
  abstract get headers(): Headers;
  abstract get hasBody(): boolean;
  abstract get body(): AsyncIterable<Uint8Array> | undefined;
  abstract read(limit: number): Uint8Array | Promise<Uint8Array>;
  /** Whether more of the request comes. */
  abstract get isArriving(): boolean;
  /** Takes what still comes of the body, up to a limit, and throws it away. */
  abstract drain(): Promise<void>;
  /** What node:http writes answers with. */
  abstract get outgoing(): ServerResponse;
  /** Writes an answer in one piece, where that is possible. */
  abstract write(response: Response): boolean;
  /** Whether something of the answer has been written. */
  abstract get hasBegun(): boolean;

  /** Whether the system has taken what was written in one piece: that is as good as sent. */
  get hasLeft(): boolean {
    return this.socket.writableLength === 0;
  }

  /** What came before it on its connection has been answered. */
  come(): void {}

  /** Its answer has left. */
  over(): void {}

  get address(): string | undefined {
    return this.socket.remoteAddress;
  }

  signal(): AbortSignal {
    const gone = new AbortController();
    this.onGone(() => gone.abort(new Error("The client has gone")));
    return gone.signal;
  }

  /** Whether the client has gone, or has at least said that it will send nothing more. */
  get gone(): boolean {
    return this.#gone;
  }

  leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    for (const act of this.#whenGone ?? []) act();
  }

  /** The connection has ended: a queued answer never hears of it from its ServerResponse. */
  lose(): void {
    this.leave();
    for (const act of this.#whenLost ?? []) act();
  }

  /** Acts once the client has gone, at the latest now. Returns the undo. */
  onGone(act: () => void): () => void {
    if (this.#gone) act();
    const acts = (this.#whenGone ??= new Set());
    acts.add(act);
    return () => acts.delete(act);
  }

  /** Waits for the answer to say something, or for the connection to end. */
  async wait(event: "drain" | "finish"): Promise<void> {
    const { outgoing } = this;
    if (event === "drain" ? !outgoing.writableNeedDrain : outgoing.writableFinished) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    outgoing.once(event, resolve);
    this.onLost(resolve);
    await promise;
    outgoing.off(event, resolve);
    this.#whenLost!.delete(resolve);
  }

  protected onLost(act: () => void): void {
    if (this.socket.closed) act();
    (this.#whenLost ??= new Set()).add(act);
  }

  /** Ends the connection so that nobody takes what was sent for the whole. */
  abstract cut(): void;
}
