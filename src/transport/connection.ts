import { AsyncResource } from "node:async_hooks";
import type { Socket } from "node:net";
import { setReading } from "./handle.ts";
import { Outlet } from "./outlet.ts";
import { watchPresence } from "./presence.ts";
import type { Queue, Turn } from "./turn.ts";

/** Requests of one connection that are answered at a time. */
const most = 16;
/** Requests that may stand in the queue before no more are read; sooner, its going would not be heard of. */
const crowd = 128 + most;
/** Bytes of bodies that may be there before no more are read: more than the largest that is kept whole. */
const mostBytes = 256 * 1024;

/** A connection, and the queue of what has not been answered on it, oldest first. */
export class Connection implements Queue {
  readonly socket: Socket;
  readonly turns: Turn[] = [];
  readonly outlet: Outlet;
  /** What comes cannot be read any more. */
  isBroken = false;
  /** How many of its requests wait for the end of the turn of the event loop to begin. */
  beginning = 0;
  /** What others leave for later runs in it: not in the context of the request that made it wait. */
  readonly origin = new AsyncResource("NexusConnection");
  readonly #limit: number;
  #count = 0;
  /** Those of the queue that have not begun, because so many others have. */
  #waiting: Turn[] = [];
  /** The first one is giving its place to another one. */
  #giving: Turn | undefined;
  #isAdvancing = false;
  #hasParted = false;
  #bytes = 0;
  #isSlowed = false;

  /** @param limit requests that it may bring; 0: any number */
  constructor(socket: Socket, limit = 0) {
    this.socket = socket;
    this.outlet = new Outlet(socket);
    this.#limit = limit;
    // Node takes its own away when a connection leaves HTTP.
    socket.on("error", () => {});
    socket.once("end", () => this.#part());
    socket.once("close", () => {
      this.#waiting = [];
      for (const turn of this.turns) turn.lose();
    });
  }

  /**
   * The client has closed its side. All that it has asked for is answered: only a write that fails, or a
   * reset, says that it has gone.
   */
  #part(): void {
    const { socket, turns } = this;
    this.#hasParted = true;
    for (const turn of turns) turn.part();
    if (!turns.length) return void socket.end();
    watchPresence(socket, () => turns[0]?.probe());
  }

  /** Whether another request may come: behind the last answer none is heard. */
  get isOpen(): boolean {
    return this.socket.writable && (this.#giving !== undefined || !this.latest?.isLast);
  }

  get latest(): Turn | undefined {
    const { length } = this.turns;
    return length ? this.turns[length - 1] : undefined;
  }

  /** Whether a turn has its place, and somebody to answer. */
  isAnswering(turn: Turn): boolean {
    return !turn.isLost && this.turns.includes(turn);
  }

  /** @returns whether it may begin: thousands of requests may come in one piece, and then it waits */
  add(turn: Turn): boolean {
    if (this.#giving) return this.#take(turn);
    if (++this.#count === this.#limit) turn.isLast = true;
    if (this.turns.push(turn) <= most) return true;
    this.#waiting.push(turn);
    this.#slow();
    return false;
  }

  /** Adds what needs no beginning: it only waits until it comes. */
  queue(turn: Turn): void {
    if (this.#giving) this.#take(turn);
    else if (this.turns.push(turn) > 1) this.#slow();
    else this.#advance();
  }

  /** Adds a request that gives its place to another turn once it comes. */
  hold(turn: Turn): void {
    if (++this.#count === this.#limit) turn.isLast = true;
    this.queue(turn);
  }

  /** The first one gives its place to what is added meanwhile, or to nobody. */
  give(turn: Turn, act: () => void): void {
    this.#giving = turn;
    this.origin.runInAsyncScope(act);
    if (this.#giving !== turn) return;
    this.#giving = undefined;
    this.end(turn);
  }

  #take(turn: Turn): boolean {
    const giving = this.#giving!;
    this.#giving = undefined;
    turn.isLast ||= giving.isLast;
    this.turns[0] = turn;
    if (this.#hasParted) turn.part();
    return true;
  }

  /** Puts another turn in the place of one that is not wanted any more. */
  replace(turn: Turn, by: Turn): void {
    const at = this.turns.indexOf(turn);
    if (at < 0) return;
    turn.withdraw();
    this.socket.once("close", () => turn.lose());
    this.turns[at] = by;
    const waits = this.#waiting.indexOf(turn);
    if (waits >= 0) this.#waiting.splice(waits, 1);
    if (at === 0) this.#advance();
  }

  /** The answer has left. @returns who may begin now */
  end(turn: Turn): Turn | undefined {
    const { turns } = this;
    // Nothing follows upon what is not whole.
    if (turn.isCut) return undefined;
    const at = turns.indexOf(turn);
    if (at < 0) return undefined;
    // Nearly always it is the only one.
    if (turns.length === 1) turns.pop();
    else turns.splice(at, 1);
    turn.over();
    // Those of a dead connection end in any order.
    if (!turns.length) {
      if (this.#hasParted) this.socket.end();
    } else if (at === 0) this.#advance();
    if (this.#isSlowed) this.#slow();
    // Who has gone is not answered: what waits is let go of when the connection closes.
    return this.#waiting.length && this.socket.writable ? this.#waiting.shift() : undefined;
  }

  /** One after the other: what comes may be over at once, or take its time. */
  #advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    try {
      let first: Turn | undefined;
      while (this.turns.length && this.turns[0] !== first) {
        first = this.turns[0]!;
        first.come();
      }
    } finally {
      this.#isAdvancing = false;
    }
  }

  /** Counts bytes of a body that are there, or, below 0, are not any more. */
  weigh(bytes: number): void {
    this.#bytes += bytes;
    if (this.#isSlowed || this.#bytes >= mostBytes) this.#slow();
  }

  /** Stops reading where too much waits, and goes on. */
  #slow(): void {
    const isSlowed = this.#bytes >= mostBytes || this.turns.length >= crowd;
    // Again, where it is slowed already: node:http may have gone on reading meanwhile.
    if (isSlowed || this.#isSlowed) setReading(this.socket, !isSlowed);
    this.#isSlowed = isSlowed;
  }

  /** Ends it where nothing more is to be answered; what has been written still leaves. */
  endIfUnused(): void {
    if (!this.turns.length) this.socket.destroySoon();
  }
}
