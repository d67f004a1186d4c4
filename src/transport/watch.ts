import type { Connection } from "./connection.ts";
import { flowOf } from "./handle.ts";

/** What was seen of a connection when it was last looked at, and since when it has not changed. */
export class Watch {
  readonly #connection: Connection;
  /** Bytes that the client had taken. */
  #taken = -1;
  #takenSince = 0;
  /** Bytes that it had sent. */
  #read = 0;
  #idleSince = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Cuts it off when the client has taken nothing for so long, though something is there for it. */
  cutIfStalled(milliseconds: number): void {
    const { socket } = this.#connection;
    const { waiting, taken } = flowOf(socket);
    const now = performance.now();
    if (!waiting || taken !== this.#taken) {
      this.#taken = taken;
      this.#takenSince = now;
    } else if (now - this.#takenSince >= milliseconds) {
      // By a reset: nobody takes what has arrived for the whole, and the system lets go of the rest.
      socket.resetAndDestroy();
    }
  }

  /**
   * Ends it when the client has asked nothing for so long. One that has never asked, or stops within a
   * head, is late with that: another time, and node:http counts it.
   */
  endIfIdle(milliseconds: number, isArriving: boolean): void {
    const { socket, turns } = this.#connection;
    const { bytesRead } = socket;
    const now = performance.now();
    const isBusy = turns.length > 0 || isArriving || socket.writableLength > 0;
    if (isBusy || bytesRead === 0 || bytesRead !== this.#read) {
      this.#read = bytesRead;
      this.#idleSince = now;
    } else if (now - this.#idleSince >= milliseconds) {
      socket.destroy();
    }
  }
}
