import type { Socket } from "node:net";
import { type Departing, departures } from "./departures.ts";
import type { Piece } from "./head.ts";

/** Characters of answers that leave together with those of others: the system takes so much at once. */
const most = 16 * 1024;

/** Where the answers of a connection leave: short ones together with those of others. */
export class Outlet implements Departing {
  readonly #socket: Socket;
  /** What was written waits for the end of the turn of the event loop. */
  #isHeld = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * Writes what is short, so that it leaves at the end of this turn of the event loop: it is as good as sent.
   * @param whenWritten hears of it when the stream does
   * @returns false where that cannot be: then what is held leaves, and nothing is written
   */
  hold({ text, encoding }: Piece, whenWritten?: (error?: Error | null) => void): boolean {
    const socket = this.#socket;
    const { writableLength } = socket;
    const isFree = this.#isHeld || writableLength === 0;
    if (!isFree || writableLength + text.length > most) {
      this.leave();
      return false;
    }
    if (!this.#isHeld) {
      this.#isHeld = true;
      // Nothing that is written meanwhile can overtake it.
      socket.cork();
      departures.add(this);
    }
    this.#attempt(() => socket.write(text, encoding, whenWritten));
    return true;
  }

  /** Lets go of what is held. */
  leave(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#attempt(() => this.#socket.uncork());
  }

  /** Where somebody has put something of his own before the system, that costs no other connection anything. */
  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
  }

  /** Whether the system has taken what was written, or will with this turn of the event loop: that is as good as sent. */
  get hasLeft(): boolean {
    return this.#isHeld || this.#socket.writableLength === 0;
  }
}
