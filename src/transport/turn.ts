import type { AsyncResource } from "node:async_hooks";
import type { Socket } from "node:net";
import type { Outlet } from "./outlet.ts";

/** A status, and what is said besides. */
export type Fault = readonly [status: number, detail?: string];

/** Where turns stand, oldest first: only the first one may write. */
export interface Queue {
  readonly socket: Socket;
  readonly turns: readonly Turn[];
  /** Runs functions in the context of the connection. */
  readonly origin: AsyncResource;
  readonly outlet: Outlet;
  /** Counts bytes of a body that are there, or, below 0, are not any more. */
  weigh(bytes: number): void;
}

/** One place in the queue of a connection: a request and its answer, or what ends the connection. */
export abstract class Turn {
  readonly socket: Socket;
  protected readonly queue: Queue;
  /** The connection ends with it. */
  isLast = false;
  /** It will never be whole: the connection ends where its answer would go on. */
  isCut = false;
  #hasParted = false;
  #isLost = false;
  #whenParted: Set<() => void> | undefined;
  #whenLost: Set<() => void> | undefined;

  constructor(queue: Queue) {
    this.queue = queue;
    this.socket = queue.socket;
  }

  /** Whether more of the request comes. */
  get isArriving(): boolean {
    return false;
  }

  /** Whether something of the answer has been written. */
  get hasBegun(): boolean {
    return false;
  }

  /** Whether all before it has been answered. */
  get isNext(): boolean {
    return this.queue.turns[0] === this;
  }

  /** Whether nothing stands behind it. */
  get isLatest(): boolean {
    return this.queue.turns.at(-1) === this;
  }

  /** All before it has been answered. */
  come(): void {
    if (this.isCut) this.destroy();
  }

  /** Its answer has left. */
  over(): void {}

  /** It has lost its place: nothing that is still said for it is sent. */
  withdraw(): void {}

  /** Ends the connection in its place, so that nobody takes what was sent for the whole. */
  cut(): void {
    this.isCut = true;
    this.part();
    if (this.isNext) this.destroy();
  }

  /** Ends the connection; what stands before it is whole, and leaves. */
  protected destroy(): void {
    const { socket } = this;
    this.queue.outlet.leave();
    // A client may take its time to read.
    if (socket.writable && socket.writableLength) socket.write("", () => this.disconnect());
    else this.disconnect();
  }

  protected disconnect(): void {
    this.socket.destroy();
  }

  /** Writes something that says nothing, where that can be done: only a write tells whether the client is there. */
  probe(): void {}

  /** The client has closed its side. Perhaps it has gone, perhaps it waits for its answers: TCP does not say. */
  part(): void {
    if (this.#hasParted) return;
    this.#hasParted = true;
    for (const act of this.#whenParted ?? []) act();
  }

  /** Whether the client has closed its side, or the connection is dead. */
  get hasParted(): boolean {
    return this.#hasParted;
  }

  /** The connection is dead. */
  lose(): void {
    this.#isLost = true;
    this.part();
    for (const act of this.#whenLost ?? []) act();
  }

  /** Whether nobody is left to answer. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Acts once the client has closed its side, at the latest now. */
  onParted(act: () => void): void {
    if (this.#hasParted) act();
    else (this.#whenParted ??= new Set()).add(act);
  }

  /** Acts once the connection is dead, at the latest now. Returns the undo. */
  onLost(act: () => void): () => void {
    if (this.socket.closed) act();
    const acts = (this.#whenLost ??= new Set());
    acts.add(act);
    return () => acts.delete(act);
  }
}
