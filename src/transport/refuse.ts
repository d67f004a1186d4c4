import type { ServerResponse } from "node:http";
import { phrase } from "../exceptions.ts";
import type { Connection } from "./connection.ts";

/** Milliseconds for a refused client to read why. */
const patience = 2000;

/** Answers what the parser could not read, or did not get in time, and hangs up. */
export async function refuse(
  error: NodeJS.ErrnoException,
  connection: Connection | undefined,
): Promise<void> {
  if (!connection || connection.refused) return;
  const { socket, turns, latest } = connection;
  connection.refused = true;
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  if (latest && !latest.isArriving) {
    // It came behind requests that are well: their answers go first.
    await Promise.all([...turns].map((turn) => turn.wait("finish")));
  } else if (latest && (turns.length > 1 || latest.outgoing.headersSent)) {
    // An answer that stands before this one, or has begun, cannot be taken back.
    socket.destroy();
    return;
  }
  const { status, fields, body } = problem(statusOf(error));
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} ${phrase(status)}\r\n${lines}\r\n${body}`);
  setTimeout(() => socket.destroy(), patience).unref();
}

/** The same for a request that the parser took, on a response that nobody else writes. */
export function refuseWith(outgoing: ServerResponse, status: number, detail?: string): void {
  const { fields, body } = problem(status, detail);
  outgoing.writeHead(status, fields.flat()).end(body);
}

function problem(status: number, detail = phrase(status)) {
  const body = JSON.stringify({ type: "about:blank", title: phrase(status), status, detail });
  const fields = [
    ["Content-Type", "application/problem+json"],
    ["Content-Length", String(Buffer.byteLength(body))],
    ["Connection", "close"],
  ] as const;
  return { status, fields, body };
}

function statusOf({ code }: NodeJS.ErrnoException): number {
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
}
