import { AsyncLocalStorage } from "node:async_hooks";
import type { Socket } from "node:net";
import type { Turn } from "./turn.ts";

/** Requests of one connection that are answered at a time. */
const most = 16;
/** Requests that wait for that before no more are read; sooner, its going would not be heard of. */
const crowd = 128;

/** A connection, and the requests on it that have not been answered, oldest first. */
export class Connection {
  readonly socket: Socket;
  readonly turns: Turn[] = [];
  /** A request was refused: none behind it is answered. */
  refused = false;
  /** What comes cannot be read any more. */
  isBroken = false;
  /** Runs what others leave for later: not in the context of the request that made it wait. */
  readonly run = AsyncLocalStorage.snapshot();
  readonly #limit: number;
  #count = 0;
  #waiting: Turn[] = [];
  #later: (() => void)[] = [];
  #isActing = false;
  #isSlowed = false;
  /** Bytes that the client had taken when it was last looked at, and since when it has no more. */
  #taken = -1;
  #since = 0;
  /** The same for bytes that it had sent. */
  #read = 0;
  #idleSince = 0;

  /** @param limit requests that it may bring; 0: any number */
  constructor(socket: Socket, limit = 0) {
    this.socket = socket;
    this.#limit = limit;
    // Node takes its own away when a connection leaves HTTP.
    socket.on("error", () => {});
    socket.once("end", () => this.#hearEnd());
    socket.once("close", () => {
      this.#waiting = [];
      this.#later = [];
      for (const turn of this.turns) turn.lose();
    });
  }

  /** The client has gone, or has only closed its side: who answers anyway still may. */
  #hearEnd(): void {
    this.turns.length -= this.#waiting.length;
    this.#waiting = [];
    for (const turn of this.turns) turn.leave();
    this.whenAnswered(() => this.socket.end());
  }

  /** Whether another request may come: behind the last answer none is heard. */
  get isOpen(): boolean {
    return !this.refused && this.socket.writable && !this.latest?.isLast;
  }

  /** @returns whether it may begin: thousands of requests may come in one piece, and then it waits */
  begin(turn: Turn): boolean {
    if (++this.#count === this.#limit) turn.isLast = true;
    if (this.turns.push(turn) <= most) return true;
    this.#waiting.push(turn);
    this.#slow();
    return false;
  }

  /** The answer has left. @returns who may begin now */
  end(turn: Turn): Turn | undefined {
    const { turns } = this;
    // Nearly always it is the only one.
    if (turns.length === 1 && turns[0] === turn) turns.pop();
    else {
      const at = turns.indexOf(turn);
      if (at < 0) return undefined;
      turns.splice(at, 1);
    }
    turn.over();
    if (turns.length) turns[0]!.come();
    else if (this.#later.length) this.#act();
    const next = this.#waiting.length ? this.#waiting.shift() : undefined;
    if (this.#isSlowed) this.#slow();
    return next;
  }

  get latest(): Turn | undefined {
    const { length } = this.turns;
    return length ? this.turns[length - 1] : undefined;
  }

  /** Whether something waits until all before it has been answered. */
  get isHeld(): boolean {
    return this.#later.length > 0;
  }

  /** Acts once all that came before has been answered, at the latest now. */
  whenAnswered(act: () => void): void {
    this.#later.push(act);
    if (this.turns.length) this.#slow();
    else this.#act();
  }

  /** One after the other: what acts may be a request that takes its time. */
  #act(): void {
    if (this.#isActing) return;
    this.#isActing = true;
    try {
      while (this.#later.length && !this.turns.length) this.run(this.#later.shift()!);
    } finally {
      this.#isActing = false;
    }
  }

  /** Stops reading where too much waits, and goes on. */
  #slow(): void {
    this.#isSlowed = this.#later.length > 0 || this.#waiting.length >= crowd;
    setReading(this.socket, !this.#isSlowed);
  }

  /** Ends it where nothing more is to be answered; what has been written still leaves. */
  endIfUnused(): void {
    if (!this.turns.length && !this.#later.length) this.socket.destroySoon();
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

  /** Ends it when the client has asked nothing for so long. One that has never asked is late with its head. */
  endIfIdle(milliseconds: number): void {
    const { bytesRead } = this.socket;
    const now = performance.now();
    if (this.turns.length || bytesRead === 0 || bytesRead !== this.#read) {
      this.#read = bytesRead;
      this.#idleSince = now;
    } else if (now - this.#idleSince >= milliseconds) {
      this.socket.destroy();
    }
  }
}

/** Past the stream, which node:http resumes behind each request. */
function setReading(socket: Socket, isReading: boolean): void {
  const handle = handleOf(socket);
  // What node:http has paused it resumes itself.
  if (!handle || (isReading && socket.isPaused())) return;
  handle.reading = isReading;
  if (isReading) handle.readStart();
  else handle.readStop();
}

/**
 * Bytes that the system has yet to take, and those that it has. What it has taken is as good as sent.
 * Node's own time-out of sockets looks at these too, but is put off by whatever the client sends; what
 * else Node tells counts a chunk of any size as sent at once, or not before its last byte.
 */
function flowOf(socket: Socket): { readonly waiting: number; readonly taken: number } {
  const handle = handleOf(socket);
  const waiting = handle?.writeQueueSize ?? 0;
  return { waiting, taken: (handle?.bytesWritten ?? 0) - waiting };
}

/** Part of Node, though of no documentation. */
function handleOf(socket: Socket) {
  return (socket as Socket & { readonly _handle?: Handle | null })._handle;
}

interface Handle {
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
  reading: boolean;
  readStart(): void;
  readStop(): void;
}
