import type { Socket } from "node:net";
import { isDead } from "./handle.ts";

/** Milliseconds between two looks whether a client that has closed its side is still there. */
const interval = 500;
/** Milliseconds of silence behind which the system itself asks it, again and again. */
const silence = 10_000;

/**
 * Ends the connection of a client that has closed its side once it has gone altogether. It says nothing
 * then: its system does, once it is asked.
 * @param ask writes something that says nothing, where that can be done
 */
export function watchPresence(socket: Socket, ask: () => void): void {
  socket.setKeepAlive(true, silence);
  let isAsked = false;
  const clock = setInterval(() => {
    if (isDead(socket)) socket.destroy();
    else if (!isAsked) ask();
    isAsked = true;
  }, interval).unref();
  socket.once("close", () => clearInterval(clock));
}
