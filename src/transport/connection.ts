import type { Socket } from "node:net";
import type { Turn } from "./turn.ts";

/** Requests of one connection that are answered at a time. */
const most = 16;

/** A connection, and the requests on it that are being answered, oldest first. */
export class Connection {
  readonly socket: Socket;
  readonly turns: Turn[] = [];
  /** What came could not be read: no request follows. */
  refused = false;
  #waiting: Turn[] | undefined;
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

  /** @returns whether it may begin: thousands of requests may come in one piece, and then it waits */
  begin(turn: Turn): boolean {
    if (this.turns.push(turn) <= most) return true;
    (this.#waiting ??= []).push(turn);
    return false;
  }

  /** The answer has left. @returns who may begin now */
  end(turn: Turn): Turn | undefined {
    const at = this.turns.indexOf(turn);
    if (at < 0) return undefined;
    // Nearly always it is the only one.
    if (at === this.turns.length - 1) this.turns.pop();
    else this.turns.splice(at, 1);
    return this.#waiting?.shift();
  }

  get latest(): Turn | undefined {
    return this.turns.at(-1);
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
