import type { Socket } from "node:net";

/** The handle of a socket, which is part of Node, though of no documentation. */
interface Handle {
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
  reading: boolean;
  readStart(): void;
  readStop(): void;
  /** Not of a Unix socket. @returns 0, or the number of an error */
  getpeername?(name: object): number;
}

function handleOf(socket: Socket): Handle | null | undefined {
  return (socket as Socket & { readonly _handle?: Handle | null })._handle;
}

/** Past the stream, which node:http resumes behind each request. */
export function setReading(socket: Socket, isReading: boolean): void {
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
export function flowOf(socket: Socket): { readonly waiting: number; readonly taken: number } {
  const handle = handleOf(socket);
  const waiting = handle?.writeQueueSize ?? 0;
  return { waiting, taken: (handle?.bytesWritten ?? 0) - waiting };
}

/**
 * Whether the system has given a connection up, by a reset or because nobody answered. Behind the end of
 * what the client sends nothing but a write that fails would tell.
 */
export function isDead(socket: Socket): boolean {
  const handle = handleOf(socket);
  return handle?.getpeername !== undefined && handle.getpeername({}) !== 0;
}
