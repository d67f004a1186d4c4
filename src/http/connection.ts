import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests of one connection that are answered at a time. */
const most = 16;

/** A connection, and the requests on it that are being answered, oldest first. */
export class Connection {
  readonly socket: Socket;
  readonly turns = new Set<Turn>();
  /** What came could not be read: no request follows. */
  refused = false;
  #waiting: (() => void)[] | undefined;
  /** Bytes that the client had taken when it was last looked at, and since when it has no more. */
  #taken = -1;
  #since = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.once("close", () => {
      this.#waiting = undefined;
      for (const turn of this.turns) turn.leave();
    });
  }

  /** Begins an answer, or has it wait: thousands of requests may come in one piece. */
  begin(turn: Turn, answer: () => void): void {
    this.turns.add(turn);
    if (this.turns.size > most) (this.#waiting ??= []).push(answer);
    else answer();
  }

  /** The answer has left. */
  end(turn: Turn): void {
    if (this.turns.delete(turn)) this.#waiting?.shift()?.();
  }

  get latest(): Turn | undefined {
    return [...this.turns].at(-1);
  }

  /** Cuts it off when the client has taken nothing for so long, though something is there for it. */
  cutIfStalled(milliseconds: number): void {
    const { waiting, taken } = flowOf(this.socket);
    const now = performance.now();
    if (!waiting || taken !== this.#taken) {
      this.#taken = taken;
      this.#since = now;
    } else if (now - this.#since >= milliseconds) {
      // By a reset: nobody takes what has arrived for the whole, and the system lets go of the rest.
      this.socket.resetAndDestroy();
    }
  }
}

/**
 * Bytes that the system has yet to take, and those that it has. What it has taken is as good as sent.
 * Node's own time-out of sockets looks at these too, but is put off by whatever the client sends; what
 * else Node tells counts a chunk of any size as sent at once, or not before its last byte.
 */
function flowOf(socket: Socket): { readonly waiting: number; readonly taken: number } {
  // Part of Node, though of no documentation.
  const { _handle: handle } = socket as Socket & {
    readonly _handle?: { readonly bytesWritten: number; readonly writeQueueSize: number } | null;
  };
  const waiting = handle?.writeQueueSize ?? 0;
  return { waiting, taken: (handle?.bytesWritten ?? 0) - waiting };
}

/** One request and its answer. */
export class Turn {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly hasBody: boolean;
  /** The client waits for leave to send the body. */
  awaitsContinue = false;
  #gone = false;
  #whenGone: Set<() => void> | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    const { "content-length": length, "transfer-encoding": coding } = incoming.headers;
    this.hasBody = coding !== undefined || (length !== undefined && Number(length) !== 0);
  }

  /** Whether more of the request comes: node:http itself says so of one without a body, for a moment. */
  get isArriving(): boolean {
    return this.hasBody && !this.incoming.complete;
  }

  /** Whether the client has gone: a queued answer never hears of it from its ServerResponse. */
  get gone(): boolean {
    return this.#gone;
  }

  leave(): void {
    this.#gone = true;
    for (const act of this.#whenGone ?? []) act();
  }

  /** Acts once the client has gone, at the latest now. Returns the undo. */
  onGone(act: () => void): () => void {
    if (this.#gone) act();
    const acts = (this.#whenGone ??= new Set());
    acts.add(act);
    return () => acts.delete(act);
  }

  /** Waits for the answer to say something, or for the client to go. */
  async wait(event: "drain" | "finish"): Promise<void> {
    const { outgoing } = this;
    if (event === "drain" ? !outgoing.writableNeedDrain : outgoing.writableFinished) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const undo = this.onGone(resolve);
    outgoing.once(event, resolve);
    await promise;
    outgoing.off(event, resolve);
    undo();
  }

  /** Ends the connection so that nobody takes what was sent for the whole. */
  cut(): void {
    // Without chunks the end of the connection is the end of the body: it must be no clean one.
    if (this.incoming.httpVersion === "1.0") this.incoming.socket.resetAndDestroy();
    else this.outgoing.destroy();
  }
}
