import { phrase } from "../exceptions.ts";
import type { Connection } from "./connection.ts";
import { type Fault, Turn } from "./turn.ts";

/** Milliseconds for a refused client to read why. */
const patience = 2000;

/** Refuses what the parser could not read, or did not get in time, behind the answers to what is well. */
export function refuse(error: NodeJS.ErrnoException, connection: Connection | undefined): void {
  if (!connection || connection.isBroken) return;
  const { socket, latest } = connection;
  connection.isBroken = true;
  // Where node:http has lost a piece of a body, nobody may take the rest for the whole.
  const isTorn = error.code === paused && latest?.isArriving;
  connection.outlet.leave();
  if (!socket.writable || error.code === "ECONNRESET" || isTorn) {
    socket.destroy();
    return;
  }
  const fault = faultOf(error);
  if (!latest?.isArriving) {
    if (connection.isOpen) connection.queue(new Refusal(connection, fault));
  } else if (latest.isNext && latest.hasBegun) {
    // It cannot be taken back.
    latest.isLast = true;
    latest.cut();
  } else {
    // The body of the latest one breaks off.
    connection.replace(latest, new Refusal(connection, fault));
  }
}

/** Refuses a request that the parser took, and all behind it. */
export function refuseRequest(connection: Connection | undefined, fault: Fault): void {
  if (connection?.isOpen) connection.queue(new Refusal(connection, fault));
}

/** The answer to what nobody else answers, in its turn; the connection ends with it. */
class Refusal extends Turn {
  readonly #fault: Fault | undefined;

  /** @param fault none where it is not the client's */
  constructor(connection: Connection, fault: Fault | undefined) {
    super(connection);
    this.isLast = true;
    this.#fault = fault;
  }

  override come(): void {
    const { socket } = this;
    if (!socket.writable) return;
    // What stands before it may still be on its way.
    socket.end(this.#fault ? textOf(...this.#fault) : "", () => {
      setTimeout(() => socket.destroy(), patience).unref();
    });
  }
}

function textOf(status: number, detail = phrase(status)): string {
  const body = JSON.stringify({ type: "about:blank", title: phrase(status), status, detail });
  const lines = [
    `HTTP/1.1 ${status} ${phrase(status)}`,
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/**
 * Over TLS node:http may tell its parser to wait, and then give it more, which is lost: not by the client's
 * fault. What came before is answered, and the connection ends without a word.
 */
const paused = "HPE_PAUSED";

function faultOf({ code }: NodeJS.ErrnoException): Fault | undefined {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return [431];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return [408];
    case paused:
      return undefined;
    default:
      return [400];
  }
}
