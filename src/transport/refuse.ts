import type { ServerResponse } from "node:http";
import { phrase } from "../exceptions.ts";
import type { Connection } from "./connection.ts";

/** Milliseconds for a refused client to read why. */
const patience = 2000;

/** Answers what the parser could not read, or did not get in time, and hangs up. */
export function refuse(error: NodeJS.ErrnoException, connection: Connection | undefined): void {
  if (!connection || connection.isBroken) return;
  const { socket, turns, latest } = connection;
  connection.isBroken = true;
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const answer = (): void => hangUp(connection, statusOf(error));
  // It came behind requests that are well: their answers go first.
  if (!latest?.isArriving) connection.whenAnswered(answer);
  // An answer that stands before this one, or has begun, cannot be taken back.
  else if (turns.length > 1 || latest.hasBegun) socket.destroy();
  else answer();
}

/** It is no proxy. */
export function refuseConnect(connection: Connection | undefined): void {
  connection?.whenAnswered(() => hangUp(connection, 405));
}

/** Answers what nobody else does, and ends the connection. */
function hangUp(connection: Connection, status: number): void {
  const { socket, refused } = connection;
  if (refused || !socket.writable) return;
  connection.refused = true;
  const { fields, body } = problem(status);
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} ${phrase(status)}\r\n${lines}\r\n${body}`);
  setTimeout(() => socket.destroy(), patience).unref();
}

/** The same for a request that the parser took, on a response that nobody else writes. */
export function refuseWith(
  outgoing: ServerResponse,
  connection: Connection,
  status: number,
  detail?: string,
): void {
  connection.refused = true;
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
